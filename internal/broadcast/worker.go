package broadcast

import (
	"context"
	"sync"
	"time"

	"github.com/posthouse/posthouse/internal/id"
)

const (
	// idleLook is how long the dispatcher trusts in being woken before it looks by itself.
	idleLook = 10 * time.Second
	// lookLimit is how many robots one look takes in, besides those it knows already.
	lookLimit = 1024
)

// Run sends what is due until ctx ends. Then it claims nothing more, lets the calls in flight end,
// records them and returns nil. A failing store is logged and tried again, never given up. Run it
// once at a time for a Service.
func (s *Service) Run(ctx context.Context) error {
	cancel := s.bus.Subscribe(TopicDue, func([]byte) { s.wake() })
	defer cancel()
	if !s.recoverAtStart(ctx) {
		return nil
	}
	var keeping sync.WaitGroup
	keeping.Go(func() { s.keepHouse(ctx) })
	newDispatcher(s).run(ctx)
	keeping.Wait()
	return nil
}

// recoverAtStart repairs what a dead process left, before anything is sent; false when ctx ended
// first. Attempts it closes count in their robots' windows from now on.
func (s *Service) recoverAtStart(ctx context.Context) bool {
	for n := 1; ctx.Err() == nil; n++ {
		repaired, err := s.store.Recover(context.WithoutCancel(ctx), s.now(), s.exclusive)
		if err == nil {
			if repaired > 0 {
				s.log.WarnContext(ctx, "deliveries of a process that died are queued again", "count", repaired)
			}
			return true
		}
		s.log.ErrorContext(ctx, "recovery failed", "try", n, "error", err)
		s.rest(ctx, storeDelay(n))
	}
	return false
}

// dispatcher gives robots their turns: several robots at a time, each robot one call at a time. Only
// run's goroutine touches its fields.
type dispatcher struct {
	s *Service
	// busy robots are having their turn; true when a look during it found more for them to do.
	busy map[id.Robot]bool
	// parked robots are due and have no budget until the time given.
	parked map[id.Robot]time.Time
	// ready robots come next, in this order.
	ready []id.Robot
	ended chan turn
	// lookAt is when to ask the store again.
	lookAt time.Time
	// failures counts the store's failures in a row.
	failures int
}

func newDispatcher(s *Service) *dispatcher {
	return &dispatcher{
		s:      s,
		busy:   map[id.Robot]bool{},
		parked: map[id.Robot]time.Time{},
		ended:  make(chan turn, s.concurrency),
	}
}

func (d *dispatcher) run(ctx context.Context) {
	for ctx.Err() == nil {
		if !d.s.now().Before(d.lookAt) {
			d.look(ctx)
		}
		d.start(ctx)
		d.wait(ctx)
	}
	for len(d.busy) > 0 {
		d.settle(<-d.ended)
	}
}

// look asks the store whose turn it is.
func (d *dispatcher) look(ctx context.Context) {
	now := d.s.now()
	due, next, err := d.s.store.DueRobots(context.WithoutCancel(ctx), now, lookLimit+len(d.parked)+len(d.busy))
	if err != nil {
		d.failures++
		d.s.log.ErrorContext(ctx, "due robots not read", "try", d.failures, "error", err)
		d.lookAt = now.Add(storeDelay(d.failures))
		return
	}
	d.failures = 0
	d.lookAt = now.Add(idleLook)
	d.lookBy(next)
	for r, until := range d.parked {
		if until.After(now) {
			d.lookBy(until)
		} else {
			delete(d.parked, r)
		}
	}
	d.ready = d.ready[:0]
	for _, r := range due {
		if _, busy := d.busy[r]; busy {
			// Its turn may have found nothing just before this came in.
			d.busy[r] = true
		} else if _, waits := d.parked[r]; !waits {
			d.ready = append(d.ready, r)
		}
	}
}

// lookBy makes the next look happen at t at the latest; zero means nothing.
func (d *dispatcher) lookBy(t time.Time) {
	if !t.IsZero() && t.Before(d.lookAt) {
		d.lookAt = t
	}
}

// start gives turns to as many of the ready robots as may speak at a time.
func (d *dispatcher) start(ctx context.Context) {
	for len(d.ready) > 0 && len(d.busy) < d.s.concurrency {
		r := d.ready[0]
		d.ready = d.ready[1:]
		d.busy[r] = false
		// Every turn ends in a value on ended, which run receives before it returns.
		go func() { d.ended <- d.s.takeTurn(ctx, r) }()
	}
}

// wait returns when there is something to do.
func (d *dispatcher) wait(ctx context.Context) {
	timer := d.s.clock.NewTimer(d.lookAt.Sub(d.s.now()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.s.woken:
		d.lookAt = time.Time{}
	case t := <-d.ended:
		d.settle(t)
	case <-timer.C():
	}
}

// settle takes note of what a turn came to.
func (d *dispatcher) settle(t turn) {
	more := t.more || d.busy[t.robot]
	delete(d.busy, t.robot)
	d.lookBy(t.next)
	switch {
	case t.failed:
		d.failures++
		d.park(t.robot, d.s.now().Add(storeDelay(d.failures)))
	case !t.again.IsZero():
		d.park(t.robot, t.again)
	case more:
		// Behind the others, so that a robot with much to say does not hold up the rest.
		d.ready = append(d.ready, t.robot)
	}
	if !t.failed {
		d.failures = 0
	}
}

func (d *dispatcher) park(r id.Robot, until time.Time) {
	d.parked[r] = until
	d.lookBy(until)
}
