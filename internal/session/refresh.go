package session

import (
	"context"
	"errors"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
)

// Refresh exchanges a refresh token for the next one and a new access token. A token works once: one
// that comes again has been stolen or replayed, and ends the session with everything that grew from
// it. Of two who present one token at the same moment the first succeeds, and the session ends for
// both. Reasons: session.expired, session.reused, account.suspended.
func (s *Service) Refresh(ctx context.Context, _ authz.Actor, refreshToken string) (Grant, error) {
	if !wellFormed(refreshPrefix, refreshToken) {
		return Grant{}, ErrExpired
	}
	hashes := s.Ring.Hashes(purposeRefresh, refreshToken)
	now := s.now()
	var next Session
	var token string
	var refused error
	err := s.Tx.InTx(ctx, func(ctx context.Context) error {
		refused = nil
		used, found, err := s.Store.UseRefreshToken(ctx, hashes, now)
		if err != nil {
			return err
		}
		if !found {
			return ErrExpired
		}
		if !used.UsedAt.IsZero() {
			// The ending must be committed although the call fails.
			refused, err = s.endReused(ctx, used, now)
			return err
		}
		next, token, err = s.rotate(ctx, used, now)
		s.changed(ctx, next.Account)
		return err
	})
	switch {
	case err != nil:
		return Grant{}, err
	case refused != nil:
		return Grant{}, refused
	}
	return s.grant(next, token, now)
}

// rotate stores the next token of the chain. An error leaves the old one unused.
func (s *Service) rotate(ctx context.Context, used RefreshToken, now time.Time) (Session, string, error) {
	row, err := s.Store.Get(ctx, used.Session)
	switch {
	case errors.Is(err, ErrNotFound):
		return Session{}, "", ErrExpired
	case err != nil:
		return Session{}, "", err
	case !row.EndedAt.IsZero() || !now.Before(used.ExpiresAt) || !now.Before(row.EndsAt):
		return Session{}, "", ErrExpired
	}
	if _, err := s.activeAccount(ctx, row.Account); err != nil {
		return Session{}, "", err
	}
	row.LastSeenAt = now
	row.ExpiresAt = earlier(now.Add(s.RefreshTTL), row.EndsAt)
	if err := s.Store.Touch(ctx, row.ID, row.LastSeenAt, row.ExpiresAt); err != nil {
		return Session{}, "", err
	}
	token, err := s.newRefreshToken(ctx, row, now)
	return row, token, err
}

// endReused ends the session of a token that was used before and gives the refusal: session.reused,
// or session.expired when the session had ended for another reason.
func (s *Service) endReused(ctx context.Context, used RefreshToken, now time.Time) (refusal, err error) {
	lived, err := s.Store.End(ctx, used.Session, now, ReasonReused)
	if err != nil {
		return nil, err
	}
	if lived {
		s.announceEnded(ctx, used.Session)
		return ErrReused, nil
	}
	row, err := s.Store.Get(ctx, used.Session)
	switch {
	case errors.Is(err, ErrNotFound):
		return ErrExpired, nil
	case err != nil:
		return nil, err
	case row.EndReason == ReasonReused:
		return ErrReused, nil
	}
	return ErrExpired, nil
}
