package store

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/session"
)

// tokens is the part of session.Store about refresh tokens.
type tokens struct {
	createToken, deleteTokens *query
	useToken, findToken       *listQuery
}

const tokenColumns = `hash, session_id, created_at, expires_at, used_at, retry_hash`

func newTokens(db *DB) tokens {
	return tokens{
		createToken: db.writes("create refresh token", `
			INSERT INTO refresh_tokens (`+tokenColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`),
		useToken: db.writesList("use refresh token", `
			UPDATE refresh_tokens SET used_at = $1, retry_hash = $2 WHERE used_at = 0 AND hash IN ($LIST)
			RETURNING `+tokenColumns, 2),
		findToken: db.readsList("find refresh token", `
			SELECT `+tokenColumns+` FROM refresh_tokens WHERE hash IN ($LIST)`, 0),
		deleteTokens: db.writes("delete refresh tokens", `
			DELETE FROM refresh_tokens WHERE hash IN (
				SELECT hash FROM refresh_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT CAST($2 AS BIGINT))`),
	}
}

// CreateRefreshToken implements session.Store. Reasons: session.not_found.
func (s tokens) CreateRefreshToken(ctx context.Context, t session.RefreshToken) error {
	_, err := s.createToken.exec(ctx, t.Hash, string(t.Session),
		clock.Millis(t.CreatedAt), clock.Millis(t.ExpiresAt), clock.Millis(t.UsedAt), t.RetryHash)
	if violatesForeign(err, "refresh_tokens_session_id_fkey") {
		return session.ErrNotFound
	}
	return err
}

// UseRefreshToken implements session.Store. Of callers who use one token at once, exactly one is told
// that it was the first.
func (s tokens) UseRefreshToken(ctx context.Context, hashes []string, at time.Time, retryHash string) (session.RefreshToken, bool, error) {
	marked, err := collectList(ctx, s.useToken, hashes, scanToken, clock.Millis(at), retryHash)
	if err != nil {
		return session.RefreshToken{}, false, err
	}
	if len(marked) > 0 {
		marked[0].UsedAt, marked[0].RetryHash = time.Time{}, ""
		return marked[0], true, nil
	}
	used, err := collectList(ctx, s.findToken, hashes, scanToken)
	if err != nil || len(used) == 0 {
		return session.RefreshToken{}, false, err
	}
	return used[0], true, nil
}

func scanToken(r row) (t session.RefreshToken, err error) {
	err = r.Scan(&t.Hash, &t.Session, millis{&t.CreatedAt}, millis{&t.ExpiresAt}, millis{&t.UsedAt}, &t.RetryHash)
	return t, err
}
