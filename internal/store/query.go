package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// query is one SQL text, the same for both engines. There is no other way to run SQL on tables than
// through a registered query, so DB.queries is complete and a test can prepare them all.
type query struct {
	db     *DB
	name   string
	text   string
	writes bool
	// onReader and onWriter are prepared when the database is opened; nil on Postgres, whose driver
	// keeps prepared statements per connection by itself.
	onReader, onWriter *sql.Stmt
}

// row is what a scan function reads from.
type row interface{ Scan(dest ...any) error }

// reads registers a query that changes nothing. Outside a transaction it runs on the read pool.
func (db *DB) reads(name, text string) *query { return db.register(name, text, false) }

// writes registers a query that changes rows.
func (db *DB) writes(name, text string) *query { return db.register(name, text, true) }

// bareLimit is a LIMIT whose number is a parameter and nothing else.
var bareLimit = regexp.MustCompile(`LIMIT (\$\d+)`)

// register keeps SQLite from planning by the number that a LIMIT is given: a statement with a bare
// parameter there is compiled anew each time it is bound, which takes three times as long as running
// it. What is cast is not looked at.
func (db *DB) register(name, text string, writes bool) *query {
	text = bareLimit.ReplaceAllString(text, "LIMIT CAST($1 AS BIGINT)")
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
	rows, err := q.start(ctx, t, args)
	if err == nil {
		err = drain(rows, scan)
	}
	if err != nil {
		t.doom(err)
		return q.db.fail(ctx, err, q.name)
	}
	return nil
}

func (q *query) start(ctx context.Context, t *tx, args []any) (*sql.Rows, error) {
	switch {
	case t != nil && q.onWriter != nil:
		return t.sql.StmtContext(ctx, q.onWriter).QueryContext(ctx, args...)
	case t != nil:
		return t.sql.QueryContext(ctx, q.text, args...)
	case q.writes && q.onWriter != nil:
		return q.onWriter.QueryContext(ctx, args...)
	case q.writes:
		return q.db.writer.QueryContext(ctx, q.text, args...)
	case q.onReader != nil:
		return q.onReader.QueryContext(ctx, args...)
	default:
		return q.db.reader.QueryContext(ctx, q.text, args...)
	}
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
	result, err := q.startExec(ctx, t, args)
	if err != nil {
		t.doom(err)
		return 0, q.db.fail(ctx, err, q.name)
	}
	n, err := result.RowsAffected()
	return int(n), q.db.fail(ctx, err, q.name)
}

func (q *query) startExec(ctx context.Context, t *tx, args []any) (sql.Result, error) {
	switch {
	case t != nil && q.onWriter != nil:
		return t.sql.StmtContext(ctx, q.onWriter).ExecContext(ctx, args...)
	case t != nil:
		return t.sql.ExecContext(ctx, q.text, args...)
	case q.onWriter != nil:
		return q.onWriter.ExecContext(ctx, args...)
	default:
		return q.db.writer.ExecContext(ctx, q.text, args...)
	}
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
