package store

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
)

// runner runs one query with the arguments of the call: a *sql.Stmt, or a text on something.
type runner interface {
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
}

// runner gives what runs the query in the transaction, or by itself when that is nil.
func (q *query) runner(ctx context.Context, t *tx) runner {
	switch {
	case t != nil && q.db.engine == SQLite:
		if stmt := q.onWriter.stmt.Load(); stmt != nil {
			return t.sql.StmtContext(ctx, stmt)
		}
		// To prepare it now would wait for the connection that the transaction holds.
		t.unprepared = append(t.unprepared, q)
		return asText{t.sql, q.text}
	case t != nil:
		return asText{t.sql, q.text}
	case q.writes:
		return q.lone(ctx, q.db.writer, &q.onWriter)
	default:
		return q.lone(ctx, q.db.reader, &q.onReader)
	}
}

func (q *query) lone(ctx context.Context, pool *sql.DB, p *prepared) runner {
	if q.db.engine == SQLite {
		p.prepare(ctx, pool, q.text)
		if stmt := p.stmt.Load(); stmt != nil {
			return stmt
		}
	}
	return asText{pool, q.text}
}

// prepared is a statement that is prepared when first wanted, so that a start does not wait for all
// of them. It lives as long as its pool. Safe for concurrent use.
type prepared struct {
	mu   sync.Mutex
	stmt atomic.Pointer[sql.Stmt]
}

// prepare makes the statement unless it is there or another caller is at it. It may fail: running the
// text instead does the same, a little slower, and tells what is wrong.
func (p *prepared) prepare(ctx context.Context, pool *sql.DB, text string) {
	if p.stmt.Load() != nil || !p.mu.TryLock() {
		return
	}
	defer p.mu.Unlock()
	if p.stmt.Load() != nil {
		return
	}
	stmt, err := pool.PrepareContext(ctx, text) //nolint:sqlclosecheck // closed with its pool
	if err == nil {
		p.stmt.Store(stmt)
	}
}

// prepareMissing prepares what the transaction had to run as text, once it has given its connection
// back.
func (t *tx) prepareMissing(ctx context.Context) {
	for _, q := range t.unprepared {
		q.onWriter.prepare(ctx, t.db.writer, q.text)
	}
}

// asText runs a text on a pool or in a transaction.
type asText struct {
	on interface {
		QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
		ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	}
	text string
}

// QueryContext implements runner.
func (a asText) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	return a.on.QueryContext(ctx, a.text, args...)
}

// ExecContext implements runner.
func (a asText) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return a.on.ExecContext(ctx, a.text, args...)
}
