package graph

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/session"
)

// serveStream answers over server-sent events in the "distinct connections" form: each response an
// event `next`, then `complete`. A comment now and then tells proxies and clients that it lives.
func (a *API) serveStream(w http.ResponseWriter, r *http.Request, op *operation, refused *response) {
	ctx := r.Context()
	actor := authz.From(ctx)
	leave, err := a.enter(actor)
	if err != nil {
		a.writeRefusal(w, r, http.StatusTooManyRequests, err)
		return
	}
	defer leave()
	s := a.openStream(w)
	switch {
	case refused != nil:
		s.next(refused)
	case op.kind() != ast.Subscription:
		s.next(op.run(ctx))
	case !a.pump(ctx, s, op, actor):
		return // broken off: without `complete` the client comes again and resumes
	}
	s.event("complete", nil)
}

// enter counts a stream as a connection and as a subscription.
func (a *API) enter(actor authz.Actor) (leave func(), err error) {
	disconnect, err := a.tally.connect(subject(actor))
	if err != nil {
		return nil, err
	}
	unsubscribe, err := a.tally.subscribe(subject(actor))
	if err != nil {
		disconnect()
		return nil, err
	}
	return func() { unsubscribe(); disconnect() }, nil
}

// pump sends what the subscription gives, and comments while it is silent, until the subscription or
// the session ends. It is false when the client left before that, or the server stops.
func (a *API) pump(ctx context.Context, s *stream, op *operation, actor authz.Actor) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e := op.start(ctx)
	if refused := e.open(); refused != nil {
		s.next(refused)
		return true
	}
	// The header goes out once the subscription lives: a client that has it misses nothing.
	s.flush()
	ended := make(chan struct{})
	defer a.sockets.watch(actor.Session, sync.OnceFunc(func() { close(ended) }))()
	if a.ended(ctx, actor.Session) { // before anyone was watching
		return s.expired(ctx, a)
	}
	frames := make(chan []byte)
	if !a.spawn(ctx, "stream", func() { relay(ctx, &e, frames) }) {
		return false
	}
	for !s.failed {
		timer := a.clock.NewTimer(a.limits.Ping)
		select {
		case frame, more := <-frames:
			if !more {
				timer.Stop()
				return ctx.Err() == nil && !a.stopping()
			}
			s.event("next", frame)
		case <-timer.C():
			s.write([]byte(":\n\n"))
			if a.ended(ctx, actor.Session) {
				return s.expired(ctx, a)
			}
		case <-ended:
			timer.Stop()
			return s.expired(ctx, a)
		case <-a.group.Done():
			timer.Stop()
			return false
		case <-ctx.Done():
			timer.Stop()
			return false
		}
		timer.Stop()
	}
	return false
}

// relay waits for responses, and encodes them, because the next is made in the same memory.
func relay(ctx context.Context, e *execution, frames chan<- []byte) {
	defer close(frames)
	for out := e.next(); out != nil; out = e.next() {
		select {
		case frames <- encoded(out):
		case <-ctx.Done():
			return
		}
	}
}

func encoded(out *response) []byte {
	var buf bytes.Buffer
	out.writeTo(&buf)
	return buf.Bytes()
}

// stream writes server-sent events.
type stream struct {
	patience time.Duration
	w        http.ResponseWriter
	control  *http.ResponseController
	failed   bool
}

func (a *API) openStream(w http.ResponseWriter) *stream {
	s := &stream{patience: a.limits.Write, w: w, control: http.NewResponseController(w)}
	header := w.Header()
	header.Set("Content-Type", typeStream+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	return s
}

func (s *stream) next(out *response) { s.event("next", encoded(out)) }

// expired tells the client that its session has ended, which ends the stream in an orderly way.
func (s *stream) expired(ctx context.Context, a *API) bool {
	s.next(a.presenter.requestError(ctx, session.ErrExpired))
	return true
}

func (s *stream) event(name string, data []byte) {
	frame := append([]byte("event: "+name+"\ndata: "), data...)
	s.write(append(frame, '\n', '\n'))
}

// write is bounded by the operating system, hence by the machine's own time.
func (s *stream) write(frame []byte) {
	if s.failed {
		return
	}
	_ = s.control.SetWriteDeadline(clock.Real().Now().Add(s.patience)) // not every embedding server can
	if _, err := s.w.Write(frame); err != nil {
		s.failed = true
		return
	}
	s.flush()
}

func (s *stream) flush() { s.failed = s.failed || s.control.Flush() != nil }
