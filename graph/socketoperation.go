package graph

import (
	"context"
	"errors"
	"slices"

	"github.com/coder/websocket"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
)

// errDuplicateID is an operation that uses the id of one that still runs.
var errDuplicateID = errors.New("graph: this id is in use")

// running is one operation of a socket. A client may use its id again as soon as it is over, so the id
// alone does not name it.
type running struct {
	id     string
	actor  authz.Actor
	ctx    context.Context
	cancel context.CancelFunc
}

// subscribe starts an operation of any kind.
func (s *socket) subscribe(m message) (websocket.StatusCode, string) {
	select {
	case <-s.acked:
	default:
		return closeUnauthorized, "Unauthorized"
	}
	p, err := parseParams(m.Payload)
	if err != nil {
		return closeBadMessage, reasonBadMessage
	}
	r, err := s.begin(m.ID)
	switch {
	case errors.Is(err, errDuplicateID):
		return closeDuplicateID, "Subscriber for " + clippedID(m.ID) + " already exists"
	case err != nil:
		s.refuse(m.ID, s.api.presenter.requestError(s.ctx, err))
		return 0, ""
	}
	op, refused := s.api.prepare(r.ctx, p)
	if refused != nil {
		s.fail(r, refused)
		return 0, ""
	}
	if !s.api.spawn(r.ctx, "socket operation", func() { s.run(r, op) }) {
		s.finish(r)
	}
	return 0, ""
}

// begin makes room for an operation. It acts with the roles that the account has now, which may not be
// those with which the socket was opened.
func (s *socket) begin(id string) (*running, error) {
	actor := s.actor // only this goroutine writes it
	if actor.SignedIn() {
		owner, err := s.api.services.Accounts.Current(s.ctx, actor.Account)
		if err != nil {
			return nil, err
		}
		if !owner.Active() {
			return nil, account.ErrSuspended
		}
		actor.Roles = owner.Roles
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running(id) != nil {
		return nil, errDuplicateID
	}
	if len(s.operations) >= s.api.limits.Operations {
		return nil, errSubscriptions
	}
	ctx, cancel := context.WithCancel(s.ctx)
	r := &running{id: id, actor: actor, ctx: authz.With(ctx, actor), cancel: cancel}
	s.operations = append(s.operations, r)
	return r, nil
}

// running gives the operation of an id, nil when there is none. The caller holds mu.
func (s *socket) running(id string) *running {
	for _, r := range s.operations {
		if r.id == id {
			return r
		}
	}
	return nil
}

// forgetOperation takes an operation off the list, false when it is not there. The caller holds mu.
func (s *socket) forgetOperation(r *running) bool {
	at := slices.Index(s.operations, r)
	if at < 0 {
		return false
	}
	s.operations = slices.Delete(s.operations, at, at+1)
	return true
}

// fail ends an operation with errors, unless the client has ended it before.
func (s *socket) fail(r *running, out *response) {
	if s.finish(r) {
		s.refuse(r.id, out)
	}
}

// finish forgets an operation, so that its id is free before the client learns that it is over. False
// when it was forgotten already.
func (s *socket) finish(r *running) bool {
	r.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forgetOperation(r)
}

// stop ends the operation of an id, if it still runs.
func (s *socket) stop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.running(id); r != nil {
		r.cancel()
		s.forgetOperation(r)
	}
}
