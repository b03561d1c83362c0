package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
)

func TestShutdownLetsACallEndAndRecordsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		h.sender.answer = func(ctx context.Context, _ call) broadcast.Receipt {
			pass(h.clock, 5*time.Second)
			if ctx.Err() != nil {
				t.Error("shutdown must not cancel a call in flight")
			}
			return broadcast.Receipt{Outcome: broadcast.Accepted}
		}
		first := h.say(broadcast.Normal, "first", "r1")
		stop := h.start()
		synctest.Wait()
		second := h.say(broadcast.Normal, "second", "r1", "r2")
		synctest.Wait()
		stop()
		if h.state(first) != broadcast.AllSent {
			t.Errorf("the call in flight was not recorded: %v", h.of(first))
		}
		for _, d := range h.of(second) {
			if d.Robot == "r1" && (d.Status != broadcast.Queued || d.Attempts != 0) {
				t.Errorf("claimed after shutdown began: %+v", d)
			}
		}
		defer h.start()()
		pass(h.clock, time.Minute)
		if h.state(second) != broadcast.AllSent || len(h.sender.made()) != 3 {
			t.Errorf("after the restart: %s, %d calls", h.state(second), len(h.sender.made()))
		}
	})
}

func TestWhatADeadProcessHadInFlightIsSentAgainUnderTheSameUUID(t *testing.T) {
	t.Parallel()
	for _, exclusive := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t, clock.Real(), func(c *broadcast.Config) { c.Exclusive = exclusive })
			b := h.say(broadcast.Normal, "x", "r1")
			d := h.of(b)[0]
			now := h.clock.Now()
			if _, ok, err := h.store.Claim(t.Context(), broadcast.ClaimRequest{
				Attempt: "dead", Robot: "r1", Now: now, LeaseUntil: now.Add(time.Minute), Max: 20,
			}); err != nil || !ok {
				t.Fatal(ok, err)
			}
			defer h.start()()
			synctest.Wait()
			if got := len(h.sender.made()) == 1; got != exclusive {
				t.Fatalf("exclusive %v: sent at once %v", exclusive, got)
			}
			pass(h.clock, 2*time.Minute)
			calls := h.sender.made()
			if len(calls) != 1 || calls[0].uuid != d.MsgUUID || h.state(b) != broadcast.AllSent {
				t.Fatalf("calls %v, state %s", calls, h.state(b))
			}
			attempts, _ := h.LoadAttempts(t.Context(), []id.Delivery{d.ID})
			if a := attempts[d.ID]; len(a) != 2 || a[0].Outcome != broadcast.Unknown || a[1].Outcome != broadcast.Accepted {
				t.Fatalf("attempts %+v", a)
			}
		})
	}
}

func TestARecoveredAttemptCountsFromTheRecovery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		b := h.say(broadcast.Normal, "dead", "r1")
		for i := range 20 {
			h.say(broadcast.Bulk, fmt.Sprint(i), "r1")
		}
		now := h.clock.Now()
		_, _, _ = h.store.Claim(t.Context(), broadcast.ClaimRequest{
			Attempt: "dead", Robot: "r1", Now: now, LeaseUntil: now.Add(time.Minute), Max: 20,
		})
		pass(h.clock, time.Hour)
		defer h.start()()
		pass(h.clock, time.Minute)
		// Nineteen, for one may have been sent by the process that died.
		if n := len(h.sender.made()); n != 19 || h.state(b) != broadcast.AllSent {
			t.Fatalf("%d calls in the minute after the recovery, want 19", n)
		}
	})
}

func TestAFailingStoreDelaysAndLosesNothing(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk full")
	for _, op := range []string{"DueRobots", "Load", "Claim", "Get", "Complete", "Recover", "DeleteUpdatesBefore"} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t, clock.Real())
			h.store.setFail(func(o string) error {
				if o == op {
					return broken
				}
				return nil
			})
			b := h.say(broadcast.Normal, "x", "r1")
			stop := h.start()
			pass(h.clock, 5*time.Minute)
			h.store.setFail(nil)
			pass(h.clock, time.Hour)
			stop()
			if h.state(b) != broadcast.AllSent {
				t.Fatalf("%s: %v", op, h.of(b))
			}
			if n := len(h.sender.made()); n != 1 {
				t.Fatalf("%s: %d calls, want 1: an outcome that is known must not be repeated", op, n)
			}
		})
	}
}

func TestAStoreThatFailsForGoodDoesNotHoldUpShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		h.store.setFail(func(o string) error {
			if o == "Complete" {
				return errors.New("gone")
			}
			return nil
		})
		h.say(broadcast.Normal, "x", "r1")
		stop := h.start()
		pass(h.clock, time.Hour)
		began := h.clock.Now()
		stop()
		if took := h.clock.Now().Sub(began); took < time.Second || took > 5*time.Second {
			t.Fatalf("shutdown took %v, want some patience with the store and no more", took)
		}
		h.store.setFail(nil)
		defer h.start()()
		pass(h.clock, time.Minute)
		calls := h.sender.made()
		if len(calls) != 2 || calls[0].uuid != calls[1].uuid {
			t.Fatalf("after the restart: %v", calls)
		}
	})
}

func TestTwoProcessesShareARobotsBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real(), func(c *broadcast.Config) { c.Exclusive = false })
		h.sender.answer = func(context.Context, call) broadcast.Receipt {
			pass(h.clock, 150*time.Millisecond)
			return broadcast.Receipt{Outcome: broadcast.Accepted}
		}
		for i := range 100 {
			h.say(broadcast.Normal, fmt.Sprint(i), "r1")
		}
		defer h.start()()
		h.Service = broadcast.New(h.config)
		defer h.start()()
		pass(h.clock, 10*time.Minute)
		calls := h.sender.made()
		if len(calls) != 100 {
			t.Fatalf("%d calls, want 100", len(calls))
		}
		for i := broadcast.WindowMax; i < len(calls); i++ {
			if got := calls[i].at.Sub(calls[i-broadcast.WindowMax].at); got <= broadcast.Window {
				t.Fatalf("21 calls within %v", got)
			}
		}
	})
}

func TestWhatCannotBeOpenedFailsWithAReason(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		h.robots.sealed["r1"] = true
		b := h.say(broadcast.Normal, "x", "r1")
		defer h.start()()
		synctest.Wait()
		d := h.of(b)[0]
		attempts, _ := h.LoadAttempts(t.Context(), []id.Delivery{d.ID})
		if d.Status != broadcast.Failed || len(h.sender.made()) != 0 || attempts[d.ID][0].PlatformMessage == "" {
			t.Fatalf("%+v %+v", d, attempts)
		}
	})
}

func TestAPanickingSenderLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		first := true
		h.sender.answer = func(context.Context, call) broadcast.Receipt {
			if first {
				first = false
				panic("boom")
			}
			return broadcast.Receipt{Outcome: broadcast.Accepted}
		}
		b := h.say(broadcast.Normal, "x", "r1")
		defer h.start()()
		pass(h.clock, time.Minute)
		if h.state(b) != broadcast.AllSent || len(h.sender.made()) != 2 {
			t.Fatalf("state %s, %d calls", h.state(b), len(h.sender.made()))
		}
	})
}
