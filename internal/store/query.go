package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// query is one SQL text, the same for both engines. There is no other way to run SQL on tables than
// through a registered query, so DB.queries is complete and a test can prepare them all. A LIMIT's
// parameter is written with a CAST: SQLite plans by a bare one's value, and would compile the statement
// anew at each run, which takes three times as long as running it.
type query struct {
	db     *DB
	name   string
	text   string
	writes bool
	// onReader and onWriter are for SQLite, where prepared statements read half as fast again as
	// texts. The driver of Postgres keeps its own, per connection.
	onReader, onWriter prepared
}

// row is what a scan function reads from.
type row interface{ Scan(dest ...any) error }

// reads registers a query that changes nothing. Outside a transaction it runs on the read pool.
func (db *DB) reads(name, text string) *query { return db.register(name, text, false) }

// writes registers a query that changes rows.
func (db *DB) writes(name, text string) *query { return db.register(name, text, true) }

func (db *DB) register(name, text string, writes bool) *query {
	q := &query{db: db, name: name, text: text, writes: writes}
	db.queries = append(db.queries, q)
	return q
}

// each runs the query in the transaction of the context, or by itself, and scans every row. It reads
// to the end even when one row is expected: SQLite commits a lone INSERT … RETURNING when its last
// row has been fetched, and only then is its answer worth anything.
func (q *query) each(ctx context.Context, scan func(row) error, args ...any) error {
	args, err := checked(args)
	if err != nil {
		return q.db.fail(ctx, err, q.name)
	}
	t := q.db.current(ctx)
	rows, err := q.runner(ctx, t).QueryContext(ctx, args...)
	if err == nil {
		err = drain(rows, scan)
	}
	if err != nil {
		t.doom(err)
		return q.db.fail(ctx, err, q.name)
	}
	return nil
}

func drain(rows *sql.Rows, scan func(row) error) error {
	for rows.Next() {
		if err := scan(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// exec runs the query and gives how many rows it changed.
func (q *query) exec(ctx context.Context, args ...any) (int, error) {
	args, err := checked(args)
	if err != nil {
		return 0, q.db.fail(ctx, err, q.name)
	}
	t := q.db.current(ctx)
	result, err := q.runner(ctx, t).ExecContext(ctx, args...)
	if err != nil {
		t.doom(err)
		return 0, q.db.fail(ctx, err, q.name)
	}
	n, err := result.RowsAffected()
	return int(n), q.db.fail(ctx, err, q.name)
}

// first gives the first row, and false when there is none.
func first[T any](ctx context.Context, q *query, scan func(row) (T, error), args ...any) (T, bool, error) {
	var found T
	seen := false
	err := q.each(ctx, func(r row) (err error) {
		if seen {
			return nil
		}
		seen = true
		found, err = scan(r)
		return err
	}, args...)
	return found, seen && err == nil, err
}

// collect gives every row.
func collect[T any](ctx context.Context, q *query, scan func(row) (T, error), args ...any) ([]T, error) {
	var all []T
	err := q.each(ctx, func(r row) error {
		one, err := scan(r)
		all = append(all, one)
		return err
	}, args...)
	return all, err
}

// value scans a row of one column.
func value[T any](r row) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}

// checked replaces what Postgres would refuse in a text, the NUL byte and invalid UTF-8, by U+FFFD on
// both engines: a name that cannot be stored is then simply not found, instead of an internal error
// on one engine and a surprise on the other.
func checked(args []any) ([]any, error) {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			if strings.IndexByte(v, 0) >= 0 || !utf8.ValidString(v) {
				args[i] = strings.ReplaceAll(strings.ToValidUTF8(v, "\uFFFD"), "\x00", "\uFFFD")
			}
		case nil, int, int64, []byte:
		default:
			return nil, fmt.Errorf("argument %d has type %T, which no query takes", i+1, arg)
		}
	}
	return args, nil
}

// nullable makes NULL of the empty string, for columns in which the empty string must not be unique.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
