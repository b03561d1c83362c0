package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
)

// Broadcasts implements broadcast.Store.
type Broadcasts struct {
	db *DB

	create, get, findByKey *query
	newest, failures       *query
	getMany                *listQuery
	deliveries
	queue
	updates
}

const broadcastColumns = `id, author, message, mentions, priority, idempotency_key, request_hash, send_at, created_at`

func newBroadcasts(db *DB) *Broadcasts {
	return &Broadcasts{
		db: db,
		create: db.writes("create broadcast", `
			INSERT INTO broadcasts (`+broadcastColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (author, idempotency_key) WHERE idempotency_key <> '' DO NOTHING RETURNING id`),
		get: db.reads("get broadcast", `SELECT `+broadcastColumns+` FROM broadcasts WHERE id = $1`),
		getMany: db.readsList("get broadcasts", `
			SELECT `+broadcastColumns+` FROM broadcasts WHERE id IN ($LIST)`, 0),
		findByKey: db.reads("find broadcast by key", `
			SELECT `+broadcastColumns+` FROM broadcasts
			WHERE author = $1 AND idempotency_key = $2 AND idempotency_key <> ''`),
		newest: db.reads("list broadcasts", `
			SELECT `+broadcastColumns+` FROM broadcasts WHERE id < $1 ORDER BY id DESC LIMIT CAST($2 AS BIGINT)`),
		failures: db.reads("newest failures", `
			SELECT `+deliveryColumns+` FROM deliveries WHERE status = 'FAILED' AND finished_at >= $1
			ORDER BY finished_at DESC LIMIT CAST($2 AS BIGINT)`),
		deliveries: newDeliveries(db),
		queue:      newQueue(db),
		updates:    newUpdates(db),
	}
}

// Create implements broadcast.Store. Reasons besides: robot.not_found.
func (s *Broadcasts) Create(ctx context.Context, b broadcast.Broadcast, deliveries []broadcast.Delivery) error {
	message, err := json.Marshal(b.Message)
	if err != nil {
		return errs.Wrap(err, "encode message")
	}
	mentions, err := json.Marshal(b.Mentions)
	if err != nil {
		return errs.Wrap(err, "encode mentions")
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		_, created, err := first(ctx, s.create, value[string], string(b.ID), string(b.Author), string(message), string(mentions),
			int(b.Priority), b.IdempotencyKey, b.RequestHash, clock.Millis(b.SendAt), clock.Millis(b.CreatedAt))
		if err == nil && !created {
			err = broadcast.ErrIdempotencyConflict
		}
		if err != nil {
			return err
		}
		return s.insert(ctx, deliveries)
	})
}

// CreateNotice implements broadcast.Store. Reasons besides: robot.not_found.
func (s *Broadcasts) CreateNotice(ctx context.Context, d broadcast.Delivery) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		return s.insert(ctx, []broadcast.Delivery{d})
	})
}

// insert writes deliveries, and a feed entry for each that belongs to a broadcast.
func (s *Broadcasts) insert(ctx context.Context, deliveries []broadcast.Delivery) error {
	err := s.createRows.exec(ctx, len(deliveries), func(i int) []any { return deliveryValues(deliveries[i]) })
	if violatesForeign(err, "deliveries_robot_id_fkey") {
		return robot.ErrNotFound
	}
	if err != nil {
		return err
	}
	t := s.db.current(ctx)
	for _, d := range deliveries {
		if d.Broadcast != "" {
			t.updates = append(t.updates, update{d.ID, d.Status, clock.Millis(d.CreatedAt)})
		}
	}
	return nil
}

// Get implements broadcast.Store.
func (s *Broadcasts) Get(ctx context.Context, id id.Broadcast) (broadcast.Broadcast, error) {
	found, ok, err := first(ctx, s.get, scanBroadcast, string(id))
	if err == nil && !ok {
		err = broadcast.ErrNotFound
	}
	return found, err
}

// GetMany implements broadcast.Store.
func (s *Broadcasts) GetMany(ctx context.Context, broadcasts []id.Broadcast) ([]broadcast.Broadcast, error) {
	return collectList(ctx, s.getMany, broadcasts, scanBroadcast)
}

// List implements broadcast.Store.
func (s *Broadcasts) List(ctx context.Context, p page.Request) (page.Of[broadcast.Broadcast], error) {
	rows, err := collect(ctx, s.newest, scanBroadcast, before(p.After), p.First+1)
	return page.Cut(rows, p.First), err
}

// Failures implements broadcast.Store.
func (s *Broadcasts) Failures(ctx context.Context, since time.Time, limit int) ([]broadcast.Delivery, error) {
	return collect(ctx, s.failures, scanDelivery, clock.Millis(since), limit)
}

// FindByKey implements broadcast.Store.
func (s *Broadcasts) FindByKey(ctx context.Context, author id.Account, key string) (broadcast.Broadcast, bool, error) {
	return first(ctx, s.findByKey, scanBroadcast, string(author), key)
}

func scanBroadcast(r row) (b broadcast.Broadcast, err error) {
	err = r.Scan(&b.ID, &b.Author, asJSON{&b.Message}, asJSON{&b.Mentions}, &b.Priority,
		&b.IdempotencyKey, &b.RequestHash, millis{&b.SendAt}, millis{&b.CreatedAt})
	return b, err
}
