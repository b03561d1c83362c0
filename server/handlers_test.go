package server_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/posthouse/posthouse/server"
)

// book notes the events that a handler saw.
type book struct {
	mu    sync.Mutex
	ids   []string
	wrote chan struct{}
}

func newBook() *book { return &book{wrote: make(chan struct{}, 1000)} }

// handle is a handler that succeeds.
func (b *book) handle(_ context.Context, e server.CallbackEvent) error {
	b.note(e)
	return nil
}

func (b *book) note(e server.CallbackEvent) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, rest, _ := strings.Cut(string(e.Payload), `"eventId":"`)
	id, _, _ := strings.Cut(rest, `"`)
	b.ids = append(b.ids, id)
	b.wrote <- struct{}{}
}

// await waits until the handler has been called so often in all and gives what it saw.
func (b *book) await(t *testing.T, calls int) []string {
	t.Helper()
	for {
		b.mu.Lock()
		seen := slices.Clone(b.ids)
		b.mu.Unlock()
		if len(seen) >= calls {
			return seen
		}
		wait(t, "an event to be handled", b.wrote)
	}
}

func wantSeen(t *testing.T, b *book, want ...string) {
	t.Helper()
	if got := b.await(t, len(want)); !slices.Equal(got, want) {
		t.Errorf("the handler saw %v, want %v", got, want)
	}
}

func TestAHandlersPositionOutlivesARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := w.config(t.TempDir())
	joined, all := newBook(), newBook()
	start := func() (*server.Server, func()) {
		srv := open(t, cfg)
		srv.OnCallbackEvent("user_add_org", joined.handle)
		srv.OnCallbackEvent(server.AnyEvent, all.handle)
		w.show(srv)
		return srv, func() { closeServer(t, srv) }
	}
	srv, stop := start()
	w.push(t, "user_add_org", "one") // before Run
	run(t, srv)
	w.push(t, "user_leave_org", "two")
	wantSeen(t, all, "one", "two")
	wantSeen(t, joined, "one")
	stop()

	// A server that runs without the handlers takes an event meanwhile.
	other := open(t, cfg)
	w.show(other)
	stopOther := run(t, other)
	w.push(t, "user_add_org", "three")
	stopOther()
	closeServer(t, other)

	srv, stop = start()
	run(t, srv)
	w.push(t, "user_add_org", "four")
	wantSeen(t, joined, "one", "three", "four")
	wantSeen(t, all, "one", "two", "three", "four")
	stop()
}

func TestAnEventComesAgainUntilItsHandlerSucceeds(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]func() error{
		"an error": func() error { return errors.New("not now") },
		"a panic":  func() error { panic("not now") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			srv := open(t, w.config(t.TempDir()))
			seen := newBook()
			failed := false // handlers of one type are called one after the other
			srv.OnCallbackEvent("user_add_org", func(_ context.Context, e server.CallbackEvent) error {
				seen.note(e)
				if !failed {
					failed = true
					return failure()
				}
				return nil
			})
			run(t, srv)
			w.show(srv)
			w.push(t, "user_add_org", "one")
			w.push(t, "user_add_org", "two")
			wantSeen(t, seen, "one", "one", "two")
		})
	}
}

func TestAnEventWhoseHandlerNeverSucceededComesAgainAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := w.config(t.TempDir())
	seen := newBook()
	srv := open(t, cfg)
	srv.OnCallbackEvent("user_add_org", func(_ context.Context, e server.CallbackEvent) error {
		seen.note(e)
		return errors.New("never")
	})
	stop := run(t, srv)
	w.show(srv)
	w.push(t, "user_add_org", "one")
	w.push(t, "user_add_org", "two")
	wantSeen(t, seen, "one")
	stop()
	closeServer(t, srv)

	srv = open(t, cfg)
	again := newBook()
	srv.OnCallbackEvent("user_add_org", again.handle)
	run(t, srv)
	wantSeen(t, again, "one", "two")
}

func TestAHandlerIsToldToStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	srv := open(t, w.config(t.TempDir()))
	began := make(chan struct{}, 1)
	srv.OnCallbackEvent("user_add_org", func(ctx context.Context, _ server.CallbackEvent) error {
		began <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	stop := run(t, srv)
	w.show(srv)
	w.push(t, "user_add_org", "one")
	wait(t, "the handler to begin", began)
	stop()
}

func TestAnEventTellsWhatWasPushed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	srv := open(t, w.config(t.TempDir()))
	came := make(chan server.CallbackEvent, 1)
	srv.OnCallbackEvent("user_add_org", func(_ context.Context, e server.CallbackEvent) error { came <- e; return nil })
	run(t, srv)
	w.show(srv)
	w.push(t, "user_add_org", "one")
	e := wait(t, "the event", came)
	if e.ID == "" || e.App != "main" || e.Type != "user_add_org" || e.CorpID != w.box.Credentials().DingTalk.CorpID ||
		e.ReceivedAt.IsZero() || e.OccurredAt.IsZero() || !strings.Contains(string(e.Payload), `"one"`) {
		t.Errorf("got %+v", e)
	}
}
