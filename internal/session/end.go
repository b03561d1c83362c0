package session

import (
	"context"
	"errors"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
)

// Why a session ended before its time.
const (
	ReasonLogout    = "logout"
	ReasonReused    = "reused"
	ReasonRevoked   = "revoked"
	ReasonReplaced  = "replaced"
	ReasonSuspended = "suspended"
)

// Logout ends the session of the actor. Reason: session.missing.
func (s *Service) Logout(ctx context.Context, actor authz.Actor) error {
	if actor.Session == "" {
		return authz.ErrSignInRequired
	}
	return s.end(ctx, actor.Session, ReasonLogout)
}

// End ends one session: the actor's own, or for an administrator anyone's but an owner's, which only
// owners end. One that has ended already is no error. Reasons: session.missing, session.not_found,
// authz.forbidden.
func (s *Service) End(ctx context.Context, actor authz.Actor, session id.Session) error {
	if err := actor.RequireAccount(); err != nil {
		return err
	}
	row, err := s.Store.Get(ctx, session)
	if err != nil {
		return err
	}
	if row.Account != actor.Account {
		if actor.RequireAdmin() != nil {
			return ErrNotFound
		}
		owner, err := s.Accounts.Current(ctx, row.Account)
		if err == nil {
			err = account.MayManage(actor, owner)
		}
		if err != nil {
			return err
		}
	}
	return s.end(ctx, session, ReasonRevoked)
}

// EndAll ends every living session of an account but except, which may be empty: the actor's own, or
// for an administrator anyone's. reason is one of the Reason constants. Reasons: session.missing,
// authz.forbidden.
func (s *Service) EndAll(ctx context.Context, actor authz.Actor, owner id.Account, except id.Session, reason string) error {
	if err := mayManage(actor, owner); err != nil {
		return err
	}
	ended, err := s.Store.EndAll(ctx, owner, except, s.now(), reason)
	if err != nil {
		return err
	}
	for _, session := range ended {
		s.announceEnded(ctx, session)
	}
	return nil
}

// Alive tells whether a session still lives and its account may act. Long-lived connections ask now
// and then, since OnEnded is told of endings but not of time running out or of accounts suspended.
func (s *Service) Alive(ctx context.Context, session id.Session) (bool, error) {
	if s.ended.has(session) {
		return false, nil
	}
	row, err := s.Store.Get(ctx, session)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case !row.EndedAt.IsZero():
		return false, nil
	}
	now := s.now()
	if row.Kind == Skey && !s.revive(row).aliveAt(clock.Millis(now)) ||
		row.Kind == Token && (!now.Before(row.ExpiresAt) || !now.Before(row.EndsAt)) {
		return false, nil
	}
	_, err = s.activeAccount(ctx, row.Account)
	if errors.Is(err, ErrExpired) || errors.Is(err, account.ErrSuspended) {
		return false, nil
	}
	return err == nil, err
}

// OnEnded calls listen for each session that is ended, wherever that happened, until cancel is
// called. listen must not block and must not end sessions itself; a call that has begun may still be
// running when cancel returns.
func (s *Service) OnEnded(listen func(id.Session)) (cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.next
	s.next++
	s.listeners[n] = listen
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.listeners, n)
	}
}

func (s *Service) end(ctx context.Context, session id.Session, reason string) error {
	lived, err := s.Store.End(ctx, session, s.now(), reason)
	if err == nil && lived {
		s.announceEnded(ctx, session)
	}
	return err
}

// announceEnded makes an ending known here and everywhere once it is committed. This process does not
// depend on the bus for it; others learn what the bus loses within a minute, in Run.
func (s *Service) announceEnded(ctx context.Context, session id.Session) {
	s.Tx.AfterCommit(ctx, func() {
		s.noteEnded(session)
		if err := s.Bus.Publish(context.WithoutCancel(ctx), TopicEnded, []byte(session)); err != nil {
			s.Logger.Warn("an ended session could not be announced", "session", string(session), "error", err)
		}
	})
}

// noteEnded refuses the session from now on and tells the listeners, once.
func (s *Service) noteEnded(session id.Session) {
	if !s.ended.add(session) {
		return
	}
	s.presence.drop(session)
	s.mu.Lock()
	listeners := make([]func(id.Session), 0, len(s.listeners))
	for _, listen := range s.listeners {
		listeners = append(listeners, listen)
	}
	s.mu.Unlock()
	for _, listen := range listeners {
		listen(session)
	}
}

func mayManage(actor authz.Actor, owner id.Account) error {
	if actor.SignedIn() && actor.Account == owner {
		return nil
	}
	return actor.RequireAdmin()
}
