package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func anEvent(n int) event.Event {
	return event.Event{
		ID: numbered[id.Event]("evnt", n), App: "corp", DedupeKey: fmt.Sprint("key ", n), Type: "user_add_org", CorpID: "ding1",
		OccurredAt: after(time.Duration(n) * time.Second), ReceivedAt: after(time.Duration(n) * time.Minute), Payload: json.RawMessage(`{}`),
	}
}

func appendEvents(t *testing.T, db *store.DB, events ...event.Event) {
	t.Helper()
	for _, e := range events {
		_, isNew, err := db.Events().Append(t.Context(), e)
		must(t, err)
		want(t, "new", isNew, true)
	}
}

func positions(entries []feed.Entry[event.Event]) []int64 {
	var all []int64
	for _, e := range entries {
		all = append(all, e.Position)
	}
	return all
}

func wantBounds(t *testing.T, log interface {
	Bounds(context.Context) (feed.Bounds, error)
}, oldest, newest int64) {
	t.Helper()
	b, err := log.Bounds(t.Context())
	must(t, err)
	want(t, "oldest", b.Oldest, oldest)
	want(t, "newest", b.Newest, newest)
}

func TestAnEventIsReadAsItWasAppended(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		wantBounds(t, db.Events(), 1, 0)
		wanted := anEvent(1)
		wanted.Payload = []byte("{\"名\":\"a\\u0000b\",\n \"raw\":\"\xff\x00\"} ") // byte for byte, whatever it is
		position, isNew, err := db.Events().Append(t.Context(), wanted)
		if err != nil || !isNew || position != 1 {
			t.Fatal(position, isNew, err)
		}
		wanted.Position, wanted.PayloadBytes = 1, len(wanted.Payload)
		got, err := db.Events().After(t.Context(), 0, 10)
		must(t, err)
		if len(got) != 1 || !reflect.DeepEqual(got[0], feed.Entry[event.Event]{Position: 1, Value: wanted}) {
			t.Fatalf("got %+v", got)
		}
		bare := event.Event{ID: "evnt_2", App: "corp", DedupeKey: "x", ReceivedAt: start()}
		appendEvents(t, db, bare)
		wantBounds(t, db.Events(), 1, 2)
	})
}

func TestADuplicateGetsThePositionOfTheFirst(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		appendEvents(t, db, anEvent(1), anEvent(2))
		again := anEvent(1)
		again.ID = "evnt_again"
		position, isNew, err := db.Events().Append(t.Context(), again)
		if err != nil || isNew || position != 1 {
			t.Fatal(position, isNew, err)
		}
		other := anEvent(1)
		other.App = "another app"
		position, isNew, err = db.Events().Append(t.Context(), other)
		if err != nil || !isNew || position != 3 {
			t.Fatal(position, isNew, err)
		}
	})
}

func TestManyAppendsAtOnceLeaveNoGapAndNoDuplicate(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		const different, copies = 100, 4
		given, isNew := make([]int64, different*copies), make([]bool, different*copies)
		must(t, errors.Join(atOnce(different*copies, func(i int) (err error) {
			given[i], isNew[i], err = db.Events().Append(t.Context(), anEvent(i%different))
			return err
		})...))
		want(t, "new", count(isNew, true), different)
		for i := range given {
			want(t, "position of a copy", given[i], given[i%different])
		}
		got, err := db.Events().After(t.Context(), 0, different*copies)
		must(t, err)
		for i, position := range positions(got) {
			want(t, "position", position, int64(i+1))
		}
		want(t, "events", len(got), different)
		wantBounds(t, db.Events(), 1, different)
	})
}

// Two servers on one Postgres append to one log through groups of their own.
func TestTwoServersAppendToOneLogWithoutGapAndDuplicate(t *testing.T) {
	t.Parallel()
	dbkit.EachAddress(t, func(t *testing.T, address string) {
		servers := []*store.DB{
			dbkit.Open(t, store.Config{DSN: address}),
			dbkit.Open(t, store.Config{DSN: address, Shared: true}),
		}
		const different, copies = 60, 4
		isNew := make([]bool, different*copies)
		must(t, errors.Join(atOnce(len(isNew), func(i int) (err error) {
			_, isNew[i], err = servers[i%2].Events().Append(t.Context(), anEvent(i/copies))
			return err
		})...))
		want(t, "new", count(isNew, true), different)
		got, err := servers[0].Events().After(t.Context(), 0, different*copies)
		must(t, err)
		want(t, "events", len(got), different)
		for i, position := range positions(got) {
			want(t, "position", position, int64(i+1))
		}
	})
}

// A reader that follows the log must never see a position before all the earlier ones.
func TestAReaderNeverOvertakesACommit(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		const all = 300
		failures := atOnce(all+1, func(i int) error {
			if i < all {
				_, _, err := db.Events().Append(t.Context(), anEvent(i))
				return err
			}
			for last := int64(0); last < all; {
				got, err := db.Events().After(t.Context(), last, 50)
				if err != nil {
					return err
				}
				for _, position := range positions(got) {
					if position != last+1 {
						return fmt.Errorf("position %d came after %d", position, last)
					}
					last = position
				}
			}
			return nil
		})
		must(t, errors.Join(failures...))
	})
}

func TestAFilteredListIsMergedInOrder(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		for n := range 30 {
			e := anEvent(n)
			e.Type, e.CorpID = fmt.Sprint("t", n%3), fmt.Sprint("c", n%2)
			appendEvents(t, db, e) // position n+1
		}
		tests := []struct {
			filter event.Filter
			after  int64
			limit  int
			wanted []int64
		}{
			{event.Filter{}, 0, 3, []int64{1, 2, 3}},
			{event.Filter{}, 28, 5, []int64{29, 30}},
			{event.Filter{Types: []string{"t0"}}, 0, 3, []int64{1, 4, 7}},
			{event.Filter{Types: []string{"t2", "t0", "t2"}}, 3, 4, []int64{4, 6, 7, 9}},
			{event.Filter{CorpID: "c1"}, 0, 2, []int64{2, 4}},
			{event.Filter{Types: []string{"t0", "t1"}, CorpID: "c0"}, 0, 4, []int64{1, 5, 7, 11}},
			{event.Filter{Types: []string{"none"}}, 0, 4, nil},
			{event.Filter{}, 30, 4, nil},
		}
		for _, test := range tests {
			got, err := db.Events().List(t.Context(), event.ListQuery{Filter: test.filter, After: test.after, Limit: test.limit})
			must(t, err)
			var found []int64
			for _, e := range got {
				found = append(found, e.Position)
			}
			if !slices.Equal(found, test.wanted) {
				t.Errorf("%+v after %d: got %v, want %v", test.filter, test.after, found, test.wanted)
			}
		}
	})
}

func TestRetentionDropsAPrefixAndTheBoundsFollow(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		for n := 1; n <= 10; n++ {
			e := anEvent(n)
			if n == 6 {
				e.ReceivedAt = after(time.Hour) // a clock that was wrong: it and what follows stay
			}
			appendEvents(t, db, e)
		}
		drop := func(before time.Time, limit, wanted int, oldest int64) {
			t.Helper()
			n, err := db.Events().DeleteBefore(t.Context(), before, limit)
			must(t, err)
			want(t, "gone", n, wanted)
			wantBounds(t, db.Events(), oldest, 10)
		}
		drop(start(), 100, 0, 1)
		drop(after(3*time.Minute), 1, 1, 2)
		drop(after(3*time.Minute), 100, 1, 3)
		drop(after(30*time.Minute), 100, 3, 6)
		drop(after(30*time.Minute), 100, 0, 6)
		got, err := db.Events().After(t.Context(), 0, 1)
		must(t, err)
		want(t, "first kept", got[0].Position, 6)
		drop(after(2*time.Hour), 100, 5, 11) // everything

		// What was dropped counts as new when it comes again, and positions go on.
		position, isNew, err := db.Events().Append(t.Context(), anEvent(1))
		if err != nil || !isNew || position != 11 {
			t.Fatal(position, isNew, err)
		}
		wantBounds(t, db.Events(), 11, 11)
	})
}

func TestConsumersRememberHowFarTheyCame(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		if _, found, err := db.Events().Position(t.Context(), "a"); err != nil || found {
			t.Fatal(found, err)
		}
		must(t, db.Events().SetPosition(t.Context(), "a", 7))
		must(t, db.Events().SetPosition(t.Context(), "b", 3))
		must(t, db.InTx(t.Context(), func(ctx context.Context) error { return db.Events().SetPosition(ctx, "a", 5) }))
		got, found, err := db.Events().Position(t.Context(), "a")
		if err != nil || !found || got != 5 {
			t.Fatal(got, found, err)
		}
	})
}

func TestTheEpochOutlivesARestartAndIsAnotherOnesOwn(t *testing.T) {
	t.Parallel()
	dbkit.EachAddress(t, func(t *testing.T, address string) {
		epoch := func(address string) string {
			db, err := store.Open(t.Context(), store.Config{DSN: address})
			must(t, err)
			b, err := db.Events().Bounds(t.Context())
			must(t, err)
			other, err := db.Broadcasts().Bounds(t.Context())
			must(t, err)
			want(t, "epoch of the other log", other.Epoch, b.Epoch)
			must(t, db.Close())
			return b.Epoch
		}
		first := epoch(address)
		want(t, "length", len(first), 8)
		want(t, "epoch after a restart", epoch(address), first)
		if epoch(dbkit.SQLite(t)) == first {
			t.Fatal("two databases have one epoch")
		}
	})
}
