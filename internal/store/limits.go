package store

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
)

// Limits implements limit.Counter.
type Limits struct {
	db                               *DB
	hit, peek, forget, deleteExpired *query
}

func newLimits(db *DB) *Limits {
	return &Limits{
		db: db,
		hit: db.writes("count use", `
			INSERT INTO limit_counters (rule, subject, hits, ends_at) VALUES ($1, $2, 1, $4)
			ON CONFLICT (rule, subject) DO UPDATE SET
				hits = CASE WHEN limit_counters.ends_at <= $3 THEN 1 ELSE limit_counters.hits + 1 END,
				ends_at = CASE WHEN limit_counters.ends_at <= $3 THEN excluded.ends_at ELSE limit_counters.ends_at END
			RETURNING hits, ends_at`),
		peek: db.reads("read uses", `
			SELECT hits, ends_at FROM limit_counters WHERE rule = $1 AND subject = $2 AND ends_at > $3`),
		forget: db.writes("forget uses", `DELETE FROM limit_counters WHERE rule = $1 AND subject = $2`),
		deleteExpired: db.writes("delete counters", `
			DELETE FROM limit_counters WHERE (rule, subject) IN (
				SELECT rule, subject FROM limit_counters WHERE ends_at < $1 ORDER BY ends_at LIMIT CAST($2 AS BIGINT))`),
	}
}

// uses is a counter as it stands.
type uses struct {
	count int
	ends  time.Time
}

// Hit implements limit.Counter. It commits by itself, whatever becomes of the caller's work; inside a
// transaction, whose rollback would take the use back, it fails. Times are kept in milliseconds.
func (s *Limits) Hit(ctx context.Context, rule, subject string, window time.Duration) (int, time.Time, error) {
	if s.db.current(ctx) != nil {
		return 0, time.Time{}, errInside("Hit")
	}
	now := s.db.clock.Now()
	counted, err := lone(ctx, s.db, func(ctx context.Context) (uses, error) {
		u, _, err := first(ctx, s.hit, scanUses, rule, subject, clock.Millis(now), clock.Millis(now.Add(window)))
		return u, err
	})
	return counted.count, counted.ends, err
}

// Peek implements limit.Counter.
func (s *Limits) Peek(ctx context.Context, rule, subject string) (int, time.Time, error) {
	u, _, err := first(ctx, s.peek, scanUses, rule, subject, clock.Millis(s.db.clock.Now()))
	return u.count, u.ends, err
}

// Forget implements limit.Counter.
func (s *Limits) Forget(ctx context.Context, rule, subject string) error {
	_, err := s.forget.exec(ctx, rule, subject)
	return err
}

// DeleteExpired drops counters whose window ended before the given time, at most limit, and gives how
// many went.
func (s *Limits) DeleteExpired(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.deleteExpired.exec(ctx, clock.Millis(before), limit)
}

func scanUses(r row) (u uses, err error) {
	err = r.Scan(&u.count, millis{&u.ends})
	return u, err
}
