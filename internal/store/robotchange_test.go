package store_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func ptr[T any](v T) *T { return &v }

func TestAChangeOfARobotTouchesWhatItNames(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		robots := db.Robots()
		r := robot.Robot{ID: "robt_1", Name: "a", Keywords: []string{"k"}, SealedToken: "t", SealedSecret: "s", TokenHash: "h", CreatedAt: start()}
		must(t, robots.Create(t.Context(), r))
		r.BlockedUntil = after(time.Minute)
		must(t, robots.Block(t.Context(), r.ID, r.BlockedUntil))
		for i, step := range []struct {
			change robot.Change
			mirror func()
		}{
			{robot.Change{}, func() {}},
			{robot.Change{Name: ptr("b")}, func() { r.Name = "b" }},
			{robot.Change{Name: ptr("b")}, func() {}},
			{robot.Change{SealedSecret: ptr("")}, func() { r.SealedSecret = "" }},
			{robot.Change{Keywords: &[]string{"x", "y"}}, func() { r.Keywords = []string{"x", "y"} }},
			{robot.Change{Keywords: ptr([]string(nil))}, func() { r.Keywords = nil }},
			{robot.Change{Token: &robot.Token{Sealed: "t2", Hash: "h"}}, func() { r.SealedToken = "t2" }}, // the same webhook stays blocked
			{robot.Change{Token: &robot.Token{Sealed: "t3", Hash: "h3", Another: true}}, func() { r.SealedToken, r.TokenHash, r.BlockedUntil = "t3", "h3", time.Time{} }},
		} {
			must(t, robots.Update(t.Context(), r.ID, step.change))
			step.mirror()
			if got, err := robots.Get(t.Context(), r.ID); err != nil || !reflect.DeepEqual(got, r) {
				t.Fatalf("step %d: got %+v, %v, want %+v", i, got, err, r)
			}
		}
	})
}

func TestAChangeThatClashesIsNamedAndChangesNothing(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		newRobot(t, db, 0)
		second := newRobot(t, db, 1)
		before, err := db.Robots().Get(t.Context(), second)
		must(t, err)
		for reason, c := range map[string]robot.Change{
			"robot.name_taken":    {Name: ptr("a"), Keywords: &[]string{"x"}},
			"robot.webhook_taken": {Name: ptr("free"), Token: &robot.Token{Sealed: "t", Hash: "A"}},
		} {
			wantReason(t, db.Robots().Update(t.Context(), second, c), reason)
		}
		for _, c := range []robot.Change{{Name: ptr("x")}, {Token: &robot.Token{}}, {SealedSecret: ptr("")}, {Keywords: &[]string{}}} {
			wantReason(t, db.Robots().Update(t.Context(), "robt_none", c), "robot.not_found")
		}
		if got, err := db.Robots().Get(t.Context(), second); err != nil || !reflect.DeepEqual(got, before) {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
}

func TestADeletedRobotIsGoneAndItsNameAndWebhookAreFree(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		robots, old := db.Robots(), newRobot(t, db, 0)
		must(t, robots.Block(t.Context(), old, after(time.Hour)))
		b := aBroadcast(1, "")
		must(t, db.Broadcasts().Create(t.Context(), b, []broadcast.Delivery{aDelivery(1, b.ID, old)}))
		must(t, robots.Delete(t.Context(), old, after(time.Minute)))
		wantReason(t, robots.Delete(t.Context(), old, after(time.Minute)), "robot.not_found")
		_, err := robots.Get(t.Context(), old)
		wantReason(t, err, "robot.not_found")
		wantReason(t, robots.Update(t.Context(), old, robot.Change{Name: ptr("x")}), "robot.not_found")
		many, err := robots.GetMany(t.Context(), []id.Robot{old})
		must(t, err)
		_, byName, err := robots.FindByName(t.Context(), "a")
		must(t, err)
		listed, err := robots.List(t.Context(), page.Request{First: 10})
		must(t, err)
		blocked, err := robots.Blocked(t.Context(), start(), 10)
		must(t, err)
		if len(many) != 0 || byName || len(listed.Items) != 0 || len(blocked) != 0 {
			t.Fatalf("still there: %v %v %v %v", many, byName, listed, blocked)
		}
		// Nothing secret stays behind.
		var kept string
		row := db.Reader().QueryRowContext(t.Context(), "SELECT sealed_token || sealed_secret || keywords FROM robots WHERE id = $1", string(old))
		must(t, row.Scan(&kept))
		want(t, "kept", kept, "[]")
		must(t, robots.Create(t.Context(), robot.Robot{ID: "robt_new", Name: "a", TokenHash: "A", CreatedAt: start()}))
		want(t, "its delivery", delivery(t, db, aDelivery(1, b.ID, old).ID).Robot, old)
	})
}

func TestBlockedRobotsAreListedTheLongestFirst(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		for n, d := range []time.Duration{time.Minute, 3 * time.Minute, 2 * time.Minute, -time.Minute} {
			must(t, db.Robots().Block(t.Context(), newRobot(t, db, n), after(d)))
		}
		got, err := db.Robots().Blocked(t.Context(), start(), 2)
		must(t, err)
		if len(got) != 2 || got[0].Name != "b" || got[1].Name != "c" {
			t.Fatalf("got %+v", got)
		}
	})
}

func TestFailingWhatIsQueuedForARobotLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to, other := newRobot(t, db, 0), newRobot(t, db, 1)
		b := aBroadcast(1, "")
		rows := []broadcast.Delivery{aDelivery(1, b.ID, to), aDelivery(2, b.ID, other), aDelivery(3, b.ID, to)}
		rows[2].NextAttemptAt = after(time.Hour)
		must(t, db.Broadcasts().Create(t.Context(), b, rows))
		notice := newNotices(t, db, to, 10, func(d *broadcast.Delivery) { d.SealedNotice = "sealed"; d.NextAttemptAt = after(time.Hour) })[0]
		sending, attempt := claim(t, db, to, start())
		want(t, "sending", sending, rows[0].ID)
		seen := len(updates(t, db))

		n, err := db.Broadcasts().FailQueued(t.Context(), to, after(time.Minute), "gone / 已删除")
		must(t, err)
		want(t, "failed", n, 2)
		for which, status := range map[id.Delivery]broadcast.Status{
			rows[0].ID: broadcast.Sending, rows[1].ID: broadcast.Queued, rows[2].ID: broadcast.Failed, notice: broadcast.Failed,
		} {
			d := delivery(t, db, which)
			want(t, string(which), d.Status, status)
			if status == broadcast.Failed && (!d.FinishedAt.Equal(after(time.Minute)) || d.SealedNotice != "" || d.Attempts != 1) {
				t.Errorf("%+v", d)
			}
		}
		attempts, err := db.Broadcasts().Attempts(t.Context(), []id.Delivery{rows[2].ID})
		must(t, err)
		if len(attempts) != 1 || attempts[0].Outcome != broadcast.Refused || attempts[0].PlatformMessage != "gone / 已删除" || attempts[0].Robot != to {
			t.Fatalf("got %+v", attempts)
		}
		news := updates(t, db)[seen:]
		if !slices.Equal(news, []broadcast.Update{{Delivery: rows[2].ID, Status: broadcast.Failed, At: after(time.Minute)}}) {
			t.Fatalf("told %+v", news)
		}
		must(t, db.Broadcasts().Complete(t.Context(), completion(attempt)))
		want(t, "the call under way", delivery(t, db, rows[0].ID).Status, broadcast.Sent)
		n, err = db.Broadcasts().FailQueued(t.Context(), to, after(time.Minute), "")
		must(t, err)
		want(t, "failed again", n, 0)
	})
}

func TestFailingWhatIsQueuedIsUndoneWithItsTransaction(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to := newRobot(t, db, 0)
		notice := newNotices(t, db, to, 1, nil)[0]
		no := errors.New("no")
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			_, err := db.Broadcasts().FailQueued(ctx, to, start(), "x")
			return errors.Join(err, db.Robots().Delete(ctx, to, start()), no)
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		want(t, "the notice", delivery(t, db, notice).Status, broadcast.Queued)
		_, err = db.Robots().Get(t.Context(), to)
		must(t, err)
	})
}

func TestLoadsOfManyRobotsAreThoseOfEach(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		var robots []id.Robot
		for n := range 4 {
			to := newRobot(t, db, n)
			robots = append(robots, to)
			newNotices(t, db, to, 100*n, make([]func(*broadcast.Delivery), n+1)...)
			for i := range n {
				_, attempt := claim(t, db, to, after(time.Duration(i)*time.Second))
				if i < n-1 { // the last stays open
					must(t, db.Broadcasts().Complete(t.Context(), completion(attempt)))
				}
			}
		}
		for _, since := range []time.Time{start(), after(time.Second), {}} {
			got, err := db.Broadcasts().Loads(t.Context(), append(robots, "robt_none"), since)
			must(t, err)
			for _, r := range robots {
				n, _, err := db.Broadcasts().Load(t.Context(), r, since)
				must(t, err)
				want(t, "load", got[r], n)
			}
		}
	})
}

func TestBroadcastsAndFailuresAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to := newRobot(t, db, 0)
		for n := range 5 {
			b := aBroadcast(n, "")
			must(t, db.Broadcasts().Create(t.Context(), b, []broadcast.Delivery{aDelivery(n, b.ID, to)}))
			_, attempt := claim(t, db, to, start())
			c := completion(attempt)
			c.Attempt.EndedAt, c.Status = after(time.Duration(n)*time.Minute), broadcast.Failed
			must(t, db.Broadcasts().Complete(t.Context(), c))
		}
		var seen []id.Broadcast
		for p := (page.Request{First: 2}); ; p.After = string(seen[len(seen)-1]) {
			rows, err := db.Broadcasts().List(t.Context(), p)
			must(t, err)
			for _, b := range rows.Items {
				seen = append(seen, b.ID)
			}
			if !rows.HasNext {
				break
			}
		}
		if len(seen) != 5 || !slices.IsSortedFunc(seen, func(a, b id.Broadcast) int { return -cmpStrings(a, b) }) {
			t.Fatalf("paged %v", seen)
		}
		failed, err := db.Broadcasts().Failures(t.Context(), after(2*time.Minute), 2)
		must(t, err)
		if len(failed) != 2 || !failed[0].FinishedAt.Equal(after(4*time.Minute)) || !failed[1].FinishedAt.Equal(after(3*time.Minute)) {
			t.Fatalf("got %+v", failed)
		}
		failed, err = db.Broadcasts().Failures(t.Context(), after(2*time.Minute), 10)
		must(t, err)
		want(t, "since", len(failed), 3)
	})
}
