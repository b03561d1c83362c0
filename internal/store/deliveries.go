package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// deliveries is the part of broadcast.Store that reads deliveries and attempts.
type deliveries struct {
	createRows                *rowsQuery
	list, deleteNotices       *query
	getMany, statuses, ofMany *listQuery
}

const (
	deliveryColumns = `id, broadcast_id, robot_id, priority, status, msg_uuid, sealed_notice, attempts,
		created_at, due_at, next_attempt_at, expires_at, finished_at`
	attemptColumns = `id, delivery_id, robot_id, started_at, ended_at, outcome, platform_code, platform_message`
)

func newDeliveries(db *DB) deliveries {
	return deliveries{
		createRows: db.insertsRows("create deliveries", `INSERT INTO deliveries (`+deliveryColumns+`)`, 13),
		list: db.reads("list deliveries", `
			SELECT `+deliveryColumns+` FROM deliveries
			WHERE broadcast_id = $1 AND broadcast_id IS NOT NULL AND id > $2 ORDER BY id LIMIT CAST($3 AS BIGINT)`),
		getMany: db.readsList("get deliveries", `
			SELECT `+deliveryColumns+` FROM deliveries WHERE id IN ($LIST)`, 0),
		statuses: db.readsList("count deliveries", `
			SELECT broadcast_id, status, COUNT(*) FROM deliveries
			WHERE broadcast_id IN ($LIST) AND broadcast_id IS NOT NULL GROUP BY broadcast_id, status`, 0),
		ofMany: db.readsList("list attempts", `
			SELECT `+attemptColumns+` FROM attempts WHERE delivery_id IN ($LIST)`, 0),
		deleteNotices: db.writes("delete notices", `
			DELETE FROM deliveries WHERE id IN (
				SELECT id FROM deliveries WHERE broadcast_id IS NULL AND finished_at > 0 AND created_at < $1
				ORDER BY created_at LIMIT CAST($2 AS BIGINT))`),
	}
}

func deliveryValues(d broadcast.Delivery) []any {
	return []any{
		string(d.ID), nullable(string(d.Broadcast)), string(d.Robot), int(d.Priority), string(d.Status), d.MsgUUID, d.SealedNotice,
		d.Attempts, clock.Millis(d.CreatedAt), clock.Millis(d.DueAt), clock.Millis(d.NextAttemptAt),
		clock.Millis(d.ExpiresAt), clock.Millis(d.FinishedAt),
	}
}

// ListDeliveries implements broadcast.Store.
func (s deliveries) ListDeliveries(ctx context.Context, of id.Broadcast, p page.Request) (page.Of[broadcast.Delivery], error) {
	rows, err := collect(ctx, s.list, scanDelivery, string(of), p.After, p.First+1)
	return page.Cut(rows, p.First), err
}

// Deliveries implements broadcast.Store.
func (s deliveries) Deliveries(ctx context.Context, ids []id.Delivery) ([]broadcast.Delivery, error) {
	return collectList(ctx, s.getMany, ids, scanDelivery)
}

// Statuses implements broadcast.Store.
func (s deliveries) Statuses(ctx context.Context, broadcasts []id.Broadcast) (map[id.Broadcast]map[broadcast.Status]int, error) {
	counts := make(map[id.Broadcast]map[broadcast.Status]int, len(broadcasts))
	err := s.statuses.each(ctx, texts(broadcasts), func(r row) error {
		var of id.Broadcast
		var status broadcast.Status
		var n int
		if err := r.Scan(&of, &status, &n); err != nil {
			return err
		}
		if counts[of] == nil {
			counts[of] = map[broadcast.Status]int{}
		}
		counts[of][status] = n
		return nil
	})
	return counts, err
}

// Attempts implements broadcast.Store.
func (s deliveries) Attempts(ctx context.Context, ids []id.Delivery) ([]broadcast.Attempt, error) {
	all, err := collectList(ctx, s.ofMany, ids, scanAttempt)
	slices.SortFunc(all, func(a, b broadcast.Attempt) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
	})
	return all, err
}

// DeleteNoticesBefore implements broadcast.Store. Attempts go with their deliveries.
func (s deliveries) DeleteNoticesBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.deleteNotices.exec(ctx, clock.Millis(before), limit)
}

func scanDelivery(r row) (d broadcast.Delivery, err error) {
	err = r.Scan(&d.ID, optional[id.Broadcast]{&d.Broadcast}, &d.Robot, &d.Priority, &d.Status, &d.MsgUUID, &d.SealedNotice,
		&d.Attempts, millis{&d.CreatedAt}, millis{&d.DueAt}, millis{&d.NextAttemptAt}, millis{&d.ExpiresAt}, millis{&d.FinishedAt})
	return d, err
}

func scanAttempt(r row) (a broadcast.Attempt, err error) {
	err = r.Scan(&a.ID, &a.Delivery, &a.Robot, millis{&a.StartedAt}, millis{&a.EndedAt}, &a.Outcome,
		&a.PlatformCode, &a.PlatformMessage)
	return a, err
}
