package memstore

import (
	"context"
	"time"
)

// Limits implements limit.Counter.
type Limits struct{ db *DB }

type limitKey struct{ rule, subject string }

type window struct {
	count int
	ends  time.Time
}

// Hit implements limit.Counter. It refuses to count inside a transaction, whose rollback would undo it.
func (s *Limits) Hit(ctx context.Context, rule, subject string, length time.Duration) (count int, ends time.Time, err error) {
	if s.db.inTx(ctx) {
		return 0, time.Time{}, errInTx
	}
	now := s.db.clock.Now()
	err = s.db.do(ctx, "Limits.Hit "+rule, func(st *state) error {
		w := st.limits[limitKey{rule, subject}]
		if !w.ends.After(now) {
			w = window{ends: now.Add(length)}
		}
		w.count++
		st.limits[limitKey{rule, subject}] = w
		count, ends = w.count, w.ends
		return nil
	})
	return count, ends, err
}

// Peek implements limit.Counter.
func (s *Limits) Peek(ctx context.Context, rule, subject string) (count int, ends time.Time, err error) {
	now := s.db.clock.Now()
	err = s.db.do(ctx, "Limits.Peek "+rule, func(st *state) error {
		if w := st.limits[limitKey{rule, subject}]; w.ends.After(now) {
			count, ends = w.count, w.ends
		}
		return nil
	})
	return count, ends, err
}

// Forget implements limit.Counter.
func (s *Limits) Forget(ctx context.Context, rule, subject string) error {
	return s.db.do(ctx, "Limits.Forget "+rule, func(st *state) error {
		delete(st.limits, limitKey{rule, subject})
		return nil
	})
}
