package graph

import (
	"context"
	"sync"

	"github.com/posthouse/posthouse/internal/id"
)

// sockets knows which sockets are open, and what wants to know when a session ends. Safe for concurrent
// use.
type sockets struct {
	mu        sync.Mutex
	open      map[*socket]struct{}
	bySession map[id.Session]map[*watcher]struct{}
}

// watcher is told once when a session ends.
type watcher struct{ onEnd func() }

func newSockets() *sockets {
	return &sockets{open: map[*socket]struct{}{}, bySession: map[id.Session]map[*watcher]struct{}{}}
}

func (s *sockets) add(one *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[one] = struct{}{}
}

func (s *sockets) remove(one *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, one)
}

// watch calls onEnd when the session ends, until forget is called. onEnd must not block.
func (s *sockets) watch(session id.Session, onEnd func()) (forget func()) {
	if session == "" {
		return func() {}
	}
	w := &watcher{onEnd}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bySession[session] == nil {
		s.bySession[session] = map[*watcher]struct{}{}
	}
	s.bySession[session][w] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.bySession[session], w)
		if len(s.bySession[session]) == 0 {
			delete(s.bySession, session)
		}
	}
}

// closeSession tells everything open under a session that it has ended.
func (s *sockets) closeSession(session id.Session) {
	s.mu.Lock()
	watchers := make([]*watcher, 0, len(s.bySession[session]))
	for w := range s.bySession[session] {
		watchers = append(watchers, w)
	}
	s.mu.Unlock()
	for _, w := range watchers {
		w.onEnd()
	}
}

func (s *sockets) all() []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*socket, 0, len(s.open))
	for one := range s.open {
		out = append(out, one)
	}
	return out
}

// visit looks after each open socket once, and asks once for each session.
func (a *API) visit(ctx context.Context) {
	ended := map[id.Session]bool{}
	for _, one := range a.sockets.all() {
		if ctx.Err() != nil {
			return
		}
		session := one.session()
		if _, asked := ended[session]; !asked {
			ended[session] = a.ended(ctx, session)
		}
		if ended[session] {
			one.end(closeForbidden, "session.expired")
			continue
		}
		one.lookAfter()
	}
}

// ended tells whether a session has ended; nobody's never does, and a failing store ends none.
func (a *API) ended(ctx context.Context, session id.Session) bool {
	if session == "" {
		return false
	}
	alive, err := a.services.Sessions.Alive(ctx, session)
	if err != nil {
		if ctx.Err() == nil {
			a.log.WarnContext(ctx, "cannot tell whether a session still lives", "error", err)
		}
		return false
	}
	return !alive
}
