package graph

import (
	"sync"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
)

const (
	// turnWorkers is how many goroutines send what feeds give, as long as none of them is held up.
	turnWorkers = 8
	// stuckAfter is for how long nobody's turn may come before there are twice as many: then all of
	// them wait for peers that do not take what they are sent.
	stuckAfter = 20 * time.Millisecond
)

// turns lets the followers of all sockets send, in the order in which something came for them, with few
// goroutines however many followers there are. Idle it has none. Safe for concurrent use.
type turns struct {
	// start runs work in a goroutine; false when nothing is to be sent any more.
	start func(work func()) bool
	done  <-chan struct{}

	mu          sync.Mutex
	first, last *place
	workers     int
	watched     bool
	taken       uint64
}

// taker is who takes turns.
type taker interface {
	// turn does what is to be done; true when there is more of it, for another turn.
	turn() (more bool)
}

// place is one in the queue.
type place struct {
	who   taker
	after *place
}

func newTurns(a *API) *turns {
	ctx := a.group.Context()
	return &turns{start: func(work func()) bool { return a.spawn(ctx, "turn", work) }, done: ctx.Done()}
}

// add gives a taker its turn as soon as those before it had theirs. It does not block.
func (t *turns) add(who taker) {
	p := &place{who: who}
	t.mu.Lock()
	if t.last == nil {
		t.first = p
	} else {
		t.last.after = p
	}
	t.last = p
	work := t.workers < turnWorkers
	if work {
		t.workers++
	}
	watch := !t.watched
	t.watched = true
	t.mu.Unlock()
	if work {
		t.spawn()
	}
	if watch && !t.start(t.watch) {
		t.unwatch()
	}
}

// spawn starts a worker that has been counted already.
func (t *turns) spawn() {
	if !t.start(t.work) {
		t.leave()
	}
}

func (t *turns) work() {
	working := true
	defer func() {
		if working { // something panicked
			t.leave()
		}
	}()
	for who := t.take(); who != nil; who = t.take() {
		if who.turn() {
			t.add(who)
		}
	}
	working = false
}

// take gives who is next. A worker that gets nobody has left: that must be known before anybody is added
// again.
func (t *turns) take() taker {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.first
	if p == nil {
		t.workers--
		return nil
	}
	if t.first = p.after; t.first == nil {
		t.last = nil
	}
	t.taken++
	return p.who
}

func (t *turns) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.workers--
}

func (t *turns) unwatch() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watched = false
}

// watch adds workers while all of them are held up, until nobody waits. Peers hold them up in the
// machine's own time.
func (t *turns) watch() {
	taken := uint64(0)
	for t.wait(stuckAfter) {
		t.mu.Lock()
		if t.first == nil {
			t.watched = false
			t.mu.Unlock()
			return
		}
		more := 0
		if t.taken == taken {
			more = max(t.workers, 1)
			t.workers += more
		}
		taken = t.taken
		t.mu.Unlock()
		for range more {
			t.spawn()
		}
	}
}

// wait is false when the server stops first.
func (t *turns) wait(d time.Duration) bool {
	timer := clock.Real().NewTimer(d)
	defer timer.Stop()
	select {
	case <-t.done:
		return false
	case <-timer.C():
		return true
	}
}
