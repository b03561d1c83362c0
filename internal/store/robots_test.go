package store_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func newRobot(t *testing.T, db *store.DB, n int) id.Robot {
	t.Helper()
	r := robot.Robot{ID: numbered[id.Robot]("robt", n), Name: string(rune('a' + n)), TokenHash: string(rune('A' + n)), CreatedAt: start()}
	must(t, db.Robots().Create(t.Context(), r))
	return r.ID
}

func TestARobotIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		wanted := robot.Robot{
			ID: "robt_1", Name: "值班群", Keywords: []string{"告警", "alert,\"x\""}, SealedToken: "t", SealedSecret: "s", TokenHash: "h1",
			BlockedUntil: after(time.Minute), CreatedAt: start(),
		}
		must(t, db.Robots().Create(t.Context(), wanted))
		got, err := db.Robots().Get(t.Context(), wanted.ID)
		if err != nil || !reflect.DeepEqual(got, wanted) {
			t.Fatalf("got %+v, %v", got, err)
		}
		got, found, err := db.Robots().FindByName(t.Context(), "值班群")
		if err != nil || !found || got.ID != wanted.ID {
			t.Fatal(got.ID, found, err)
		}
		got, found, err = db.Robots().FindByToken(t.Context(), []string{"h0", "h1"})
		if err != nil || !found || got.ID != wanted.ID {
			t.Fatal(got.ID, found, err)
		}
		if _, found, err = db.Robots().FindByToken(t.Context(), []string{"h0"}); err != nil || found {
			t.Fatal(found, err)
		}
		many, err := db.Robots().GetMany(t.Context(), []id.Robot{"robt_1", "robt_2"})
		must(t, err)
		want(t, "many", len(many), 1)
		_, err = db.Robots().Get(t.Context(), "robt_2")
		wantReason(t, err, "robot.not_found")
	})
}

func TestATakenRobotNameOrWebhookIsNamed(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		make := func(id id.Robot, name, token string) error {
			return db.Robots().Create(t.Context(), robot.Robot{ID: id, Name: name, TokenHash: token})
		}
		must(t, make("robt_1", "a", "h1"))
		wantReason(t, make("robt_2", "a", "h2"), "robot.name_taken")
		wantReason(t, make("robt_2", "b", "h1"), "robot.webhook_taken")
		wantReason(t, make("robt_1", "b", "h2"), "internal")
		must(t, make("robt_2", "b", "h2"))
	})
}

func TestRobotsArePagedOldestFirst(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		for n := range 3 {
			newRobot(t, db, n)
		}
		one, err := db.Robots().List(t.Context(), page.Request{First: 2})
		must(t, err)
		want(t, "first page", len(one.Items), 2)
		want(t, "has next", one.HasNext, true)
		two, err := db.Robots().List(t.Context(), page.Request{First: 2, After: string(one.Items[1].ID)})
		must(t, err)
		want(t, "last", two.Items[0].ID, numbered[id.Robot]("robt", 2))
		want(t, "has next", two.HasNext, false)
	})
}

func TestABlockIsNeverShortened(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		r := newRobot(t, db, 1)
		for _, step := range []struct{ until, wanted time.Duration }{{10, 10}, {5, 10}, {20, 20}} {
			must(t, db.Robots().Block(t.Context(), r, after(step.until*time.Minute)))
			got, err := db.Robots().Get(t.Context(), r)
			must(t, err)
			want(t, "blocked until", got.BlockedUntil, after(step.wanted*time.Minute))
		}
	})
}
