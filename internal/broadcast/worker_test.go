package broadcast_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
)

// In these tests the real clock stands for the bubble's: time passes when everybody waits.

func TestWhatIsDueIsSentAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		defer h.start()()
		synctest.Wait()
		b := h.say(broadcast.Normal, "hello", "r1", "r2")
		synctest.Wait()
		if got := h.state(b); got != broadcast.AllSent {
			t.Fatalf("state %s, want SENT", got)
		}
		for _, d := range h.of(b) {
			attempts, err := h.LoadAttempts(t.Context(), []id.Delivery{d.ID})
			if err != nil || len(attempts[d.ID]) != 1 || attempts[d.ID][0].PlatformCode != "0" {
				t.Fatalf("attempts %v %v", attempts, err)
			}
		}
	})
}

func TestAScheduledBroadcastWaitsForItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		defer h.start()()
		b, err := h.Create(t.Context(), authz.System(), broadcast.Request{
			Robots: []id.Robot{"r1"}, Message: text("later"), SendAt: h.clock.Now().Add(time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := h.state(b); got != broadcast.Scheduled {
			t.Fatalf("state %s, want SCHEDULED", got)
		}
		pass(h.clock, time.Hour)
		synctest.Wait()
		calls := h.sender.made()
		if len(calls) != 1 || !calls[0].at.Equal(b.SendAt) {
			t.Fatalf("calls %v, want one at %v", calls, b.SendAt)
		}
	})
}

func TestTheTwentyFirstMessageWaitsUntilTheFirstLeavesTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		h.sender.answer = func(_ context.Context, c call) broadcast.Receipt {
			pass(h.clock, 100*time.Millisecond)
			return broadcast.Receipt{Outcome: broadcast.Accepted}
		}
		for i := range 21 {
			h.say(broadcast.Normal, fmt.Sprint(i), "r1")
		}
		begun := h.clock.Now()
		defer h.start()()
		pass(h.clock, time.Minute)
		if n := len(h.sender.made()); n != 20 {
			t.Fatalf("%d calls within a minute, want 20", n)
		}
		pass(h.clock, 2*time.Second)
		calls := h.sender.made()
		// The first call ended after 100 ms: a window and the margin from then.
		if want := begun.Add(100*time.Millisecond + 61*time.Second); len(calls) != 21 || !calls[20].at.Equal(want) {
			t.Fatalf("%d calls, the last at %v; want 21, the last at %v", len(calls), calls[len(calls)-1].at, want)
		}
	})
}

func TestARobotToldToSlowDownRestsTenMinutesAndOthersGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		throttled := false
		h.sender.answer = func(_ context.Context, c call) broadcast.Receipt {
			if c.robot == "r1" && !throttled {
				throttled = true
				return broadcast.Receipt{Outcome: broadcast.Throttled, PlatformCode: "410100"}
			}
			return broadcast.Receipt{Outcome: broadcast.Accepted}
		}
		begun := h.clock.Now()
		defer h.start()()
		b := h.say(broadcast.Normal, "one", "r1")
		synctest.Wait()
		// What comes during the rest waits as well, be it urgent.
		h.say(broadcast.Urgent, "two", "r1")
		other := h.say(broadcast.Normal, "other", "r2")
		pass(h.clock, broadcast.Rest-time.Millisecond)
		if h.state(other) != broadcast.AllSent {
			t.Error("another robot must not wait")
		}
		if n := len(h.sender.made()); n != 2 || h.state(b) != broadcast.InProgress {
			t.Fatalf("%d calls during the rest, want 2", n)
		}
		pass(h.clock, time.Second)
		calls := h.sender.made()[2:]
		if len(calls) != 2 || !calls[0].at.Equal(begun.Add(broadcast.Rest)) || calls[0].message.Text.Content != "two" {
			t.Fatalf("after the rest: %v", calls)
		}
		if calls[1].uuid != h.sender.made()[0].uuid {
			t.Error("the repetition must carry the same msgUuid")
		}
	})
}

func TestWhatFailsForNowIsRepeatedLaterAndLater(t *testing.T) {
	t.Parallel()
	for _, outcome := range []broadcast.Outcome{broadcast.Retryable, broadcast.Unknown, "nonsense"} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t, clock.Real())
			h.sender.answer = func(context.Context, call) broadcast.Receipt { return broadcast.Receipt{Outcome: outcome} }
			b := h.say(broadcast.Normal, "x", "r1")
			defer h.start()()
			pass(h.clock, 25*time.Hour)
			if got := h.state(b); got != broadcast.AllFailed {
				t.Fatalf("%s: state %s after a day, want FAILED", outcome, got)
			}
			calls := h.sender.made()
			for i := 1; i < len(calls); i++ {
				want := min(time.Second<<min(i-1, 10), 10*time.Minute)
				if got := calls[i].at.Sub(calls[i-1].at); got != want {
					t.Fatalf("%s: repetition %d came after %v, want %v", outcome, i, got, want)
				}
				if calls[i].uuid != calls[0].uuid {
					t.Fatal("a repetition changed its msgUuid")
				}
			}
			if last := calls[len(calls)-1].at.Sub(b.SendAt); last > 24*time.Hour || last < 23*time.Hour {
				t.Fatalf("%s: gave up after %v, want about a day", outcome, last)
			}
		})
	}
}

func TestWhatIsRefusedIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		h.sender.answer = func(_ context.Context, c call) broadcast.Receipt {
			if c.robot == "r1" {
				return broadcast.Receipt{Outcome: broadcast.Refused, PlatformCode: "310000", PlatformMessage: "keywords not in content"}
			}
			return broadcast.Receipt{Outcome: broadcast.Accepted}
		}
		b := h.say(broadcast.Normal, "x", "r1", "r2")
		defer h.start()()
		pass(h.clock, time.Hour)
		if n := len(h.sender.made()); n != 2 || h.state(b) != broadcast.Partial {
			t.Fatalf("%d calls, state %s; want 2, PARTIAL", n, h.state(b))
		}
	})
}

func TestTheMoreUrgentGoesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real(), func(c *broadcast.Config) { c.Concurrency = 1 })
		h.say(broadcast.Bulk, "bulk", "r1")
		h.say(broadcast.Normal, "normal", "r2")
		h.say(broadcast.Urgent, "urgent", "r1")
		defer h.start()()
		synctest.Wait()
		var order []string
		for _, c := range h.sender.made() {
			order = append(order, c.message.Text.Content)
		}
		if want := []string{"urgent", "normal", "bulk"}; !slices.Equal(order, want) {
			t.Fatalf("order %v, want %v", order, want)
		}
	})
}

func TestNoMoreRobotsSpeakAtATimeThanAllowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real(), func(c *broadcast.Config) { c.Concurrency = 2 })
		speaking, most := map[id.Robot]bool{}, 0
		h.sender.answer = func(_ context.Context, c call) broadcast.Receipt {
			h.sender.mu.Lock()
			if speaking[c.robot] {
				t.Errorf("robot %s has two calls in flight", c.robot)
			}
			speaking[c.robot] = true
			most = max(most, len(speaking))
			h.sender.mu.Unlock()
			pass(h.clock, time.Second)
			h.sender.mu.Lock()
			delete(speaking, c.robot)
			h.sender.mu.Unlock()
			return broadcast.Receipt{Outcome: broadcast.Accepted}
		}
		for range 5 {
			h.say(broadcast.Normal, "x", "r1", "r2", "r3")
		}
		defer h.start()()
		pass(h.clock, time.Minute)
		if n := len(h.sender.made()); n != 15 || most != 2 {
			t.Fatalf("%d calls, at most %d at a time; want 15 and 2", n, most)
		}
	})
}

func TestWhatIsCreatedWhileItsRobotFindsNothingIsNotForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		began := h.clock.Now()
		claims, created, looked := 0, false, make(chan struct{}, 10)
		h.store.setFail(func(op string) error {
			if op == "Claim" {
				claims++
			}
			if op == "DueRobots" && created {
				looked <- struct{}{}
			}
			return nil
		})
		// The hint that follows the claim that finds nothing holds the turn open until the dispatcher
		// has seen the next broadcast, for a robot that is still busy.
		h.bus.Subscribe(broadcast.TopicUpdated, func([]byte) {
			h.store.mu.Lock()
			now := claims == 2 && !created
			created = created || now
			h.store.mu.Unlock()
			if now {
				go func() {
					_, err := h.Create(context.Background(), authz.System(), broadcast.Request{Robots: []id.Robot{"r1"}, Message: text("second")})
					if err != nil {
						t.Error(err)
					}
				}()
				<-looked
			}
		})
		h.say(broadcast.Normal, "first", "r1")
		defer h.start()()
		synctest.Wait()
		if n := len(h.sender.made()); n != 2 || !h.clock.Now().Equal(began) {
			t.Fatalf("%d calls at once, want 2", n)
		}
	})
}

func TestAnotherProcessIsWokenOverTheBus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		defer h.start()()
		synctest.Wait()
		front := broadcast.New(h.config) // takes requests, does not Run
		b, err := front.Create(t.Context(), authz.System(), broadcast.Request{Robots: []id.Robot{"r1"}, Message: text("x")})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if h.state(b) != broadcast.AllSent {
			t.Fatal("not sent at once")
		}
	})
}

func TestOldFeedEntriesAndNoticesAreDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		defer h.start()()
		b := h.say(broadcast.Normal, "x", "r1")
		if err := h.Notify(t.Context(), broadcast.Notice{Robot: "r2", Message: text("code")}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := h.entries(); n != 2 {
			t.Fatalf("%d feed entries, want two of the broadcast and none of the notice", n)
		}
		pass(h.clock, 7*24*time.Hour+2*time.Hour)
		if h.entries() != 0 || len(h.notices()) != 0 || len(h.of(b)) != 1 {
			t.Fatalf("kept %d entries, %d notices; broadcasts stay", h.entries(), len(h.notices()))
		}
	})
}
