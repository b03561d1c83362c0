package e2e

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

// TestSubscribersResumeAcrossRestarts watches with clients that others wrote while events keep coming
// and the server is stopped, killed and started again.
func TestSubscribersResumeAcrossRestarts(t *testing.T) {
	t.Parallel()
	p := startPlatform(t)
	h, admin := startWithOwner(t, p, setup{})
	push := p.pusher(h)
	check(t, push.push(t.Context(), "the-first", "user_add_org"))
	begin := admin.eventLog(t)[0].Cursor

	kinds := []string{"ws", "bare", "sse"}
	var watching []*script
	for _, kind := range kinds {
		watching = append(watching, subscriber(t, kind, admin, eventsOp, vars{"after": begin}, "--resume"))
	}
	seen := newTally()
	stop := make(chan struct{})
	var running sync.WaitGroup
	for i := range 2 {
		running.Go(func() { push.stream(fmt.Sprintf("resume-%d", i), stop, seen.add) })
	}
	everyoneHasSeen := func(more int) {
		t.Helper()
		for i, s := range watching {
			before := len(s.stdout.lines())
			await(t, "more events over "+kinds[i], func() bool { return len(s.stdout.lines()) >= before+more })
		}
	}
	for _, end := range []func(){
		func() {
			if code := h.stop(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		},
		h.kill, h.kill,
		func() { h.stop() },
	} {
		everyoneHasSeen(30)
		end()
		h.start()
	}
	everyoneHasSeen(30)
	close(stop)
	running.Wait()

	log := ids(t, admin.eventLog(t))[1:]
	for _, e := range seen.all() {
		if !slices.Contains(log, e) {
			t.Errorf("event %s was acknowledged and is not in the log", e)
		}
	}
	for i, s := range watching {
		await(t, "the last event over "+kinds[i], func() bool { return len(s.stdout.lines()) >= len(log) })
		if code := s.interrupt(); code != 0 {
			t.Errorf("the client over %s ended with %d: %s", kinds[i], code, s.stderr)
		}
		var got []string
		for _, e := range s.events() {
			if e.Typename != "CallbackEvent" {
				t.Errorf("over %s came a %s", kinds[i], e.Typename)
				continue
			}
			got = append(got, e.eventID(t))
		}
		if !slices.Equal(got, log) {
			t.Errorf("over %s came %d events, the log holds %d; the first difference is at %d", kinds[i], len(got), len(log), firstDifference(got, log))
		}
		if n := s.connected(); n < 5 {
			t.Errorf("the client over %s connected %d times, so it cannot have resumed four times", kinds[i], n)
		}
	}
}

// tally collects from several goroutines.
type tally struct {
	mu    sync.Mutex
	items []string
}

func newTally() *tally { return &tally{} }

func (l *tally) add(item string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, item)
}

func (l *tally) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.items)
}

func firstDifference(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
