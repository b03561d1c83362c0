package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
)

// Engine is which database runs underneath.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// DB is an open database and the stores on it. Safe for concurrent use.
type DB struct {
	engine Engine
	clock  clock.Clock
	log    *slog.Logger

	// reader and writer are two pools on SQLite and the same one on Postgres.
	reader, writer *sql.DB
	// unlock gives back the lock on the folder; nil when none is held.
	unlock func() error
	group  *group
	closed atomic.Bool

	queries []*query

	meta       meta
	logs       *logs
	accounts   *Accounts
	sessions   *Sessions
	challenges *Challenges
	limits     *Limits
	events     *Events
	robots     *Robots
	broadcasts *Broadcasts
	activity   *Activity
}

func newDB(engine Engine, c Config) *DB {
	db := &DB{engine: engine, clock: c.Clock, log: c.Logger}
	db.meta = newMeta(db)
	db.logs = newLogs(db)
	db.accounts = newAccounts(db)
	db.sessions = newSessions(db)
	db.challenges = newChallenges(db)
	db.limits = newLimits(db)
	db.events = newEvents(db)
	db.robots = newRobots(db)
	db.broadcasts = newBroadcasts(db)
	db.activity = newActivity(db)
	return db
}

// Engine tells which database runs underneath.
func (db *DB) Engine() Engine { return db.engine }

// Accounts implements account.Store.
func (db *DB) Accounts() *Accounts { return db.accounts }

// Sessions implements session.Store.
func (db *DB) Sessions() *Sessions { return db.sessions }

// Challenges implements factor.Store.
func (db *DB) Challenges() *Challenges { return db.challenges }

// Limits implements limit.Counter.
func (db *DB) Limits() *Limits { return db.limits }

// Events implements event.Store.
func (db *DB) Events() *Events { return db.events }

// Robots implements robot.Store.
func (db *DB) Robots() *Robots { return db.robots }

// Broadcasts implements broadcast.Store.
func (db *DB) Broadcasts() *Broadcasts { return db.broadcasts }

// Activity implements overview.Store.
func (db *DB) Activity() *Activity { return db.activity }

// Ping tells whether the database answers. Reasons: store.unreachable, store.busy, store.closed.
func (db *DB) Ping(ctx context.Context) error {
	return db.fail(ctx, db.reader.PingContext(ctx), "ping")
}

// Close commits what has been taken, closes the database and gives back its lock. Operations that
// come later get store.closed. It waits at most ten seconds for shared commits under way. Calling it
// again does nothing.
func (db *DB) Close() error {
	if db.closed.Load() {
		return nil
	}
	var all []error
	if db.group != nil {
		all = append(all, db.group.close())
	}
	if db.closed.Swap(true) {
		return nil
	}
	// Readers first: the writer's leaving as the last one lets SQLite fold the log file into the
	// database.
	if db.reader != nil && db.reader != db.writer {
		all = append(all, db.reader.Close())
	}
	if db.writer != nil {
		all = append(all, db.writer.Close())
	}
	if db.unlock != nil {
		all = append(all, db.unlock())
	}
	return errors.Join(all...)
}

func durationOr(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}
