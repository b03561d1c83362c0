package store

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/session"
)

// Sessions implements session.Store.
type Sessions struct {
	db                              *DB
	create, get, touch, end, endAll *query
	listLive, endedSince            *query
	deleteEnded, deleteExpired      *query
	findBySkey                      *listQuery
	tokens
}

const sessionColumns = `id, account_id, kind, skey_hash, sealed_session_key, app_id, address, user_agent,
	created_at, last_seen_at, expires_at, ends_at, ended_at, end_reason`

func newSessions(db *DB) *Sessions {
	return &Sessions{
		db: db,
		create: db.writes("create session", `
			INSERT INTO sessions (`+sessionColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`),
		get: db.reads("get session", `SELECT `+sessionColumns+` FROM sessions WHERE id = $1`),
		findBySkey: db.readsList("find session by skey", `
			SELECT `+sessionColumns+` FROM sessions WHERE skey_hash IN ($LIST)`, 0),
		// Touches of one session may arrive in any order; time only moves forwards.
		touch: db.writes("touch session", `
			UPDATE sessions SET
				last_seen_at = CASE WHEN last_seen_at < $2 THEN $2 ELSE last_seen_at END,
				expires_at = CASE WHEN expires_at < $3 THEN $3 ELSE expires_at END
			WHERE id = $1 AND ended_at = 0`),
		// The expiry is not asked: touches are written late, so a session that looks expired here may
		// be in use, and would be revived by the next touch.
		end: db.writes("end session", `
			UPDATE sessions SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at = 0`),
		endAll: db.writes("end sessions of an account", `
			UPDATE sessions SET ended_at = $3, end_reason = $4
			WHERE account_id = $1 AND ended_at = 0 AND id <> $2 RETURNING id`),
		listLive: db.reads("list live sessions", `
			SELECT `+sessionColumns+` FROM sessions
			WHERE account_id = $1 AND ended_at = 0 AND id < $2 AND expires_at > $3 AND ends_at > $3
			ORDER BY id DESC LIMIT CAST($4 AS BIGINT)`),
		endedSince: db.reads("list ended sessions", `
			SELECT id FROM sessions WHERE ended_at > 0 AND ended_at >= $1`),
		deleteEnded: db.writes("delete ended sessions", `
			DELETE FROM sessions WHERE id IN (
				SELECT id FROM sessions WHERE ended_at > 0 AND ended_at < $1 ORDER BY ended_at LIMIT CAST($2 AS BIGINT))`),
		deleteExpired: db.writes("delete expired sessions", `
			DELETE FROM sessions WHERE id IN (
				SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT CAST($2 AS BIGINT))`),
		tokens: newTokens(db),
	}
}

// Create implements session.Store. Reasons: account.not_found.
func (s *Sessions) Create(ctx context.Context, v session.Session) error {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		s.db.current(ctx).happened(activitySignIn, clock.Millis(v.CreatedAt))
		_, err := s.create.exec(ctx, string(v.ID), string(v.Account), string(v.Kind), nullable(v.SkeyHash),
			v.SealedSessionKey, v.AppID, v.Address, v.UserAgent,
			clock.Millis(v.CreatedAt), clock.Millis(v.LastSeenAt), clock.Millis(v.ExpiresAt), clock.Millis(v.EndsAt),
			clock.Millis(v.EndedAt), v.EndReason)
		return err
	})
	if violatesForeign(err, "sessions_account_id_fkey") {
		return account.ErrNotFound
	}
	return err
}

// Get implements session.Store.
func (s *Sessions) Get(ctx context.Context, id id.Session) (session.Session, error) {
	found, ok, err := first(ctx, s.get, scanSession, string(id))
	if err == nil && !ok {
		err = session.ErrNotFound
	}
	return found, err
}

// FindBySkey implements session.Store.
func (s *Sessions) FindBySkey(ctx context.Context, hashes []string) (session.Session, bool, error) {
	rows, err := collectList(ctx, s.findBySkey, hashes, scanSession)
	if err != nil || len(rows) == 0 {
		return session.Session{}, false, err
	}
	return rows[0], true, nil
}

// Touch implements session.Store. Outside a transaction many callers share one commit.
func (s *Sessions) Touch(ctx context.Context, id id.Session, seenAt, expiresAt time.Time) error {
	touch := func(ctx context.Context) (int, error) {
		return s.touch.exec(ctx, string(id), clock.Millis(seenAt), clock.Millis(expiresAt))
	}
	if s.db.current(ctx) != nil {
		_, err := touch(ctx)
		return err
	}
	_, err := lone(ctx, s.db, touch)
	return err
}

// End implements session.Store.
func (s *Sessions) End(ctx context.Context, id id.Session, at time.Time, reason string) (bool, error) {
	n, err := s.end.exec(ctx, string(id), clock.Millis(at), reason)
	return n == 1, err
}

// EndAll implements session.Store. Among those it lists may be some that had expired already.
func (s *Sessions) EndAll(ctx context.Context, account id.Account, except id.Session, at time.Time, reason string) ([]id.Session, error) {
	return collect(ctx, s.endAll, value[id.Session], string(account), string(except), clock.Millis(at), reason)
}

// ListLive implements session.Store.
func (s *Sessions) ListLive(ctx context.Context, account id.Account, now time.Time, p page.Request) (page.Of[session.Session], error) {
	rows, err := collect(ctx, s.listLive, scanSession, string(account), before(p.After), clock.Millis(now), p.First+1)
	return page.Cut(rows, p.First), err
}

// EndedSince implements session.Store.
func (s *Sessions) EndedSince(ctx context.Context, since time.Time) ([]id.Session, error) {
	return collect(ctx, s.endedSince, value[id.Session], clock.Millis(since))
}

// DeleteExpired implements session.Store. A session's refresh tokens go with it.
func (s *Sessions) DeleteExpired(ctx context.Context, before time.Time, limit int) (int, error) {
	total := 0
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		ended, err := s.deleteEnded.exec(ctx, clock.Millis(before), limit)
		if err != nil {
			return err
		}
		expired, err := s.deleteExpired.exec(ctx, clock.Millis(before), limit-ended)
		if err != nil {
			return err
		}
		used, err := s.deleteTokens.exec(ctx, clock.Millis(before), limit)
		total = ended + expired + used
		return err
	})
	return total, err
}

func scanSession(r row) (v session.Session, err error) {
	err = r.Scan(&v.ID, &v.Account, &v.Kind, optional[string]{&v.SkeyHash}, &v.SealedSessionKey, &v.AppID,
		&v.Address, &v.UserAgent, millis{&v.CreatedAt}, millis{&v.LastSeenAt}, millis{&v.ExpiresAt},
		millis{&v.EndsAt}, millis{&v.EndedAt}, &v.EndReason)
	return v, err
}
