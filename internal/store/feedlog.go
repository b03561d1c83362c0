package store

import (
	"context"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/feed"
)

// The logs and their rows in the table logs.
const (
	eventLog    = "event"
	deliveryLog = "delivery"
)

// logs hands out positions. A position is given within the transaction that writes the record, under
// a lock on the log's row that is held until the commit. So positions have no gaps, whoever sees one
// sees all before it, and a rolled back append leaves no trace.
type logs struct {
	lock, advance, bounds, trim *query
}

func newLogs(db *DB) *logs {
	return &logs{
		lock: db.writes("lock log", `
			UPDATE logs SET position = position WHERE name = $1 RETURNING position`),
		advance: db.writes("advance log", `UPDATE logs SET position = $2 WHERE name = $1`),
		bounds: db.reads("log bounds", `
			SELECT logs.oldest, logs.position, meta.value FROM logs JOIN meta ON meta.name = 'epoch' WHERE logs.name = $1`),
		trim: db.writes("trim log", `UPDATE logs SET oldest = $2 WHERE name = $1 AND oldest < $2`),
	}
}

// tail is a log locked by a transaction.
type tail struct {
	// position is the newest given so far.
	position int64
	moved    bool
}

// next gives the position that follows. Call take once a record has it.
func (t *tail) next() int64 { return t.position + 1 }

func (t *tail) take() {
	t.position++
	t.moved = true
}

// tail locks the log until the end of the transaction; the context must carry one.
func (t *tx) tail(ctx context.Context, name string) (*tail, error) {
	if found, ok := t.tails[name]; ok {
		return found, nil
	}
	position, found, err := first(ctx, t.db.logs.lock, value[int64], name)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errs.Wrap(errNoLog, "lock the log "+name)
	}
	if t.tails == nil {
		t.tails = map[string]*tail{}
	}
	t.tails[name] = &tail{position: position}
	return t.tails[name], nil
}

// flush writes what was kept for the end of the transaction: the entries of the delivery feed, how far
// each log has come, and the counts of what happened.
func (t *tx) flush(ctx context.Context) error {
	if len(t.updates) > 0 {
		if err := t.db.broadcasts.appendUpdates(ctx, t); err != nil {
			return err
		}
	}
	for name, log := range t.tails {
		if !log.moved {
			continue
		}
		if _, err := t.db.logs.advance.exec(ctx, name, log.position); err != nil {
			return err
		}
	}
	return t.db.activity.flush(ctx, t)
}

// read gives the bounds of a log.
func (l *logs) read(ctx context.Context, name string) (feed.Bounds, error) {
	bounds, found, err := first(ctx, l.bounds, func(r row) (b feed.Bounds, err error) {
		err = r.Scan(&b.Oldest, &b.Newest, &b.Epoch)
		return b, err
	}, name)
	if err == nil && !found {
		err = errs.Wrap(errNoLog, "read the bounds of the log "+name)
	}
	return bounds, err
}

// prefix is the part of a log that retention drops: its records up to Last.
type prefix struct {
	count int
	last  int64
}

// deletePrefix drops the oldest records of a log, at most limit of them, up to the first one that is
// too young. Only a prefix may go: a hole in the middle could not be told from "read already". old
// gives position and age in milliseconds of the oldest $1 records, in order; drop deletes up to
// position $1.
func (db *DB) deletePrefix(ctx context.Context, name string, old, drop *query, before int64, limit int) (int, error) {
	gone := 0
	err := db.InTx(ctx, func(ctx context.Context) error {
		cut, err := findPrefix(ctx, old, before, limit)
		if err != nil || cut.count == 0 {
			gone = 0
			return err
		}
		// The lock comes first here as in an append, which may wait for a row that is being dropped.
		if _, err := db.current(ctx).tail(ctx, name); err != nil {
			return err
		}
		if gone, err = drop.exec(ctx, cut.last); err != nil {
			return err
		}
		_, err = db.logs.trim.exec(ctx, name, cut.last+1)
		return err
	})
	return gone, err
}

func findPrefix(ctx context.Context, old *query, before int64, limit int) (prefix, error) {
	var cut prefix
	young := false
	err := old.each(ctx, func(r row) error {
		var position, at int64
		if err := r.Scan(&position, &at); err != nil {
			return err
		}
		if young = young || at >= before; !young {
			cut = prefix{count: cut.count + 1, last: position}
		}
		return nil
	}, limit)
	return cut, err
}
