package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/overview"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func counts(t *testing.T, db *store.DB, step time.Duration) map[int]overview.Counts {
	t.Helper()
	got, err := db.Activity().Counts(t.Context(), start(), after(24*time.Hour), step)
	must(t, err)
	return got
}

func wantCounts(t *testing.T, what string, db *store.DB, wanted map[int]overview.Counts) {
	t.Helper()
	if got := counts(t, db, time.Hour); !maps.Equal(got, wanted) {
		t.Fatalf("%s: got %+v, want %+v", what, got, wanted)
	}
}

func TestEverythingThatHappensIsCountedOnceAtItsTime(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		late := anEvent(90) // minutes after the start
		appendEvents(t, db, anEvent(0), anEvent(1), late)
		_, isNew, err := db.Events().Append(t.Context(), late)
		if err != nil || isNew {
			t.Fatal(isNew, err)
		}
		wantCounts(t, "events", db, map[int]overview.Counts{0: {Events: 2}, 1: {Events: 1}})

		who := newAccount(t, db, "li")
		begin := func(ctx context.Context, n int) error {
			return db.Sessions().Create(ctx, session.Session{
				ID: numbered[id.Session]("sess", n), Account: who, Kind: session.Token, CreatedAt: after(119 * time.Minute),
			})
		}
		must(t, begin(t.Context(), 1))
		rolledBack := errors.New("no")
		if err := db.InTx(t.Context(), func(ctx context.Context) error { return errors.Join(begin(ctx, 2), rolledBack) }); !errors.Is(err, rolledBack) {
			t.Fatal(err)
		}
		wantCounts(t, "sessions", db, map[int]overview.Counts{0: {Events: 2}, 1: {Events: 1, SignIns: 1}})

		to := newRobot(t, db, 0)
		same := func(*broadcast.Delivery) {}
		notices := newNotices(t, db, to, 1, same, nil,
			func(d *broadcast.Delivery) { d.ExpiresAt = after(30 * time.Minute); d.NextAttemptAt = after(time.Hour) },
			func(d *broadcast.Delivery) { d.Status, d.FinishedAt = broadcast.Expired, start() }) // a decoy: nothing happened
		for _, status := range []broadcast.Status{broadcast.Sent, broadcast.Failed} {
			_, attempt := claim(t, db, to, start())
			c := completion(attempt)
			c.Status = status
			must(t, db.Broadcasts().Complete(t.Context(), c))
			must(t, db.Broadcasts().Complete(t.Context(), c))
		}
		claim(t, db, to, after(40*time.Minute)) // the third expires on the way
		want(t, "the third", delivery(t, db, notices[2]).Status, broadcast.Expired)
		wantCounts(t, "deliveries", db, map[int]overview.Counts{0: {Events: 2, Sent: 1, Failed: 2}, 1: {Events: 1, SignIns: 1}})

		if got := counts(t, db, 24*time.Hour); !maps.Equal(got, map[int]overview.Counts{0: {Events: 3, Sent: 1, Failed: 2, SignIns: 1}}) {
			t.Fatalf("by day: %+v", got)
		}
	})
}

func TestCountsOutliveWhatTheyCount(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		appendEvents(t, db, anEvent(0), anEvent(1))
		gone, err := db.Events().DeleteBefore(t.Context(), after(time.Hour), 10)
		must(t, err)
		want(t, "gone", gone, 2)
		wantCounts(t, "events", db, map[int]overview.Counts{0: {Events: 2}})
	})
}

func TestManyAtOnceAreAllCounted(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		who := newAccount(t, db, "li")
		must(t, errors.Join(atOnce(40, func(i int) error {
			if i%2 == 0 {
				_, _, err := db.Events().Append(t.Context(), anEvent(i%60))
				return err
			}
			return db.Sessions().Create(t.Context(), session.Session{ID: numbered[id.Session]("sess", i), Account: who, CreatedAt: start()})
		})...))
		wantCounts(t, "all", db, map[int]overview.Counts{0: {Events: 20, SignIns: 20}})
	})
}

// What an older version has stored is counted when the database is brought up to date.
func TestTheMigrationCountsWhatIsThere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "old.db")
	old, err := sql.Open("sqlite", "file:"+path)
	must(t, err)
	core, err := os.ReadFile("migrations/sqlite/00001_core.sql")
	must(t, err)
	_, err = old.ExecContext(t.Context(), string(core)+fmt.Sprintf(`
		CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));
		INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1);
		INSERT INTO events (position, id, app, dedupe_key, type, corp_id, occurred_at, received_at, payload) VALUES
			(1, 'e1', 'a', '1', 't', '', 0, %[1]d, x''), (2, 'e2', 'a', '2', 't', '', 0, %[1]d + 3600000, x'');
		INSERT INTO robots (id, name, keywords, sealed_token, sealed_secret, token_hash, blocked_until, created_at) VALUES ('r', 'r', '[]', '', '', 'h', 0, 0);
		INSERT INTO deliveries (id, robot_id, priority, status, msg_uuid, sealed_notice, attempts, created_at, due_at, next_attempt_at, expires_at, finished_at) VALUES
			('d1', 'r', 1, 'SENT', '', '', 1, 0, 0, 0, 0, %[1]d), ('d2', 'r', 1, 'FAILED', '', '', 1, 0, 0, 0, 0, %[1]d + 899999), ('d3', 'r', 1, 'QUEUED', '', '', 0, 0, 0, 0, 0, 0);
		INSERT INTO accounts VALUES ('a', '', NULL, NULL, '', '', 0, 0, 0);
		INSERT INTO sessions VALUES ('s', 'a', 'TOKEN', NULL, '', '', '', '', %[1]d, 0, 0, 0, 0, '');`, start().UnixMilli()))
	must(t, err)
	must(t, old.Close())
	db := dbkit.Open(t, store.Config{DSN: path})
	wantCounts(t, "all", db, map[int]overview.Counts{0: {Events: 1, Sent: 1, Failed: 1, SignIns: 1}, 1: {Events: 1}})
}
