package sandbox

import (
	"context"
	"sync"
	"time"
)

// maxAdvance bounds one move, so that a slip of the pen does not overflow.
const maxAdvance = 20 * 365 * 24 * time.Hour

// clockPoll is how often waiters look at the clock again when nobody calls
// Advance, so that a Config.Now that jumps by itself is noticed.
const clockPoll = time.Second

// clock is Config.Now plus an offset. Waiters wake when the offset moves.
type clock struct {
	base func() time.Time

	mu     sync.Mutex
	offset time.Duration
	moved  chan struct{} // closed and replaced by every move
}

func newClock(base func() time.Time) *clock {
	return &clock{base: base, moved: make(chan struct{})}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	offset := c.offset
	c.mu.Unlock()
	return c.base().Add(offset)
}

func (c *clock) advance(d time.Duration) {
	if d <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	const most = 100 * 365 * 24 * time.Hour
	c.offset = min(c.offset+min(d, maxAdvance), most)
	close(c.moved)
	c.moved = make(chan struct{})
}

func (c *clock) offsetNow() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// watch returns a channel that is closed by the next move. Take it before
// reading now, or a move between the two is missed.
func (c *clock) watch() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moved
}

// sleep waits until the sandbox's clock has gone d further, or until ctx or stop
// ends. It reports whether the time was reached.
func (c *clock) sleep(ctx context.Context, stop <-chan struct{}, d time.Duration) bool {
	due := c.now().Add(d)
	for {
		moved := c.watch()
		left := due.Sub(c.now())
		if left <= 0 {
			return true
		}
		timer := time.NewTimer(min(left, clockPoll))
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-stop:
			timer.Stop()
			return false
		case <-moved:
		case <-timer.C:
		}
		timer.Stop()
	}
}
