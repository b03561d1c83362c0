package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

// eachEngine runs a benchmark on both engines.
func eachEngine(b *testing.B, fn func(b *testing.B, address string)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, dbkit.SQLite(b)) })
	if address := dbkit.Postgres(b); address != "" {
		b.Run("postgres", func(b *testing.B) { fn(b, address) })
	}
}

// BenchmarkAppend is what a callback costs: many callers, each answered after a durable commit.
func BenchmarkAppend(b *testing.B) {
	eachEngine(b, func(b *testing.B, address string) {
		for _, callers := range []int{1, 64, 512} {
			b.Run(fmt.Sprint(callers, " callers"), func(b *testing.B) {
				db := dbkit.Open(b, store.Config{DSN: address})
				var n atomic.Int64
				run := time.Now().UnixNano()
				b.SetParallelism(callers)
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						e := anEvent(int(n.Add(1)))
						e.DedupeKey = fmt.Sprint(run, e.DedupeKey)
						e.Payload = make([]byte, 500)
						if _, _, err := db.Events().Append(context.WithoutCancel(b.Context()), e); err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "events/s")
				if err := db.Close(); err != nil {
					b.Error(err)
				}
			})
		}
	})
}

// BenchmarkGet is a point read by key.
func BenchmarkGet(b *testing.B) {
	eachEngine(b, func(b *testing.B, address string) {
		db := dbkit.Open(b, store.Config{DSN: address})
		if err := create(b.Context(), db, "li"); err != nil && errs.ReasonOf(err) != "account.username_taken" {
			b.Fatal(err)
		}
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, found, err := db.Accounts().FindByUsername(context.Background(), "li"); err != nil || !found {
					b.Error(found, err)
				}
			}
		})
	})
}

// BenchmarkHit is counting a use against a limit, durably, by many at once.
func BenchmarkHit(b *testing.B) {
	eachEngine(b, func(b *testing.B, address string) {
		db := dbkit.Open(b, store.Config{DSN: address})
		var n atomic.Int64
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			subject := fmt.Sprint(n.Add(1))
			for pb.Next() {
				if _, _, err := db.Limits().Hit(context.Background(), "rule", subject, time.Hour); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkOpen is what a start spends on an existing database.
func BenchmarkOpen(b *testing.B) {
	eachEngine(b, func(b *testing.B, address string) {
		for range b.N {
			db, err := store.Open(b.Context(), store.Config{DSN: address})
			if err == nil {
				_, err = db.Accounts().List(b.Context(), page.Request{First: 20})
			}
			if err == nil {
				err = db.Close()
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// fill puts n rows into every table that is paged, all of them finished long ago.
func fill(b *testing.B, db *store.DB, n int) {
	b.Helper()
	const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < CAST($1 AS BIGINT)) `
	for _, text := range []string{
		`INSERT INTO accounts (id, username, username_folded, password_hash, roles, is_owner, created_at, suspended_at)
			SELECT 'acct_' || CAST(10000000 + i AS TEXT), '', 'u' || CAST(i AS TEXT), '', 'MEMBER', 0, i, 0 FROM n`,
		`INSERT INTO sessions (id, account_id, kind, sealed_session_key, app_id, address, user_agent,
				created_at, last_seen_at, expires_at, ends_at, ended_at, end_reason)
			SELECT 'sess_' || CAST(10000000 + i AS TEXT), 'acct_10000001', 'TOKEN', '', '', '', '', i, i, i + 9, i + 9, i, 'logout' FROM n`,
		`INSERT INTO robots (id, name, keywords, sealed_token, sealed_secret, token_hash, blocked_until, created_at)
			SELECT 'robt_' || CAST(10000000 + i AS TEXT), CAST(i AS TEXT), '[]', '', '', CAST(i AS TEXT), 0, i FROM n WHERE i <= 100`,
		`INSERT INTO broadcasts (id, author, message, mentions, priority, idempotency_key, request_hash, send_at, created_at)
			SELECT 'bcst_' || CAST(10000000 + i AS TEXT), '', '{}', '{}', 1, '', '', i, i FROM n WHERE i <= 2`,
		`INSERT INTO deliveries (id, broadcast_id, robot_id, priority, status, msg_uuid, sealed_notice, attempts,
				created_at, due_at, next_attempt_at, expires_at, finished_at)
			SELECT 'dlvr_' || CAST(10000000 + i AS TEXT), 'bcst_' || CAST(10000001 + i % 2 AS TEXT), 'robt_' || CAST(10000001 + i % 100 AS TEXT),
				i % 3, 'SENT', '', '', 1, i, i, i, 0, i FROM n`,
		`INSERT INTO attempts (id, delivery_id, robot_id, started_at, ended_at, outcome, platform_code, platform_message)
			SELECT 'atmp_' || CAST(10000000 + i AS TEXT), 'dlvr_' || CAST(10000000 + i AS TEXT), 'robt_' || CAST(10000001 + i % 100 AS TEXT),
				i, i, 'ACCEPTED', '0', 'ok' FROM n`,
		`INSERT INTO events (position, id, app, dedupe_key, type, corp_id, occurred_at, received_at, payload)
			SELECT i, CAST(i AS TEXT), 'corp', CAST(i AS TEXT), CASE WHEN i % 100000 = 999 THEN 'rare' ELSE 'common' END,
				CASE WHEN i % 100000 = 998 THEN 'seldom' ELSE 'often' END, i, i, '' FROM n`,
	} {
		args := []any{n}
		if db.Engine() == store.Postgres && strings.Contains(text, "payload") {
			text = strings.Replace(text, "i, i, '' FROM", "i, i, CAST('' AS BYTEA) FROM", 1)
		} else {
			text = strings.Replace(text, "i, i, '' FROM", "i, i, x'' FROM", 1)
		}
		if _, err := db.Writer().ExecContext(b.Context(), numbers+text, args...); err != nil {
			b.Fatalf("%v in %s", err, text)
		}
	}
	if _, err := db.Writer().ExecContext(b.Context(), "UPDATE logs SET position = $1 WHERE name = 'event'", n); err != nil {
		b.Fatal(err)
	}
	// The aftermath of the filling is not what is measured.
	settle := "PRAGMA wal_checkpoint(TRUNCATE)"
	if db.Engine() == store.Postgres {
		settle = "VACUUM ANALYZE"
	}
	if _, err := db.Writer().ExecContext(b.Context(), settle); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMillion reads a page of every list and goes through the worker's round, first and deep, at
// 1,000 and at 1,000,000 rows: the times must be the same. Filling takes minutes.
func BenchmarkMillion(b *testing.B) {
	for _, rows := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprint(rows, " rows"), func(b *testing.B) {
			eachEngine(b, func(b *testing.B, address string) {
				db := dbkit.Open(b, store.Config{DSN: address})
				fill(b, db, rows)
				for name, call := range readings(db, rows) {
					b.Run(name, func(b *testing.B) {
						for range b.N {
							if err := call(context.Background()); err != nil {
								b.Fatal(err)
							}
						}
					})
				}
			})
		})
	}
}

func readings(db *store.DB, rows int) map[string]func(ctx context.Context) error {
	deep := func(prefix string) page.Request {
		return page.Request{First: 20, After: fmt.Sprintf("%s_%d", prefix, 10_000_000+rows/2)}
	}
	events := func(f event.Filter, after int64) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			_, err := db.Events().List(ctx, event.ListQuery{Filter: f, After: after, Limit: 21, Payloads: true})
			return err
		}
	}
	now := time.UnixMilli(int64(rows) + 10_000_000)
	n := 0
	return map[string]func(ctx context.Context) error{
		"accounts first": func(ctx context.Context) error {
			_, err := db.Accounts().List(ctx, page.Request{First: 20})
			return err
		},
		"accounts deep": func(ctx context.Context) error { _, err := db.Accounts().List(ctx, deep("acct")); return err },
		"sessions": func(ctx context.Context) error {
			_, err := db.Sessions().ListLive(ctx, "acct_10000001", now, page.Request{First: 20})
			return err
		},
		"deliveries deep": func(ctx context.Context) error {
			_, err := db.Broadcasts().ListDeliveries(ctx, "bcst_10000001", deep("dlvr"))
			return err
		},
		"events deep":        events(event.Filter{}, int64(rows/2)),
		"events rare type":   events(event.Filter{Types: []string{"rare"}}, 0),
		"events rare both":   events(event.Filter{Types: []string{"common"}, CorpID: "seldom"}, 0),
		"events common type": events(event.Filter{Types: []string{"common", "rare"}}, int64(rows/2)),
		"event bounds":       func(ctx context.Context) error { _, err := db.Events().Bounds(ctx); return err },
		"worker round": func(ctx context.Context) error {
			n++
			d := broadcast.Delivery{
				ID: id.Delivery(id.New(id.DeliveryPrefix, now)), Robot: "robt_10000042", Priority: broadcast.Normal, Status: broadcast.Queued, NextAttemptAt: now,
			}
			if err := db.Broadcasts().CreateNotice(ctx, d); err != nil {
				return err
			}
			due, _, err := db.Broadcasts().DueRobots(ctx, now, 16)
			if err != nil || len(due) != 1 {
				return fmt.Errorf("%d due, %w", len(due), err)
			}
			r := claimRequest(due[0], now)
			r.Max = 1 << 40
			if _, ok, err := db.Broadcasts().Claim(ctx, r); err != nil || !ok {
				return fmt.Errorf("claimed %v, %w", ok, err)
			}
			done := completion(r.Attempt)
			done.Attempt.EndedAt = now.Add(-time.Hour)
			if err := db.Broadcasts().Complete(ctx, done); err != nil {
				return err
			}
			_, err = db.Broadcasts().Recover(ctx, now, false)
			return err
		},
		"new robot": func(ctx context.Context) error {
			n++
			name := fmt.Sprintf("new %d %d", n, time.Now().UnixNano())
			return db.Robots().Create(ctx, robot.Robot{ID: id.Robot(name), Name: name, TokenHash: name})
		},
	}
}
