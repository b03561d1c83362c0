package store

import (
	"context"
	"database/sql"
)

// QueryText is a registered query, for tests.
type QueryText struct{ Name, Text string }

// Queries lists every registered query.
func (db *DB) Queries() []QueryText {
	all := make([]QueryText, 0, len(db.queries))
	for _, q := range db.queries {
		all = append(all, QueryText{q.name, q.text})
	}
	return all
}

// Writer gives the pool that writes.
func (db *DB) Writer() *sql.DB { return db.writer }

// Reader gives the pool that reads.
func (db *DB) Reader() *sql.DB { return db.reader }

// Grouped runs op in the group commit.
func Grouped[T any](ctx context.Context, db *DB, op func(ctx context.Context) (T, error)) (T, error) {
	return grouped(ctx, db, op)
}

// MaxBatch is how many operations share one commit at most.
const MaxBatch = maxBatch

// Waiting tells how many operations wait for the next shared commit.
func (db *DB) Waiting() int {
	db.group.mu.Lock()
	defer db.group.mu.Unlock()
	return len(db.group.waiting)
}

// Fail translates a driver's error.
func (db *DB) Fail(ctx context.Context, err error) error { return db.fail(ctx, err, "test") }

// CheckUpTo is the size of a file up to which it is checked whole.
const CheckUpTo = checkUpTo
