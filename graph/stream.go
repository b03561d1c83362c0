package graph

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/session"
)

// serveStream answers over server-sent events in the "distinct connections" form: each response an
// event `next`, then `complete`. A comment now and then tells proxies and clients that it lives.
func (a *API) serveStream(w http.ResponseWriter, r *http.Request, op *operation, refused *response) {
	ctx := r.Context()
	if refused == nil && op.kind() == ast.Mutation && r.Method == http.MethodGet {
		w.Header().Set("Allow", http.MethodPost)
		a.writeRefusal(w, r, http.StatusMethodNotAllowed, errMethod)
		return
	}
	actor := authz.From(ctx)
	leave, err := a.enter(actor)
	if err != nil {
		a.writeRefusal(w, r, http.StatusTooManyRequests, err)
		return
	}
	defer leave()
	header := w.Header()
	header.Set("Content-Type", typeStream+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	s := &stream{deadline: a.writeDeadline, w: w, control: http.NewResponseController(w)}
	switch {
	case refused != nil:
		s.next(refused)
	case op.kind() != ast.Subscription:
		s.next(op.run(ctx))
	default:
		a.pump(r, s, op, actor)
	}
	// A server that stops has not finished: without the event the client comes again and resumes.
	if a.group.Context().Err() == nil {
		s.event("complete", nil)
	}
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

// pump sends what the subscription gives, and comments while it is silent, until the client leaves,
// the subscription ends or the session does.
func (a *API) pump(r *http.Request, s *stream, op *operation, actor authz.Actor) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	ended := make(chan struct{})
	defer a.sockets.watch(actor.Session, sync.OnceFunc(func() { close(ended) }))()
	next := op.start(ctx)
	// The header goes out once the subscription lives: a client that has it misses nothing.
	s.flush()
	responses := make(chan []byte)
	if !a.group.Go("stream", func(context.Context) error {
		defer close(responses)
		for out := next(); out != nil; out = next() {
			// Encoded here, because the next response is made in the same memory.
			select {
			case responses <- out.appendJSON(nil):
			case <-ctx.Done():
				return nil
			}
		}
		return nil
	}) {
		return
	}
	for !s.failed {
		timer := a.clock.NewTimer(a.limits.Ping)
		more := a.step(ctx, s, actor, responses, ended, timer.C())
		timer.Stop()
		if !more {
			return
		}
	}
}

// step waits for one thing to happen; false when it was the end.
func (a *API) step(ctx context.Context, s *stream, actor authz.Actor, responses <-chan []byte, ended <-chan struct{}, tick <-chan time.Time) bool {
	select {
	case out, more := <-responses:
		if more {
			s.event("next", out)
		}
		return more
	case <-tick:
		s.write([]byte(":\n\n"))
		if !a.ended(ctx, actor.Session) {
			return true
		}
	case <-ended:
	case <-a.group.Done():
		return false
	case <-ctx.Done():
		return false
	}
	s.next(a.presenter.requestError(ctx, session.ErrExpired))
	return false
}

// stream writes server-sent events.
type stream struct {
	deadline func() time.Time
	w        http.ResponseWriter
	control  *http.ResponseController
	failed   bool
}

func (s *stream) next(out *response) { s.event("next", out.appendJSON(nil)) }

func (s *stream) event(name string, data []byte) {
	frame := append([]byte("event: "+name+"\ndata: "), data...)
	s.write(append(frame, '\n', '\n'))
}

func (s *stream) write(frame []byte) {
	if s.failed {
		return
	}
	_ = s.control.SetWriteDeadline(s.deadline()) // not every embedding server can
	if _, err := s.w.Write(frame); err != nil {
		s.failed = true
		return
	}
	s.flush()
}

func (s *stream) flush() { s.failed = s.failed || s.control.Flush() != nil }
