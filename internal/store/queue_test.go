package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func claimRequest(of id.Robot, now time.Time) broadcast.ClaimRequest {
	return broadcast.ClaimRequest{
		Attempt: id.Attempt(id.New(id.AttemptPrefix, now)), Robot: of, Now: now, LeaseUntil: now.Add(time.Minute),
		Since: now.Add(-broadcast.Window), Max: broadcast.WindowMax,
	}
}

func completion(of id.Attempt) broadcast.Completion {
	return broadcast.Completion{
		Attempt: broadcast.Attempt{ID: of, EndedAt: after(time.Second), Outcome: broadcast.Accepted, PlatformCode: "0", PlatformMessage: "ok"},
		Status:  broadcast.Sent,
	}
}

// claim takes the robot's next delivery and gives it with its attempt; "" when there was none.
func claim(t *testing.T, db *store.DB, of id.Robot, now time.Time) (id.Delivery, id.Attempt) {
	t.Helper()
	r := claimRequest(of, now)
	c, ok, err := db.Broadcasts().Claim(t.Context(), r)
	must(t, err)
	if !ok {
		return "", ""
	}
	return c.Delivery.ID, r.Attempt
}

func due(t *testing.T, db *store.DB, now time.Time, limit int) ([]id.Robot, time.Time) {
	t.Helper()
	robots, next, err := db.Broadcasts().DueRobots(t.Context(), now, limit)
	must(t, err)
	return robots, next
}

func TestClaimingRecordsTheAttemptAndCompletingEndsIt(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to := newRobot(t, db, 0)
		b := aBroadcast(1, "")
		d := aDelivery(1, b.ID, to)
		must(t, db.Broadcasts().Create(t.Context(), b, []broadcast.Delivery{d}))

		r := claimRequest(to, start())
		c, ok, err := db.Broadcasts().Claim(t.Context(), r)
		must(t, err)
		want(t, "claimed", ok, true)
		d.Status, d.Attempts = broadcast.Sending, 1
		want(t, "delivery", c.Delivery, d)
		want(t, "delivery as stored", delivery(t, db, d.ID), d)
		attempt := broadcast.Attempt{ID: r.Attempt, Delivery: d.ID, Robot: to, StartedAt: start(), Outcome: broadcast.Pending}
		attempts, err := db.Broadcasts().Attempts(t.Context(), []id.Delivery{d.ID})
		must(t, err)
		if !slices.Equal(attempts, []broadcast.Attempt{attempt}) {
			t.Fatalf("got %+v", attempts)
		}
		if another, _ := claim(t, db, to, start()); another != "" {
			t.Fatal("a robot speaks once at a time")
		}

		attempt.EndedAt, attempt.Outcome, attempt.PlatformCode, attempt.PlatformMessage = after(time.Second), broadcast.Accepted, "0", "ok"
		must(t, db.Broadcasts().Complete(t.Context(), broadcast.Completion{Attempt: attempt, Status: broadcast.Sent}))
		d.Status, d.FinishedAt = broadcast.Sent, after(time.Second)
		want(t, "delivery", delivery(t, db, d.ID), d)
		attempts, err = db.Broadcasts().Attempts(t.Context(), []id.Delivery{d.ID})
		must(t, err)
		want(t, "attempt", attempts[0], attempt)
		all := updates(t, db)
		want(t, "last update", all[len(all)-1], broadcast.Update{Delivery: d.ID, Status: broadcast.Sent, At: after(time.Second)})

		// Once more changes nothing.
		again := attempt
		again.Outcome = broadcast.Refused
		must(t, db.Broadcasts().Complete(t.Context(), broadcast.Completion{Attempt: again, Status: broadcast.Failed}))
		want(t, "delivery", delivery(t, db, d.ID), d)
		want(t, "updates", len(updates(t, db)), len(all))
		must(t, db.Broadcasts().Complete(t.Context(), completion("atmp_nobody")))
	})
}

func TestARetriedDeliveryKeepsItsNoticeAndAFinishedOneLosesIt(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to := newRobot(t, db, 0)
		d := newNotices(t, db, to, 1, func(d *broadcast.Delivery) { d.SealedNotice = "sealed" })[0]
		_, attempt := claim(t, db, to, start())
		must(t, db.Broadcasts().Complete(t.Context(), broadcast.Completion{
			Attempt: broadcast.Attempt{ID: attempt, Robot: to, EndedAt: after(time.Second), Outcome: broadcast.Throttled},
			Status:  broadcast.Queued, NextAttemptAt: after(time.Hour), RobotBlockedUntil: after(10 * time.Minute),
		}))
		got := delivery(t, db, d)
		want(t, "status", got.Status, broadcast.Queued)
		want(t, "notice", got.SealedNotice, "sealed")
		want(t, "next", got.NextAttemptAt, after(time.Hour))
		r, err := db.Robots().Get(t.Context(), to)
		must(t, err)
		want(t, "blocked", r.BlockedUntil, after(10*time.Minute))

		_, attempt = claim(t, db, to, after(time.Hour))
		done := completion(attempt)
		done.Attempt.EndedAt = after(2 * time.Hour)
		must(t, db.Broadcasts().Complete(t.Context(), done))
		got = delivery(t, db, d)
		want(t, "status", got.Status, broadcast.Sent)
		want(t, "notice", got.SealedNotice, "")
		want(t, "attempts", got.Attempts, 2)
		want(t, "updates", len(updates(t, db)), 0)
	})
}

func TestTheMostUrgentDueDeliveryGoesFirst(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to := newRobot(t, db, 0)
		put := func(p broadcast.Priority, at time.Duration) func(*broadcast.Delivery) {
			return func(d *broadcast.Delivery) { d.Priority, d.NextAttemptAt = p, after(at) }
		}
		ids := newNotices(t, db, to, 1,
			put(broadcast.Bulk, 0), put(broadcast.Normal, 2*time.Millisecond), put(broadcast.Normal, time.Millisecond),
			put(broadcast.Urgent, time.Hour), put(broadcast.Urgent, 3*time.Millisecond))
		now := after(time.Second)
		for i, wanted := range []id.Delivery{ids[4], ids[2], ids[1], ids[0], ""} {
			got, attempt := claim(t, db, to, now)
			want(t, fmt.Sprint("claim ", i), got, wanted)
			if got != "" {
				must(t, db.Broadcasts().Complete(t.Context(), completion(attempt)))
			}
		}
	})
}

func TestNothingIsClaimedForARobotThatMustNotSpeak(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		blocked, unknown, idle := newRobot(t, db, 0), id.Robot("robt_nobody"), newRobot(t, db, 1)
		newNotices(t, db, blocked, 1, nil)
		must(t, db.Robots().Block(t.Context(), blocked, after(time.Minute)))
		for _, r := range []id.Robot{blocked, unknown, idle} {
			if got, _ := claim(t, db, r, after(time.Minute-time.Millisecond)); got != "" {
				t.Fatalf("%s claimed %s", r, got)
			}
		}
		if got, _ := claim(t, db, blocked, after(time.Minute)); got == "" {
			t.Fatal("the block has ended")
		}
	})
}

func TestABudgetIsNeverExceededHoweverManyClaim(t *testing.T) {
	t.Parallel()
	dbkit.EachAddress(t, func(t *testing.T, address string) {
		servers := []*store.DB{
			dbkit.Open(t, store.Config{DSN: address}),
			dbkit.Open(t, store.Config{DSN: address, Shared: true}),
		}
		db := servers[0]
		to := newRobot(t, db, 0)
		newNotices(t, db, to, 1, make([]func(*broadcast.Delivery), 20)...)
		const budget = 5
		var claimed []id.Attempt
		for range 12 { // rounds in which all claim at once and the one who got something sends it
			attempts := make([]id.Attempt, 6)
			must(t, errors.Join(atOnce(len(attempts), func(i int) error {
				r := claimRequest(to, after(time.Second))
				r.Max = budget
				_, ok, err := servers[i%2].Broadcasts().Claim(t.Context(), r)
				if ok {
					attempts[i] = r.Attempt
				}
				return err
			})...))
			attempts = slices.DeleteFunc(attempts, func(a id.Attempt) bool { return a == "" })
			if len(attempts) > 1 {
				t.Fatalf("%d claimed at once", len(attempts))
			}
			for _, a := range attempts {
				must(t, db.Broadcasts().Complete(t.Context(), completion(a)))
			}
			claimed = append(claimed, attempts...)
		}
		want(t, "claimed", len(claimed), budget)
		n, earliest, err := db.Broadcasts().Load(t.Context(), to, start())
		must(t, err)
		want(t, "load", n, budget)
		want(t, "earliest", earliest, after(time.Second))
	})
}

func TestTheLoadCountsOpenAttemptsAndThoseEndedLately(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to := newRobot(t, db, 0)
		newNotices(t, db, to, 1, make([]func(*broadcast.Delivery), 3)...)
		load := func(since time.Time, wantCount int, wantEarliest time.Time) {
			t.Helper()
			n, earliest, err := db.Broadcasts().Load(t.Context(), to, since)
			must(t, err)
			want(t, "count", n, wantCount)
			want(t, "earliest", earliest, wantEarliest)
		}
		load(time.Time{}, 0, time.Time{})
		for i := range 2 {
			_, attempt := claim(t, db, to, start())
			done := completion(attempt)
			done.Attempt.EndedAt = after(time.Duration(i+1) * time.Second)
			must(t, db.Broadcasts().Complete(t.Context(), done))
		}
		claim(t, db, to, start())
		load(time.Time{}, 3, after(time.Second))
		load(after(time.Second), 2, after(2*time.Second))
		load(after(2*time.Second), 1, time.Time{})
	})
}

func TestWhatHasExpiredIsNotSent(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		to := newRobot(t, db, 0)
		b := aBroadcast(1, "")
		old := aDelivery(1, b.ID, to)
		old.ExpiresAt = after(time.Minute)
		must(t, db.Broadcasts().Create(t.Context(), b, []broadcast.Delivery{old}))
		notice := newNotices(t, db, to, 2, func(d *broadcast.Delivery) { d.ExpiresAt, d.SealedNotice = after(time.Minute), "sealed" })[0]
		fresh := newNotices(t, db, to, 3, func(d *broadcast.Delivery) { d.ExpiresAt = after(time.Minute + time.Millisecond) })[0]
		got, _ := claim(t, db, to, after(time.Minute))
		want(t, "claimed", got, fresh)
		for _, which := range []id.Delivery{old.ID, notice} {
			d := delivery(t, db, which)
			want(t, "status", d.Status, broadcast.Expired)
			want(t, "finished", d.FinishedAt, after(time.Minute))
			want(t, "notice", d.SealedNotice, "")
		}
		all := updates(t, db)
		want(t, "updates", len(all), 2)
		want(t, "update", all[1], broadcast.Update{Delivery: old.ID, Status: broadcast.Expired, At: after(time.Minute)})
	})
}

func TestDueRobotsAreThoseThatCouldSpeakNow(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		none, next := due(t, db, start(), 10)
		want(t, "nobody", len(none), 0)
		want(t, "next", next, time.Time{})

		at := func(p broadcast.Priority, d time.Duration) func(*broadcast.Delivery) {
			return func(v *broadcast.Delivery) { v.Priority, v.NextAttemptAt = p, after(d) }
		}
		bulk, normal, urgent, later, blocked, sending, idle := newRobot(t, db, 0), newRobot(t, db, 1), newRobot(t, db, 2),
			newRobot(t, db, 3), newRobot(t, db, 4), newRobot(t, db, 5), newRobot(t, db, 6)
		newNotices(t, db, bulk, 1, at(broadcast.Bulk, -time.Hour), at(broadcast.Urgent, time.Hour))
		newNotices(t, db, normal, 11, at(broadcast.Normal, -time.Minute))
		newNotices(t, db, urgent, 21, at(broadcast.Urgent, 0), at(broadcast.Normal, -time.Hour))
		newNotices(t, db, later, 31, at(broadcast.Normal, 5*time.Minute))
		newNotices(t, db, blocked, 41, at(broadcast.Urgent, 0))
		must(t, db.Robots().Block(t.Context(), blocked, after(3*time.Minute)))
		newNotices(t, db, sending, 51, at(broadcast.Urgent, 0), at(broadcast.Urgent, -time.Second))
		claim(t, db, sending, start())
		must(t, db.Robots().Block(t.Context(), idle, after(time.Minute))) // has nothing to say

		got, next := due(t, db, start(), 10)
		if !slices.Equal(got, []id.Robot{urgent, normal, bulk}) {
			t.Fatalf("due %v", got)
		}
		want(t, "next", next, after(3*time.Minute))
		got, _ = due(t, db, start(), 1)
		if !slices.Equal(got, []id.Robot{urgent}) {
			t.Fatalf("due %v", got)
		}
		_, next = due(t, db, after(3*time.Minute), 10)
		want(t, "next", next, after(5*time.Minute))
	})
}

func TestWhatADeadProcessWasSendingIsRecovered(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		lost, alive := newRobot(t, db, 0), newRobot(t, db, 1)
		newNotices(t, db, lost, 1, nil)
		newNotices(t, db, alive, 2, nil)
		first, attempt := claim(t, db, lost, start()) // leased for a minute
		second, _ := claim(t, db, alive, after(time.Minute))

		now := after(time.Minute + time.Second)
		n, err := db.Broadcasts().Recover(t.Context(), now, false)
		must(t, err)
		want(t, "recovered", n, 1)
		got := delivery(t, db, first)
		want(t, "status", got.Status, broadcast.Queued)
		want(t, "due", got.NextAttemptAt, now)
		want(t, "the other", delivery(t, db, second).Status, broadcast.Sending)
		attempts, err := db.Broadcasts().Attempts(t.Context(), []id.Delivery{first})
		must(t, err)
		want(t, "outcome", attempts[0].Outcome, broadcast.Unknown)
		want(t, "ended", attempts[0].EndedAt, now)

		// The process was only slow: what it says now comes too late.
		must(t, db.Broadcasts().Complete(t.Context(), completion(attempt)))
		want(t, "status", delivery(t, db, first).Status, broadcast.Queued)

		n, err = db.Broadcasts().Recover(t.Context(), now, true)
		must(t, err)
		want(t, "recovered of all", n, 1)
		if again, _ := claim(t, db, lost, now); again != first {
			t.Fatalf("claimed %q", again)
		}
	})
}

func TestWhatWasRecordedBeforeTheClockWasSetBackDoesNotSilenceTheRobot(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		robot := newRobot(t, db, 0)
		newNotices(t, db, robot, 1, nil)
		_, attempt := claim(t, db, robot, start())
		ended := completion(attempt)
		ended.Attempt.EndedAt = after(2 * time.Hour)
		must(t, db.Broadcasts().Complete(t.Context(), ended))
		must(t, db.Robots().Block(t.Context(), robot, after(3*time.Hour)))

		now := after(time.Minute) // two hours back
		_, err := db.Broadcasts().Recover(t.Context(), now, true)
		must(t, err)
		count, earliest, err := db.Broadcasts().Load(t.Context(), robot, now.Add(-time.Second))
		must(t, err)
		want(t, "counted", count, 1)
		want(t, "ended", earliest, now)
		count, _, err = db.Broadcasts().Load(t.Context(), robot, now.Add(time.Second))
		must(t, err)
		want(t, "counted a moment later", count, 0)
		blocked, err := db.Robots().Get(t.Context(), robot)
		must(t, err)
		want(t, "rests until", blocked.BlockedUntil, now.Add(broadcast.Rest))
	})
}

func TestManyCompletionsAtOnceAreAllRecorded(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		const robots = 20
		b := aBroadcast(1, "")
		var ds []broadcast.Delivery
		for n := range robots {
			ds = append(ds, aDelivery(n, b.ID, newRobot(t, db, n)))
		}
		must(t, db.Broadcasts().Create(t.Context(), b, ds))
		must(t, errors.Join(atOnce(robots, func(i int) error {
			r := claimRequest(ds[i].Robot, start())
			if _, ok, err := db.Broadcasts().Claim(t.Context(), r); err != nil || !ok {
				return fmt.Errorf("claimed %v, %w", ok, err)
			}
			return db.Broadcasts().Complete(t.Context(), completion(r.Attempt))
		})...))
		want(t, "updates", len(updates(t, db)), 2*robots)
		counts, err := db.Broadcasts().Statuses(context.WithoutCancel(t.Context()), []id.Broadcast{b.ID})
		must(t, err)
		want(t, "sent", counts[b.ID][broadcast.Sent], robots)
	})
}
