package store

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
)

// updates is the part of broadcast.Store that is the delivery feed.
type updates struct {
	db              *DB
	append          *rowsQuery
	after           *query
	old, deleteUpTo *query
}

// update is an entry of the delivery feed waiting for its transaction's commit.
type update struct {
	delivery id.Delivery
	status   broadcast.Status
	at       int64
}

func newUpdates(db *DB) updates {
	return updates{
		db:     db,
		append: db.insertsRows("append delivery updates", `INSERT INTO delivery_updates (position, delivery_id, status, at)`, 4),
		after: db.reads("delivery updates after", `
			SELECT position, delivery_id, status, at FROM delivery_updates WHERE position > $1 ORDER BY position LIMIT CAST($2 AS BIGINT)`),
		old:        db.reads("oldest delivery updates", `SELECT position, at FROM delivery_updates ORDER BY position LIMIT CAST($1 AS BIGINT)`),
		deleteUpTo: db.writes("delete delivery updates", `DELETE FROM delivery_updates WHERE position <= $1`),
	}
}

// appendUpdates writes the entries a transaction has kept, at its end.
func (s updates) appendUpdates(ctx context.Context, t *tx) error {
	log, err := t.tail(ctx, deliveryLog)
	if err != nil {
		return err
	}
	return s.append.exec(ctx, len(t.updates), func(i int) []any {
		u := t.updates[i]
		log.take()
		return []any{log.position, string(u.delivery), string(u.status), u.at}
	})
}

// After implements feed.Log.
func (s updates) After(ctx context.Context, after int64, limit int) ([]feed.Entry[broadcast.Update], error) {
	return collect(ctx, s.after, func(r row) (e feed.Entry[broadcast.Update], err error) {
		err = r.Scan(&e.Position, &e.Value.Delivery, &e.Value.Status, millis{&e.Value.At})
		return e, err
	}, after, limit)
}

// Bounds implements feed.Log.
func (s updates) Bounds(ctx context.Context) (feed.Bounds, error) {
	return s.db.logs.read(ctx, deliveryLog)
}

// DeleteUpdatesBefore implements broadcast.Store. Only a prefix of the feed ever goes.
func (s updates) DeleteUpdatesBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.db.deletePrefix(ctx, deliveryLog, s.old, s.deleteUpTo, clock.Millis(before), limit)
}
