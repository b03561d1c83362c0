package event_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/inmem"
	"github.com/posthouse/posthouse/internal/lifecycle"
	"github.com/posthouse/posthouse/internal/page"
)

var (
	start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	admin = authz.Actor{Account: "acct_1", Roles: []authz.Role{authz.Admin}}
)

type fixture struct {
	store *memoryStore
	clock *clock.Fake
	*event.Service
	group *lifecycle.Group
}

func newFixture(t *testing.T, store *memoryStore, retention time.Duration) *fixture {
	t.Helper()
	f := &fixture{store: store, clock: clock.NewFake(start), group: lifecycle.NewGroup(context.Background(), slog.New(slog.DiscardHandler))}
	f.Service = event.New(event.Config{
		Store: store, Clock: f.clock, Bus: inmem.NewBus(), Group: f.group, Logger: slog.New(slog.DiscardHandler), Retention: retention,
	})
	t.Cleanup(f.stop)
	return f
}

// run starts the service as a server does.
func (f *fixture) run(t *testing.T) {
	t.Helper()
	if err := f.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.group.Go("events", f.Run)
}

func (f *fixture) stop() { _ = f.group.Stop(context.Background()) }

func (f *fixture) push(t *testing.T, n int, eventType string) {
	t.Helper()
	err := f.Append(t.Context(), event.Pushed{
		App: "office", DedupeKey: fmt.Sprint(n), Type: eventType, CorpID: "ding1", OccurredAt: start, Payload: []byte(`{}`),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestARepeatedPushIsAcknowledgedAndStoredOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemoryStore(), 0)
	for range 3 {
		f.push(t, 1, "user_add_org")
	}
	if n := f.store.size(); n != 1 {
		t.Fatalf("%d stored", n)
	}
}

func TestAPushThatCannotBeStoredIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemoryStore(), 0)
	f.store.fail(true)
	if err := f.Append(t.Context(), event.Pushed{App: "office", DedupeKey: "1", Type: "x"}); !errors.Is(err, errDisk) {
		t.Fatalf("got %v", err)
	}
}

func TestOnlyAdministratorsReadTheLog(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemoryStore(), 0)
	for name, c := range map[string]struct {
		actor authz.Actor
		want  error
	}{
		"nobody":   {authz.Actor{}, authz.ErrSignInRequired},
		"a member": {authz.Actor{Account: "acct_2", Roles: []authz.Role{authz.Member}}, authz.ErrForbidden},
		"an admin": {admin, nil},
	} {
		if _, err := f.List(t.Context(), c.actor, event.Filter{}, 10, nil, true); !errors.Is(err, c.want) {
			t.Errorf("%s: List gave %v", name, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err := event.Subscribe(ctx, f.Service, c.actor, event.Filter{}, nil, func(i feed.Item[event.Event]) int64 { return i.Cursor.Position })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: Subscribe gave %v", name, err)
		}
		cancel()
	}
}

func TestTheLogPagesAndFilters(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemoryStore(), 0)
	for i := range 5 {
		f.push(t, i, map[bool]string{true: "even", false: "odd"}[i%2 == 0])
	}
	first, err := f.List(t.Context(), admin, event.Filter{}, 2, nil, true)
	if err != nil || len(first.Items) != 2 || !first.HasNext {
		t.Fatalf("got %+v, %v", first, err)
	}
	rest, err := f.List(t.Context(), admin, event.Filter{}, 10, &feed.Cursor{Epoch: first.Epoch, Position: first.Items[1].Position}, true)
	if err != nil || len(rest.Items) != 3 || rest.HasNext {
		t.Fatalf("got %+v, %v", rest, err)
	}
	even, err := f.List(t.Context(), admin, event.Filter{Types: []string{"even"}}, 10, nil, true)
	if err != nil || len(even.Items) != 3 {
		t.Fatalf("got %+v, %v", even, err)
	}
	if _, err := f.List(t.Context(), admin, event.Filter{}, 10, &feed.Cursor{Epoch: "other", Position: 1}, true); !errors.Is(err, page.ErrCursor) {
		t.Fatalf("a cursor of another database gave %v", err)
	}
	if _, err := f.List(t.Context(), admin, event.Filter{Types: []string{""}}, 10, nil, true); !errors.Is(err, event.ErrFilterInvalid) {
		t.Fatalf("an empty type gave %v", err)
	}
}

func TestAPageEndsWhereTheLogEndedWhenItWasAsked(t *testing.T) {
	t.Parallel()
	store := newMemoryStore()
	f := newFixture(t, store, 0)
	f.push(t, 1, "before")
	store.meanwhile = func() { f.push(t, 2, "meanwhile") }
	got, err := f.List(t.Context(), admin, event.Filter{}, 10, nil, true)
	if err != nil || len(got.Items) != 1 || got.Newest != got.Items[0].Position || got.HasNext {
		t.Fatalf("a subscription from %d on repeats one of %+v, %v", got.Newest, got.Items, err)
	}
}

func TestRetentionDropsOldEventsOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemoryStore(), 24*time.Hour)
	f.push(t, 1, "old")
	f.clock.Advance(25 * time.Hour)
	f.push(t, 2, "young")
	f.run(t)
	f.clock.AwaitTimers(2) // the feed and the sweeper have gone back to waiting
	left, err := f.List(t.Context(), admin, event.Filter{}, 10, nil, true)
	if err != nil || len(left.Items) != 1 || left.Items[0].Type != "young" {
		t.Fatalf("left %+v, %v", left.Items, err)
	}
}

func TestAHandlerGetsItsTypeInOrderAndBeginsWithWhatComes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemoryStore(), 0)
	f.push(t, 0, "wanted") // before there was a handler
	if err := f.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 10)
	f.Handle("wanted", func(_ context.Context, e event.Event) error { got <- e.DedupeKey; return nil })
	f.push(t, 1, "wanted") // before the handler is called
	f.run(t)
	f.push(t, 2, "other")
	f.push(t, 3, "wanted")
	for _, want := range []string{"1", "3"} {
		if key := <-got; key != want {
			t.Fatalf("got %s, want %s", key, want)
		}
	}
}

func TestAFailingOrPanickingHandlerGetsTheSameEventAgain(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"failing":   func() error { return errors.New("not now") },
		"panicking": func() error { panic("not now") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, newMemoryStore(), 0)
			calls := make(chan string, 10)
			tries := 0
			f.Handle(event.AnyType, func(_ context.Context, e event.Event) error {
				calls <- e.DedupeKey
				if tries++; tries < 3 {
					return fail()
				}
				return nil
			})
			f.run(t)
			f.push(t, 1, "x")
			f.push(t, 2, "x")
			for _, pause := range []time.Duration{time.Second, 2 * time.Second} {
				if key := <-calls; key != "1" {
					t.Fatalf("got %s while 1 has not succeeded", key)
				}
				f.clock.AwaitTimers(2) // the feed's and the pause
				f.clock.Advance(pause)
			}
			if one, two := <-calls, <-calls; one != "1" || two != "2" {
				t.Fatalf("got %s, %s", one, two)
			}
		})
	}
}

func TestAHandlerResumesWhereTheLastProcessStopped(t *testing.T) {
	t.Parallel()
	store := newMemoryStore()
	first := newFixture(t, store, 0)
	got := make(chan string, 10)
	record := func(_ context.Context, e event.Event) error { got <- e.DedupeKey; return nil }
	first.Handle("x", record)
	first.run(t)
	first.push(t, 1, "x")
	<-got
	for position := range store.kept {
		if position == 1 {
			break
		}
	}
	first.stop()
	first.push(t, 2, "x") // while no handler runs

	second := newFixture(t, store, 0)
	second.Handle("x", record)
	second.run(t)
	if key := <-got; key != "2" {
		t.Fatalf("got %s, want the event that came in between", key)
	}
}

func TestAHandlerOfARareTypeKeepsUpWithTheLog(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemoryStore(), 0)
	f.Handle("rare", func(context.Context, event.Event) error { return nil })
	f.run(t)
	for i := range 100 {
		f.push(t, i, "common")
	}
	for position := range f.store.kept {
		if position == 100 {
			return
		}
	}
}

func TestASubscriberResumesByCursor(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemoryStore(), 0)
	f.run(t)
	for i := range 3 {
		f.push(t, i, "x")
	}
	items, err := event.Subscribe(t.Context(), f.Service, admin, event.Filter{CorpID: "ding1"}, &feed.Cursor{Epoch: "e1", Position: 1},
		func(i feed.Item[event.Event]) int64 { return i.Cursor.Position })
	if err != nil {
		t.Fatal(err)
	}
	f.push(t, 3, "x")
	for want := int64(2); want <= 4; want++ {
		if got := <-items; got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	}
}
