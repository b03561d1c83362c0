package memstore

import (
	"context"
	"errors"
	"time"

	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/id"
)

// Challenges implements factor.Store.
type Challenges struct{ db *DB }

var errInTx = errors.New("memstore: this must be called outside a transaction, since it commits by itself")

// Stored gives a challenge as it is kept.
func (s *Challenges) Stored(challenge id.Challenge) factor.Challenge {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	return s.db.state.challenges[challenge]
}

// Create implements factor.Store.
func (s *Challenges) Create(ctx context.Context, c factor.Challenge) error {
	return s.db.do(ctx, "Challenges.Create", func(st *state) error {
		st.challenges[c.ID] = c
		return nil
	})
}

// CountTry implements factor.Store.
func (s *Challenges) CountTry(ctx context.Context, challenge id.Challenge) (c factor.Challenge, ok bool, err error) {
	if s.db.inTx(ctx) {
		return c, false, errInTx
	}
	err = s.db.do(ctx, "Challenges.CountTry", func(st *state) error {
		if c, ok = st.challenges[challenge]; ok {
			c.Tries++
			st.challenges[challenge] = c
		}
		return nil
	})
	return c, ok, err
}

// Consume implements factor.Store.
func (s *Challenges) Consume(ctx context.Context, challenge id.Challenge, at time.Time) (first bool, err error) {
	err = s.db.do(ctx, "Challenges.Consume", func(st *state) error {
		c, ok := st.challenges[challenge]
		if first = ok && c.ConsumedAt.IsZero(); first {
			c.ConsumedAt = at
			st.challenges[challenge] = c
		}
		return nil
	})
	return first, err
}

// StartCooldown implements factor.Store.
func (s *Challenges) StartCooldown(ctx context.Context, folded string, now, until time.Time) (ok bool, ends time.Time, err error) {
	err = s.db.do(ctx, "Challenges.StartCooldown", func(st *state) error {
		if ends = st.cooldowns[folded]; ends.After(now) {
			return nil
		}
		st.cooldowns[folded] = until
		ok, ends = true, time.Time{}
		return nil
	})
	return ok, ends, err
}

// DeleteExpired implements factor.Store.
func (s *Challenges) DeleteExpired(ctx context.Context, before time.Time, most int) (n int, err error) {
	err = s.db.do(ctx, "Challenges.DeleteExpired", func(st *state) error {
		for key, c := range st.challenges {
			if c.ExpiresAt.Before(before) && n < most {
				delete(st.challenges, key)
				n++
			}
		}
		for key, ends := range st.cooldowns {
			if ends.Before(before) && n < most {
				delete(st.cooldowns, key)
				n++
			}
		}
		return nil
	})
	return n, err
}
