package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/overview"
)

// What is counted, as the table activity names it.
const (
	activityEvent  = "event"
	activitySent   = "sent"
	activityFailed = "failed"
	activitySignIn = "sign_in"
)

// Activity implements overview.Store.
type Activity struct {
	add, counts *query
}

func newActivity(db *DB) *Activity {
	return &Activity{
		add: db.writes("add activity", `
			INSERT INTO activity (at, kind, n) VALUES ($1, $2, $3)
			ON CONFLICT (at, kind) DO UPDATE SET n = activity.n + excluded.n`),
		counts: db.reads("count activity", `
			SELECT (at - $1) / $3, kind, CAST(SUM(n) AS BIGINT) FROM activity
			WHERE at >= $1 AND at < $2 GROUP BY 1, 2`),
	}
}

// activityKey is a row of the table activity.
type activityKey struct {
	at   int64
	kind string
}

// happened counts something that the transaction does, at a time in milliseconds. The count is written
// just before the commit, once however often it is called: on Postgres the row is locked no longer than
// needed.
func (t *tx) happened(kind string, at int64) {
	if t.activity == nil {
		t.activity = map[activityKey]int{}
	}
	t.activity[activityKey{at - at%overview.Grain.Milliseconds(), kind}]++
}

// flush writes what a transaction has counted, in an order that keeps two of them from waiting for each
// other.
func (s *Activity) flush(ctx context.Context, t *tx) error {
	keys := make([]activityKey, 0, len(t.activity))
	for k := range t.activity {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b activityKey) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind)) })
	for _, k := range keys {
		if _, err := s.add.exec(ctx, k.at, k.kind, t.activity[k]); err != nil {
			return err
		}
	}
	return nil
}

// Counts implements overview.Store. It reads at most four rows for each quarter of an hour, however much
// has happened in it.
func (s *Activity) Counts(ctx context.Context, from, to time.Time, step time.Duration) (map[int]overview.Counts, error) {
	counts := map[int]overview.Counts{}
	err := s.counts.each(ctx, func(r row) error {
		var bucket, n int
		var kind string
		if err := r.Scan(&bucket, &kind, &n); err != nil {
			return err
		}
		c := counts[bucket]
		switch kind {
		case activityEvent:
			c.Events = n
		case activitySent:
			c.Sent = n
		case activityFailed:
			c.Failed = n
		case activitySignIn:
			c.SignIns = n
		}
		counts[bucket] = c
		return nil
	}, clock.Millis(from), clock.Millis(to), step.Milliseconds())
	return counts, err
}
