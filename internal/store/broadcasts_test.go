package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func aBroadcast(n int, key string) broadcast.Broadcast {
	return broadcast.Broadcast{
		ID: numbered[id.Broadcast]("bcst", n), Author: "acct_1", Message: broadcast.Message{Text: &broadcast.Text{Content: "你好\x00"}},
		Mentions: broadcast.Mentions{Phones: []string{"13800000001"}, All: true}, Priority: broadcast.Bulk,
		IdempotencyKey: key, RequestHash: "hash", SendAt: after(time.Minute), CreatedAt: start(),
	}
}

func aDelivery(n int, of id.Broadcast, to id.Robot) broadcast.Delivery {
	return broadcast.Delivery{
		ID: numbered[id.Delivery]("dlvr", n), Broadcast: of, Robot: to, Priority: broadcast.Normal, Status: broadcast.Queued,
		MsgUUID: fmt.Sprint("uuid ", n), CreatedAt: start(), DueAt: start(), NextAttemptAt: start(),
	}
}

// newNotices inserts notices to the robot, one for each of the changes.
func newNotices(t *testing.T, db *store.DB, to id.Robot, from int, changes ...func(*broadcast.Delivery)) []id.Delivery {
	t.Helper()
	var ids []id.Delivery
	for i, change := range changes {
		d := aDelivery(from+i, "", to)
		if change != nil {
			change(&d)
		}
		must(t, db.Broadcasts().CreateNotice(t.Context(), d))
		ids = append(ids, d.ID)
	}
	return ids
}

func delivery(t *testing.T, db *store.DB, which id.Delivery) broadcast.Delivery {
	t.Helper()
	got, err := db.Broadcasts().Deliveries(t.Context(), []id.Delivery{which})
	must(t, err)
	want(t, "deliveries", len(got), 1)
	return got[0]
}

func updates(t *testing.T, db *store.DB) []broadcast.Update {
	t.Helper()
	entries, err := db.Broadcasts().After(t.Context(), 0, 10_000)
	must(t, err)
	var all []broadcast.Update
	for i, e := range entries {
		want(t, "position", e.Position, int64(i+1))
		all = append(all, e.Value)
	}
	return all
}

func TestABroadcastIsReadAsItWasWrittenAndEntersTheFeed(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		wanted := aBroadcast(1, "key")
		var ds []broadcast.Delivery
		for n := range 60 { // more than one statement's rows
			d := aDelivery(n, wanted.ID, newRobot(t, db, n))
			d.Priority, d.Attempts, d.NextAttemptAt, d.ExpiresAt = broadcast.Urgent, n, after(time.Second), after(time.Hour)
			ds = append(ds, d)
		}
		must(t, db.Broadcasts().Create(t.Context(), wanted, ds))
		got, err := db.Broadcasts().Get(t.Context(), wanted.ID)
		if err != nil || !reflect.DeepEqual(got, wanted) {
			t.Fatalf("got %+v, %v", got, err)
		}
		got, found, err := db.Broadcasts().FindByKey(t.Context(), "acct_1", "key")
		if err != nil || !found || got.ID != wanted.ID {
			t.Fatal(got.ID, found, err)
		}
		many, err := db.Broadcasts().GetMany(t.Context(), []id.Broadcast{wanted.ID, "bcst_2"})
		must(t, err)
		want(t, "many", len(many), 1)
		for _, d := range ds {
			want(t, "delivery", delivery(t, db, d.ID), d)
		}
		all := updates(t, db)
		want(t, "updates", len(all), len(ds))
		want(t, "update", all[0], broadcast.Update{Delivery: ds[0].ID, Status: broadcast.Queued, At: start()})
		_, err = db.Broadcasts().Get(t.Context(), "bcst_2")
		wantReason(t, err, "broadcast.not_found")
	})
}

func TestAnIdempotencyKeyIsItsAuthorsAndUsedOnce(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to := newRobot(t, db, 0)
		make := func(n int, author id.Account, key string) error {
			b := aBroadcast(n, key)
			b.Author = author
			return db.Broadcasts().Create(t.Context(), b, []broadcast.Delivery{aDelivery(n, b.ID, to)})
		}
		must(t, make(1, "acct_1", "k"))
		wantReason(t, make(2, "acct_1", "k"), "broadcast.idempotency_conflict")
		must(t, make(3, "acct_2", "k"))
		must(t, make(4, "", "k"))
		wantReason(t, make(5, "", "k"), "broadcast.idempotency_conflict")
		must(t, make(6, "acct_1", ""))
		must(t, make(7, "acct_1", ""))
		if _, found, err := db.Broadcasts().FindByKey(t.Context(), "acct_1", ""); err != nil || found {
			t.Fatal("no key finds nothing", found, err)
		}
		want(t, "updates", len(updates(t, db)), 5)

		failures := atOnce(16, func(i int) error { return make(100+i, "acct_3", "race") })
		want(t, "winners", count(failures, nil), 1)
		for _, err := range failures {
			if err != nil && !errors.Is(err, broadcast.ErrIdempotencyConflict) {
				t.Errorf("a loser was told %v", err)
			}
		}
	})
}

func TestABroadcastToAnUnknownRobotLeavesNothing(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		b := aBroadcast(1, "key")
		ds := []broadcast.Delivery{aDelivery(1, b.ID, newRobot(t, db, 0)), aDelivery(2, b.ID, "robt_nobody")}
		wantReason(t, db.Broadcasts().Create(t.Context(), b, ds), "robot.not_found")
		_, err := db.Broadcasts().Get(t.Context(), b.ID)
		wantReason(t, err, "broadcast.not_found")
		wantReason(t, db.Broadcasts().CreateNotice(t.Context(), aDelivery(3, "", "robt_nobody")), "robot.not_found")
		want(t, "updates", len(updates(t, db)), 0)
		wantBounds(t, db.Broadcasts(), 1, 0)
	})
}

func TestCreatingTakesPartInATransaction(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to := newRobot(t, db, 0)
		_ = db.InTx(t.Context(), func(ctx context.Context) error {
			b := aBroadcast(1, "key")
			must(t, db.Broadcasts().Create(ctx, b, []broadcast.Delivery{aDelivery(1, b.ID, to)}))
			must(t, db.Broadcasts().CreateNotice(ctx, aDelivery(2, "", to)))
			return errChanged
		})
		got, err := db.Broadcasts().Deliveries(t.Context(), []id.Delivery{aDelivery(1, "", "").ID, aDelivery(2, "", "").ID})
		must(t, err)
		want(t, "deliveries", len(got), 0)
		wantBounds(t, db.Broadcasts(), 1, 0)
	})
}

func TestDeliveriesAreCountedAndPaged(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		one, two := aBroadcast(1, ""), aBroadcast(2, "")
		var ds []broadcast.Delivery
		for n := range 5 {
			d := aDelivery(n, one.ID, newRobot(t, db, n))
			if n > 2 {
				d.Status = broadcast.Sent
			}
			ds = append(ds, d)
		}
		must(t, db.Broadcasts().Create(t.Context(), one, ds))
		must(t, db.Broadcasts().Create(t.Context(), two, []broadcast.Delivery{aDelivery(9, two.ID, ds[0].Robot)}))
		newNotices(t, db, ds[0].Robot, 20, nil)
		counts, err := db.Broadcasts().Statuses(t.Context(), []id.Broadcast{one.ID, two.ID, "bcst_9"})
		must(t, err)
		want(t, "broadcasts", len(counts), 2)
		want(t, "queued", counts[one.ID][broadcast.Queued], 3)
		want(t, "sent", counts[one.ID][broadcast.Sent], 2)
		want(t, "queued of the other", counts[two.ID][broadcast.Queued], 1)

		first, err := db.Broadcasts().ListDeliveries(t.Context(), one.ID, page.Request{First: 3})
		must(t, err)
		want(t, "first page", len(first.Items), 3)
		want(t, "has next", first.HasNext, true)
		rest, err := db.Broadcasts().ListDeliveries(t.Context(), one.ID, page.Request{First: 3, After: string(first.Items[2].ID)})
		must(t, err)
		want(t, "rest", len(rest.Items), 2)
		want(t, "has next", rest.HasNext, false)
		none, err := db.Broadcasts().ListDeliveries(t.Context(), "", page.Request{First: 3})
		must(t, err)
		want(t, "deliveries of no broadcast", len(none.Items), 0)
	})
}

func TestNoticesStayOutOfTheFeedAndAreSwept(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to := newRobot(t, db, 0)
		final := func(created time.Duration) func(*broadcast.Delivery) {
			return func(d *broadcast.Delivery) {
				d.Status, d.CreatedAt, d.FinishedAt = broadcast.Sent, after(created), after(created)
			}
		}
		ids := newNotices(t, db, to, 1, final(0), final(1), final(time.Hour), nil)
		b := aBroadcast(1, "")
		old := aDelivery(50, b.ID, to)
		final(0)(&old)
		must(t, db.Broadcasts().Create(t.Context(), b, []broadcast.Delivery{old}))
		want(t, "updates", len(updates(t, db)), 1)
		for i, wanted := range []int{1, 1, 0} {
			n, err := db.Broadcasts().DeleteNoticesBefore(t.Context(), after(time.Minute), 1)
			must(t, err)
			want(t, fmt.Sprint("sweep ", i), n, wanted)
		}
		left, err := db.Broadcasts().Deliveries(t.Context(), append(ids, old.ID))
		must(t, err)
		want(t, "left: a young one, an unfinished one, a broadcast's", len(left), 3)
	})
}

func TestTheDeliveryFeedIsTrimmed(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to := newRobot(t, db, 0)
		for n := 1; n <= 4; n++ {
			b := aBroadcast(n, "")
			d := aDelivery(n, b.ID, to)
			d.CreatedAt = after(time.Duration(n) * time.Minute)
			must(t, db.Broadcasts().Create(t.Context(), b, []broadcast.Delivery{d}))
		}
		n, err := db.Broadcasts().DeleteUpdatesBefore(t.Context(), after(3*time.Minute), 100)
		must(t, err)
		want(t, "gone", n, 2)
		wantBounds(t, db.Broadcasts(), 3, 4)
		var log feed.Log[broadcast.Update] = db.Broadcasts()
		left, err := log.After(t.Context(), 0, 10)
		must(t, err)
		want(t, "left", len(left), 2)
		want(t, "position", left[0].Position, 3)
	})
}
