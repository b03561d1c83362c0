package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
)

// Length of a RetryKey in bytes.
const (
	minRetryKey = 16
	maxRetryKey = 128
)

// retryWithin is how long after an exchange its client may repeat it.
const retryWithin = time.Minute

// RefreshInput is an exchange of a refresh token.
type RefreshInput struct {
	Token string
	// RetryKey is a random text of 16 to 128 bytes that the client keeps beside the token and shows
	// nobody before. With it an exchange can be repeated for a minute, since its answer may get lost on
	// the way, or the page that asked be closed. Empty: each token is exchanged once and never again.
	RetryKey string
}

// Refresh exchanges a refresh token for the next one and a new access token. A token works once: one
// that comes again without the retry key of the first time has been stolen or replayed, and ends the
// session with everything that grew from it. Of two who present one token at the same moment without its
// key the first succeeds, and the session ends for both. Reasons: session.expired, session.reused,
// session.retry_key_invalid, account.suspended.
func (s *Service) Refresh(ctx context.Context, _ authz.Actor, in RefreshInput) (Grant, error) {
	if in.RetryKey != "" && (len(in.RetryKey) < minRetryKey || len(in.RetryKey) > maxRetryKey) {
		return Grant{}, ErrRetryKey.WithField("retryKey", "16–128")
	}
	if !wellFormed(refreshPrefix, in.Token) {
		return Grant{}, ErrExpired
	}
	hashes := s.Ring.Hashes(purposeRefresh, in.Token)
	var retryHash string
	if in.RetryKey != "" {
		retryHash = s.Ring.Hash(purposeRetry, in.RetryKey)
	}
	now := s.now()
	var next Session
	var token string
	var refused error
	err := s.Tx.InTx(ctx, func(ctx context.Context) error {
		refused = nil
		used, found, err := s.Store.UseRefreshToken(ctx, hashes, now, retryHash)
		if err != nil {
			return err
		}
		if !found {
			return ErrExpired
		}
		if !used.UsedAt.IsZero() && !s.repeats(used, in, now) {
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

// repeats tells whether the client that exchanged the token before is asking again.
func (s *Service) repeats(used RefreshToken, in RefreshInput, now time.Time) bool {
	return in.RetryKey != "" && now.Sub(used.UsedAt) < retryWithin &&
		slices.Contains(s.Ring.Hashes(purposeRetry, in.RetryKey), used.RetryHash)
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
