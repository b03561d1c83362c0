package graph

import (
	"sync"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/posthouse/posthouse/internal/feed"
)

// follower sends what one operation of a socket gives. While its subscription is silent it has no
// goroutine: the feed rings, and then it takes a turn.
type follower struct {
	socket    *socket
	running   *running
	execution execution
	leave     func() // gives back the subscription's place in the tally

	mu sync.Mutex
	// waiting is how many responses, or the end of them, can be had without waiting.
	waiting int
	// open is set once they may be, queued while a turn is due or taken.
	open, queued bool
}

// run executes an operation and sends what it gives. A subscription whose feed rings goes on after it.
func (s *socket) run(r *running, op *operation) {
	f := &follower{socket: s, running: r, leave: func() {}}
	goesOn := false
	defer func() {
		if !goesOn {
			f.end()
		}
	}()
	if op.kind() != ast.Subscription {
		f.execution = op.start(r.ctx)
		for f.step() {
		}
		return
	}
	leave, err := s.api.tally.subscribe(subject(r.actor))
	if err != nil {
		s.fail(r, s.api.presenter.requestError(r.ctx, err))
		return
	}
	f.leave = leave
	ctx, bell := feed.WithBell(r.ctx, f.ring)
	f.execution = op.start(ctx)
	if refused := f.execution.open(); refused != nil {
		s.fail(r, refused)
		return
	}
	if goesOn = bell.Taken(); goesOn {
		f.begin()
		return
	}
	for f.step() {
	}
}

// ring says that there is one more thing to be had. It does not block.
func (f *follower) ring() {
	f.mu.Lock()
	f.waiting++
	due := f.open && !f.queued
	f.queued = f.queued || due
	f.mu.Unlock()
	if due {
		f.socket.api.turns.add(f)
	}
}

// begin lets rings lead to turns, those too that came before.
func (f *follower) begin() {
	f.mu.Lock()
	f.open = true
	due := f.waiting > 0
	f.queued = due
	f.mu.Unlock()
	if due {
		f.socket.api.turns.add(f)
	}
}

// turnLength is how much one follower may send before others get their turn.
const turnLength = 32

// turn sends what can be had; true when there is more of it.
func (f *follower) turn() (more bool) {
	over := true
	defer func() {
		if over {
			f.end()
		}
	}()
	for range turnLength {
		f.mu.Lock()
		if f.waiting == 0 {
			f.queued, over = false, false
			f.mu.Unlock()
			return false
		}
		f.waiting--
		f.mu.Unlock()
		if !f.step() {
			return false
		}
	}
	over = false
	return true
}

// step sends one response; false when it was the last.
func (f *follower) step() bool {
	s, r := f.socket, f.running
	out := f.execution.next()
	switch {
	case out == nil:
		if s.finish(r) {
			s.send(message{ID: r.id, Type: "complete"})
		}
		return false
	case r.ctx.Err() != nil:
		return false // the client has completed it and expects nothing more
	case out.data == nil:
		s.fail(r, out)
		return false
	}
	s.next(r.id, out)
	return true
}

// end forgets the operation.
func (f *follower) end() {
	f.socket.finish(f.running)
	f.leave()
}
