package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
)

// Events implements event.Store.
type Events struct {
	db                                           *DB
	append, find, get                            *query
	old, deleteUpTo, readConsumer, writeConsumer *query
	// Without payloads unless they are wanted: an event's may have a megabyte.
	forwards, forwardsInOutline, backwards, backwardsInOutline filtered
}

// filtered are the queries of a filter in one direction.
type filtered struct{ all, byType, byCorp, byTypeAndCorp *query }

const (
	eventColumns = `position, id, app, dedupe_key, type, corp_id, occurred_at, received_at, payload`
	eventOutline = `position, id, app, dedupe_key, type, corp_id, occurred_at, received_at, length(payload)`
)

func newEvents(db *DB) *Events {
	queries := func(name, columns, beyond, order string) filtered {
		reads := func(by, where string) *query {
			return db.reads(name+by, `
			SELECT `+columns+` FROM events WHERE position `+beyond+` $1`+where+` ORDER BY position`+order+` LIMIT CAST($2 AS BIGINT)`)
		}
		return filtered{
			all: reads("", ""), byType: reads(" by type", " AND type = $3"), byCorp: reads(" by company", " AND corp_id = $3"),
			byTypeAndCorp: reads(" by type and company", " AND type = $3 AND corp_id = $4"),
		}
	}
	return &Events{
		db:                 db,
		forwards:           queries("events after", eventColumns, ">", ""),
		forwardsInOutline:  queries("events after in outline", eventOutline, ">", ""),
		backwards:          queries("newest events", eventColumns, "<", " DESC"),
		backwardsInOutline: queries("newest events in outline", eventOutline, "<", " DESC"),
		get:                db.reads("get event", `SELECT `+eventColumns+` FROM events WHERE id = $1 ORDER BY position LIMIT 1`),
		append: db.writes("append event", `
			INSERT INTO events (`+eventColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (app, dedupe_key) DO NOTHING RETURNING position`),
		find:       db.reads("find event", `SELECT position FROM events WHERE app = $1 AND dedupe_key = $2`),
		old:        db.reads("oldest events", `SELECT position, received_at FROM events ORDER BY position LIMIT CAST($1 AS BIGINT)`),
		deleteUpTo: db.writes("delete events", `DELETE FROM events WHERE position <= $1`),
		readConsumer: db.reads("read consumer", `
			SELECT position FROM consumers WHERE name = $1`),
		writeConsumer: db.writes("write consumer", `
			INSERT INTO consumers (name, position) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET position = excluded.position`),
	}
}

// appended is the answer of an append.
type appended struct {
	position int64
	isNew    bool
}

// Append implements event.Store. Inside a transaction it fails, since it promises a commit.
func (s *Events) Append(ctx context.Context, e event.Event) (int64, bool, error) {
	if s.db.current(ctx) != nil {
		return 0, false, errInside("Append")
	}
	a, err := grouped(ctx, s.db, func(ctx context.Context) (appended, error) { return s.appendIn(ctx, e) })
	return a.position, a.isNew, err
}

// appendIn appends within the group's transaction. The log is locked first, so whatever is in the way
// of the insert has been committed, and a duplicate takes no position.
func (s *Events) appendIn(ctx context.Context, e event.Event) (appended, error) {
	log, err := s.db.current(ctx).tail(ctx, eventLog)
	if err != nil {
		return appended{}, err
	}
	for range maxTries {
		position, isNew, err := first(ctx, s.append, value[int64], log.next(), string(e.ID), e.App, e.DedupeKey, e.Type,
			e.CorpID, clock.Millis(e.OccurredAt), clock.Millis(e.ReceivedAt), bytes(e.Payload))
		if isNew {
			log.take()
			s.db.current(ctx).happened(activityEvent, clock.Millis(e.ReceivedAt))
		}
		if err != nil || isNew {
			return appended{position, true}, err
		}
		there, found, err := first(ctx, s.find, value[int64], e.App, e.DedupeKey)
		if err != nil || found {
			return appended{there, false}, err
		}
		// Retention dropped it in between: then it is new again.
	}
	return appended{}, errs.Wrap(errVanishing, "append event")
}

// bytes keeps an empty payload from becoming NULL.
func bytes(payload []byte) []byte {
	if payload == nil {
		return []byte{}
	}
	return payload
}

// After implements feed.Log.
func (s *Events) After(ctx context.Context, after int64, limit int) ([]feed.Entry[event.Event], error) {
	return collect(ctx, s.forwards.all, func(r row) (feed.Entry[event.Event], error) {
		e, err := scanEvent(r)
		return feed.Entry[event.Event]{Position: e.Position, Value: e}, err
	}, after, limit)
}

// Bounds implements feed.Log.
func (s *Events) Bounds(ctx context.Context) (feed.Bounds, error) {
	return s.db.logs.read(ctx, eventLog)
}

// List implements event.Store.
func (s *Events) List(ctx context.Context, q event.ListQuery) ([]event.Event, error) {
	order := func(a, b event.Event) int { return cmp.Compare(a.Position, b.Position) }
	if q.Payloads {
		return s.forwards.read(ctx, q.Filter, q.After, q.Limit, scanEvent, order)
	}
	return s.forwardsInOutline.read(ctx, q.Filter, q.After, q.Limit, scanOutline, order)
}

// Recent implements event.Store.
func (s *Events) Recent(ctx context.Context, q event.RecentQuery) ([]event.Event, error) {
	below := q.Before
	if below == 0 {
		below = math.MaxInt64
	}
	order := func(a, b event.Event) int { return cmp.Compare(b.Position, a.Position) }
	if q.Payloads {
		return s.backwards.read(ctx, q.Filter, below, q.Limit, scanEvent, order)
	}
	return s.backwardsInOutline.read(ctx, q.Filter, below, q.Limit, scanOutline, order)
}

// read gives what a filter lets through beyond a position. Each type is read by itself, from an index in
// the order of positions, and the results are merged: so a page costs the same however long the log is
// and however rare the types are in it.
func (q filtered) read(
	ctx context.Context, f event.Filter, beyond int64, limit int,
	scan func(row) (event.Event, error), order func(a, b event.Event) int,
) ([]event.Event, error) {
	switch {
	case len(f.Types) == 0 && f.CorpID == "":
		return collect(ctx, q.all, scan, beyond, limit)
	case len(f.Types) == 0:
		return collect(ctx, q.byCorp, scan, beyond, limit, f.CorpID)
	}
	var all []event.Event
	for _, name := range slices.Compact(slices.Sorted(slices.Values(f.Types))) {
		of, args := q.byType, []any{beyond, limit, name}
		if f.CorpID != "" {
			of, args = q.byTypeAndCorp, append(args, f.CorpID)
		}
		some, err := collect(ctx, of, scan, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, order)
	return all[:min(limit, len(all))], nil
}

// Get implements event.Store.
func (s *Events) Get(ctx context.Context, id id.Event) (event.Event, error) {
	found, ok, err := first(ctx, s.get, scanEvent, string(id))
	if err == nil && !ok {
		err = event.ErrNotFound
	}
	return found, err
}

// DeleteBefore implements event.Store. It stops at the first event that is not older: only a prefix of
// the log ever goes.
func (s *Events) DeleteBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.db.deletePrefix(ctx, eventLog, s.old, s.deleteUpTo, clock.Millis(before), limit)
}

// Position implements event.Store.
func (s *Events) Position(ctx context.Context, consumer string) (int64, bool, error) {
	return first(ctx, s.readConsumer, value[int64], consumer)
}

// SetPosition implements event.Store. Inside a transaction it takes part; outside, many callers share
// one commit.
func (s *Events) SetPosition(ctx context.Context, consumer string, position int64) error {
	set := func(ctx context.Context) (int, error) { return s.writeConsumer.exec(ctx, consumer, position) }
	if s.db.current(ctx) != nil {
		_, err := set(ctx)
		return err
	}
	_, err := lone(ctx, s.db, set)
	return err
}

func scanEvent(r row) (e event.Event, err error) {
	err = r.Scan(&e.Position, &e.ID, &e.App, &e.DedupeKey, &e.Type, &e.CorpID,
		millis{&e.OccurredAt}, millis{&e.ReceivedAt}, (*[]byte)(&e.Payload))
	e.PayloadBytes = len(e.Payload)
	return e, err
}

// scanOutline scans an event of which only the payload's size was read.
func scanOutline(r row) (e event.Event, err error) {
	err = r.Scan(&e.Position, &e.ID, &e.App, &e.DedupeKey, &e.Type, &e.CorpID,
		millis{&e.OccurredAt}, millis{&e.ReceivedAt}, &e.PayloadBytes)
	return e, err
}
