package session

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// Kind is how a session's requests prove themselves.
type Kind string

// The kinds.
const (
	// Token sessions carry an access token (JWT) and a refresh token that rotates.
	Token Kind = "TOKEN"
	// Skey sessions carry the random skey of a mini-program.
	Skey Kind = "SKEY"
)

// Session is one signed-in state of an account.
type Session struct {
	ID      id.Session
	Account id.Account
	Kind    Kind
	// SkeyHash is the keyed hash of the skey; empty for token sessions.
	SkeyHash string
	// SealedSessionKey is WeChat's session_key, sealed; empty for token sessions.
	SealedSessionKey string
	// AppID is the mini-program an skey session came through.
	AppID      string
	Address    string
	UserAgent  string
	CreatedAt  time.Time
	LastSeenAt time.Time
	// ExpiresAt is when the session ends if nothing more is heard of it.
	ExpiresAt time.Time
	// EndsAt is when it ends in any case.
	EndsAt time.Time
	// EndedAt is when it was ended before its time; zero while it lives.
	EndedAt time.Time
	// EndReason is why: one of the Reason constants.
	EndReason string
}

// RefreshToken is one token of a session's chain. Only its hash is kept.
type RefreshToken struct {
	Hash      string
	Session   id.Session
	CreatedAt time.Time
	ExpiresAt time.Time
	// UsedAt is when it was exchanged; a token presented after that has been stolen or replayed, or its
	// client repeats the exchange with the key behind RetryHash (empty: it named none).
	UsedAt    time.Time
	RetryHash string
}

// Errors of this package. A missing token is authz.ErrSignInRequired (session.missing).
var (
	ErrExpired  = errs.New(errs.Unauthenticated, "session.expired", "Your session has ended. Please sign in again.")
	ErrReused   = errs.New(errs.Unauthenticated, "session.reused", "This refresh token was used before, so the session has been ended for safety. Please sign in again.")
	ErrRetryKey = errs.New(errs.Invalid, "session.retry_key_invalid", "A retry key has 16 to 128 bytes.")
	ErrNotFound = errs.New(errs.NotFound, "session.not_found", "There is no such session.")
)

// Store keeps sessions and refresh tokens. Inside a transaction of the context the methods take part.
type Store interface {
	Create(ctx context.Context, s Session) error
	// Get reasons: session.not_found.
	Get(ctx context.Context, session id.Session) (Session, error)
	// FindBySkey finds the session under any of the candidate hashes, ended or not.
	FindBySkey(ctx context.Context, hashes []string) (Session, bool, error)
	// Touch records use: last seen and the moved expiry, which a zero expiresAt leaves as it is. Ended
	// sessions are left alone.
	Touch(ctx context.Context, session id.Session, seenAt, expiresAt time.Time) error
	// End ends a living session and tells whether it lived.
	End(ctx context.Context, session id.Session, at time.Time, reason string) (bool, error)
	// EndAll ends every living session of an account but except (which may be empty), and lists them.
	EndAll(ctx context.Context, account id.Account, except id.Session, at time.Time, reason string) ([]id.Session, error)
	// ListLive pages the living sessions of an account by id, newest first.
	ListLive(ctx context.Context, account id.Account, now time.Time, p page.Request) (page.Of[Session], error)
	// EndedSince lists sessions ended at or after since: what a starting process must refuse although
	// their access tokens still verify.
	EndedSince(ctx context.Context, since time.Time) ([]id.Session, error)

	CreateRefreshToken(ctx context.Context, t RefreshToken) error
	// UseRefreshToken marks an unused token used, keeps retryHash with it, and gives it as it was before:
	// a zero UsedAt means this call was the first. False when no token has one of the hashes.
	UseRefreshToken(ctx context.Context, hashes []string, at time.Time, retryHash string) (RefreshToken, bool, error)
	// DeleteExpired drops sessions and refresh tokens that ended before the given time, at most limit
	// of each, and gives how many went.
	DeleteExpired(ctx context.Context, before time.Time, limit int) (int, error)
}
