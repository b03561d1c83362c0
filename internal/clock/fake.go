package clock

import (
	"sync"
	"time"
)

// Fake is a clock that stands still until it is moved, for tests.
type Fake struct {
	mu      sync.Mutex
	now     time.Time
	timers  map[*fakeTimer]struct{}
	waiting chan struct{}
}

// NewFake starts a fake clock at t.
func NewFake(t time.Time) *Fake {
	return &Fake{now: t, timers: map[*fakeTimer]struct{}{}, waiting: make(chan struct{})}
}

// Now gives the time the clock was last moved to.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance moves the clock and fires every timer that has come due.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	for t := range f.timers {
		f.fireIfDue(t)
	}
}

// NewTimer returns a timer that fires when Advance reaches it.
func (f *Fake) NewTimer(d time.Duration) Timer {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := &fakeTimer{clock: f, due: f.now.Add(d), c: make(chan time.Time, 1)}
	f.timers[t] = struct{}{}
	f.fireIfDue(t)
	close(f.waiting)
	f.waiting = make(chan struct{})
	return t
}

// AwaitTimers returns once at least n timers are pending: the way to know, without sleeping, that a
// worker has gone back to waiting.
func (f *Fake) AwaitTimers(n int) {
	for {
		f.mu.Lock()
		pending, changed := len(f.timers), f.waiting
		f.mu.Unlock()
		if pending >= n {
			return
		}
		<-changed
	}
}

func (f *Fake) fireIfDue(t *fakeTimer) {
	if t.due.After(f.now) {
		return
	}
	delete(f.timers, t)
	t.c <- f.now
}

type fakeTimer struct {
	clock *Fake
	due   time.Time
	c     chan time.Time
}

func (t *fakeTimer) C() <-chan time.Time { return t.c }

func (t *fakeTimer) Stop() {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	delete(t.clock.timers, t)
}
