package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/posthouse/posthouse/internal/errs"
)

// maxTries bounds how often a transaction that lost a deadlock is run.
const maxTries = 5

// tx is a transaction on its way through the context.
type tx struct {
	db  *DB
	sql *sql.Tx
	// failed is the first failure of a statement or of an inner InTx. On Postgres nothing can be
	// committed after a failed statement; we hold SQLite to the same, lest code work on one only.
	failed error
	// tails are the logs appended to, locked since their first append.
	tails map[string]*tail
	// updates are entries of the delivery feed, written just before the commit so that the feed's
	// lock is held briefly.
	updates []update
	// activity is what the transaction does that charts count.
	activity map[activityKey]int
	after    []func()
	// unprepared are queries that were run as texts.
	unprepared []*query
}

// txKey finds the transaction of one DB, so that two databases in one process never mix.
type txKey struct{ db *DB }

// current gives the transaction of the context, nil when there is none.
func (db *DB) current(ctx context.Context) *tx {
	t, _ := ctx.Value(txKey{db}).(*tx)
	return t
}

// doom remembers that the transaction cannot be committed. On nil it does nothing.
func (t *tx) doom(err error) {
	if t != nil && t.failed == nil {
		t.failed = err
	}
}

// InTx runs fn in a transaction and commits it, unless fn returns an error or panics. Inside a
// transaction of the context it joins that one: the outermost commits, and an inner failure fails the
// whole. fn must use the context it is given; on SQLite a write with another one waits for the very
// connection that the transaction holds.
//
// fn may run more than once: on Postgres a transaction that lost a deadlock or a serialization race
// is run again, so fn must not do what cannot be undone (use AfterCommit for that). Errors of fn come
// back unchanged. Reasons of its own: store.busy, store.disk_full, store.unreachable.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if t := db.current(ctx); t != nil {
		err := fn(ctx)
		t.doom(err)
		return err
	}
	for try := 1; ; try++ {
		t, err := db.attempt(ctx, fn)
		if err == nil {
			t.prepareMissing(ctx)
			for _, after := range t.after {
				after()
			}
			return nil
		}
		if try == maxTries || !lostRace(err) || ctx.Err() != nil {
			return err
		}
	}
}

// AfterCommit runs fn once the transaction of the context has been committed, and at once when there
// is none. After a rollback fn never runs.
func (db *DB) AfterCommit(ctx context.Context, fn func()) {
	if t := db.current(ctx); t != nil {
		t.after = append(t.after, fn)
		return
	}
	fn()
}

func (db *DB) attempt(ctx context.Context, fn func(ctx context.Context) error) (*tx, error) {
	begun, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, db.fail(ctx, err, "begin")
	}
	t := &tx{db: db, sql: begun}
	// Also when fn panics. After a commit it does nothing; a failure of its own changes nothing, since
	// what is not committed is gone anyway.
	defer func() { _ = begun.Rollback() }()
	inside := context.WithValue(ctx, txKey{db}, t)
	if err := fn(inside); err != nil {
		return nil, err
	}
	if t.failed == nil {
		err = t.flush(inside)
	}
	if t.failed != nil {
		return nil, t.db.fail(ctx, errors.Join(errSwallowed, t.failed), "commit")
	}
	if err != nil {
		return nil, err
	}
	if err := begun.Commit(); err != nil {
		return nil, db.fail(ctx, err, "commit")
	}
	return t, nil
}

// What the transaction itself can find wrong.
var (
	errSwallowed = errors.New("a failure within the transaction")
	errNoLog     = errors.New("the log has no row in the table logs")
)

// errInside is what a method gives that commits by itself, when it is called inside a transaction.
func errInside(method string) error {
	return errs.Wrap(fmt.Errorf("%s commits by itself and must be called outside InTx", method), "misuse of a transaction")
}
