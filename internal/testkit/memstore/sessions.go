package memstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/session"
)

// Sessions implements session.Store.
type Sessions struct{ db *DB }

// Create implements session.Store.
func (s *Sessions) Create(ctx context.Context, row session.Session) error {
	return s.db.do(ctx, "Sessions.Create", func(st *state) error {
		st.sessions[row.ID] = row
		return nil
	})
}

// Get implements session.Store.
func (s *Sessions) Get(ctx context.Context, sid id.Session) (row session.Session, err error) {
	err = s.db.do(ctx, "Sessions.Get", func(st *state) error {
		var ok bool
		if row, ok = st.sessions[sid]; !ok {
			return session.ErrNotFound
		}
		return nil
	})
	return row, err
}

// FindBySkey implements session.Store.
func (s *Sessions) FindBySkey(ctx context.Context, hashes []string) (row session.Session, ok bool, err error) {
	err = s.db.do(ctx, "Sessions.FindBySkey", func(st *state) error {
		for _, r := range st.sessions {
			if r.SkeyHash != "" && slices.Contains(hashes, r.SkeyHash) {
				row, ok = r, true
			}
		}
		return nil
	})
	return row, ok, err
}

// Touch implements session.Store.
func (s *Sessions) Touch(ctx context.Context, sid id.Session, seenAt, expiresAt time.Time) error {
	return s.db.do(ctx, "Sessions.Touch", func(st *state) error {
		row, ok := st.sessions[sid]
		if !ok || !row.EndedAt.IsZero() {
			return nil
		}
		row.LastSeenAt = seenAt
		if !expiresAt.IsZero() {
			row.ExpiresAt = expiresAt
		}
		st.sessions[sid] = row
		return nil
	})
}

// End implements session.Store.
func (s *Sessions) End(ctx context.Context, sid id.Session, at time.Time, reason string) (lived bool, err error) {
	err = s.db.do(ctx, "Sessions.End", func(st *state) error {
		row, ok := st.sessions[sid]
		if lived = ok && row.EndedAt.IsZero(); lived {
			row.EndedAt, row.EndReason = at, reason
			st.sessions[sid] = row
		}
		return nil
	})
	return lived, err
}

// EndAll implements session.Store.
func (s *Sessions) EndAll(ctx context.Context, owner id.Account, except id.Session, at time.Time, reason string) (ended []id.Session, err error) {
	err = s.db.do(ctx, "Sessions.EndAll", func(st *state) error {
		for sid, row := range st.sessions {
			if row.Account == owner && sid != except && row.EndedAt.IsZero() {
				row.EndedAt, row.EndReason = at, reason
				st.sessions[sid] = row
				ended = append(ended, sid)
			}
		}
		return nil
	})
	return ended, err
}

// ListLive implements session.Store.
func (s *Sessions) ListLive(ctx context.Context, owner id.Account, now time.Time, p page.Request) (out page.Of[session.Session], err error) {
	err = s.db.do(ctx, "Sessions.ListLive", func(st *state) error {
		var rows []session.Session
		for _, row := range st.sessions {
			if row.Account == owner && row.EndedAt.IsZero() && now.Before(row.ExpiresAt) && (p.After == "" || string(row.ID) < p.After) {
				rows = append(rows, row)
			}
		}
		slices.SortFunc(rows, func(a, b session.Session) int { return cmp.Compare(b.ID, a.ID) })
		out = page.Cut(rows, p.First)
		return nil
	})
	return out, err
}

// EndedSince implements session.Store.
func (s *Sessions) EndedSince(ctx context.Context, since time.Time) (ended []id.Session, err error) {
	err = s.db.do(ctx, "Sessions.EndedSince", func(st *state) error {
		for sid, row := range st.sessions {
			if !row.EndedAt.IsZero() && !row.EndedAt.Before(since) {
				ended = append(ended, sid)
			}
		}
		return nil
	})
	return ended, err
}

// CreateRefreshToken implements session.Store.
func (s *Sessions) CreateRefreshToken(ctx context.Context, t session.RefreshToken) error {
	return s.db.do(ctx, "Sessions.CreateRefreshToken", func(st *state) error {
		st.refresh[t.Hash] = t
		return nil
	})
}

// UseRefreshToken implements session.Store.
func (s *Sessions) UseRefreshToken(ctx context.Context, hashes []string, at time.Time, retryHash string) (was session.RefreshToken, ok bool, err error) {
	err = s.db.do(ctx, "Sessions.UseRefreshToken", func(st *state) error {
		for _, hash := range hashes {
			if was, ok = st.refresh[hash]; !ok {
				continue
			}
			if was.UsedAt.IsZero() {
				used := was
				used.UsedAt, used.RetryHash = at, retryHash
				st.refresh[hash] = used
			}
			return nil
		}
		return nil
	})
	return was, ok, err
}

// DeleteExpired implements session.Store.
func (s *Sessions) DeleteExpired(ctx context.Context, before time.Time, most int) (n int, err error) {
	err = s.db.do(ctx, "Sessions.DeleteExpired", func(st *state) error {
		for sid, row := range st.sessions {
			over := row.ExpiresAt
			if !row.EndedAt.IsZero() {
				over = row.EndedAt
			}
			if over.Before(before) && n < most {
				delete(st.sessions, sid)
				n++
			}
		}
		tokens := 0
		for hash, t := range st.refresh {
			if t.ExpiresAt.Before(before) && tokens < most {
				delete(st.refresh, hash)
				tokens++
			}
		}
		n += tokens
		return nil
	})
	return n, err
}
