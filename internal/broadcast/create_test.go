package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// request is one that is taken, changed by the test.
func request(change func(*broadcast.Request)) broadcast.Request {
	r := broadcast.Request{Robots: []id.Robot{"r1", "r2"}, Message: text("hello"), Priority: broadcast.Normal}
	if change != nil {
		change(&r)
	}
	return r
}

func TestABroadcastIsStoredWithOneDeliveryForEachRobot(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start.Add(123456*time.Nanosecond)))
	b, err := h.Create(t.Context(), admin("acct_1"), request(nil))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := h.Get(t.Context(), admin("acct_1"), b.ID)
	if err != nil || !stored.SendAt.Equal(start) || !b.SendAt.Equal(start) || stored.Author != "acct_1" {
		t.Fatalf("stored %+v, returned %+v: %v", stored, b, err)
	}
	uuids := map[string]bool{}
	for _, d := range h.of(b) {
		uuids[d.MsgUUID] = true
		if d.Status != broadcast.Queued || !d.NextAttemptAt.Equal(start) || !d.DueAt.Equal(start) || d.Priority != broadcast.Normal {
			t.Errorf("delivery %+v", d)
		}
	}
	if len(uuids) != 2 {
		t.Errorf("%d msgUuids for two deliveries", len(uuids))
	}
	if n := h.entries(); n != 2 {
		t.Errorf("%d feed entries, want 2", n)
	}
}

func TestTimesInThePastMeanNow(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start))
	b, err := h.Create(t.Context(), authz.System(), request(func(r *broadcast.Request) { r.SendAt = start.Add(-time.Hour) }))
	if err != nil || !b.SendAt.Equal(start) {
		t.Fatalf("%v %v", b.SendAt, err)
	}
}

func TestOnlyAdminsBroadcast(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start))
	for name, c := range map[string]struct {
		actor authz.Actor
		want  error
	}{
		"nobody": {authz.Actor{}, authz.ErrSignInRequired},
		"member": {authz.Actor{Account: "a", Roles: []authz.Role{authz.Member}}, authz.ErrForbidden},
		"admin":  {admin("a"), nil},
		"system": {authz.System(), nil},
	} {
		b, err := h.Create(t.Context(), c.actor, request(nil))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: Create gave %v", name, err)
		}
		if _, err := h.ListDeliveries(t.Context(), c.actor, b.ID, page.Request{First: 5}); !errors.Is(err, c.want) {
			t.Errorf("%s: ListDeliveries gave %v", name, err)
		}
		if _, err := h.Get(t.Context(), c.actor, b.ID); !errors.Is(err, c.want) {
			t.Errorf("%s: Get gave %v", name, err)
		}
	}
}

func TestRequestsAtFaultAreRefusedWithTheirReason(t *testing.T) {
	t.Parallel()
	many := func(n int) (phones []string) {
		for i := range n {
			phones = append(phones, fmt.Sprintf("138%08d", i))
		}
		return phones
	}
	card := broadcast.Message{Link: &broadcast.Link{Title: "t", Text: "x", MessageURL: "https://example.com"}}
	cases := map[string]struct {
		change func(*broadcast.Request)
		want   *errs.Error
	}{
		"no robots":             {func(r *broadcast.Request) { r.Robots = nil }, broadcast.ErrNoRobots},
		"a robot twice":         {func(r *broadcast.Request) { r.Robots = []id.Robot{"r1", "r1"} }, broadcast.ErrNoRobots},
		"101 robots":            {func(r *broadcast.Request) { r.Robots = robots(101) }, broadcast.ErrNoRobots},
		"100 unknown robots":    {func(r *broadcast.Request) { r.Robots = robots(100) }, errs.New(errs.NotFound, "robot.not_found", "")},
		"one unknown robot":     {func(r *broadcast.Request) { r.Robots = []id.Robot{"r1", "nobody"} }, errs.New(errs.NotFound, "robot.not_found", "")},
		"no message":            {func(r *broadcast.Request) { r.Message = broadcast.Message{} }, broadcast.ErrMessageInvalid},
		"unknown priority":      {func(r *broadcast.Request) { r.Priority = 7 }, broadcast.ErrMessageInvalid},
		"longest message":       {func(r *broadcast.Request) { r.Message = text(strings.Repeat("x", broadcast.MaxBody)) }, nil},
		"a byte too long":       {func(r *broadcast.Request) { r.Message = text(strings.Repeat("x", broadcast.MaxBody+1)) }, broadcast.ErrTooLong},
		"50 mentions":           {func(r *broadcast.Request) { r.Mentions.Phones = many(49); r.Mentions.UserIDs = []string{"u"} }, nil},
		"51 mentions":           {func(r *broadcast.Request) { r.Mentions.Phones = many(50); r.Mentions.UserIDs = []string{"u"} }, broadcast.ErrTooManyMentions},
		"51 mentions of one":    {func(r *broadcast.Request) { r.Mentions.Phones = slices.Repeat(many(1), 51) }, nil},
		"mentions in a link":    {func(r *broadcast.Request) { r.Message = card; r.Mentions.All = true }, broadcast.ErrMentionsUnsupported},
		"a link without":        {func(r *broadcast.Request) { r.Message = card }, nil},
		"not a phone":           {func(r *broadcast.Request) { r.Mentions.Phones = []string{"zhangsan"} }, broadcast.ErrMessageInvalid},
		"no user id":            {func(r *broadcast.Request) { r.Mentions.UserIDs = []string{"  "} }, broadcast.ErrMessageInvalid},
		"90 days ahead":         {func(r *broadcast.Request) { r.SendAt = start.AddDate(0, 0, 90) }, nil},
		"beyond 90 days":        {func(r *broadcast.Request) { r.SendAt = start.AddDate(0, 0, 90).Add(time.Millisecond) }, broadcast.ErrSendAtInvalid},
		"longest key":           {func(r *broadcast.Request) { r.IdempotencyKey = strings.Repeat("键", 128) }, nil},
		"key too long":          {func(r *broadcast.Request) { r.IdempotencyKey = strings.Repeat("k", 129) }, broadcast.ErrKeyInvalid},
		"key with a NUL":        {func(r *broadcast.Request) { r.IdempotencyKey = "a\x00b" }, broadcast.ErrKeyInvalid},
		"key that is not UTF-8": {func(r *broadcast.Request) { r.IdempotencyKey = "\xff" }, broadcast.ErrKeyInvalid},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, clock.NewFake(start))
			_, err := h.Create(t.Context(), authz.System(), request(c.change))
			if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err != nil && len(h.store.deliveries) != 0 {
				t.Error("a refused request left deliveries")
			}
		})
	}
}

func robots(n int) []id.Robot {
	out := make([]id.Robot, n)
	for i := range out {
		out[i] = id.Robot(fmt.Sprint("robot", i))
	}
	return out
}

func TestMentionsAreKeptAsThePlatformKnowsPeople(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start))
	b, err := h.Create(t.Context(), authz.System(), request(func(r *broadcast.Request) {
		r.Mentions = broadcast.Mentions{
			Phones:  []string{"+86 138-0000-0001", "13800000001", "8613800000002", "+852 6123 4567", "0086 13800000003"},
			UserIDs: []string{" zhangsan ", "zhangsan", "13800000001"},
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"13800000001", "13800000002", "85261234567", "13800000003"}; !slices.Equal(b.Mentions.Phones, want) {
		t.Errorf("phones %v, want %v", b.Mentions.Phones, want)
	}
	if want := []string{"zhangsan", "13800000001"}; !slices.Equal(b.Mentions.UserIDs, want) {
		t.Errorf("users %v, want %v", b.Mentions.UserIDs, want)
	}
}

func TestAskingAgainWithTheSameKeyGivesTheSameBroadcast(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(start)
	h := newHouse(t, clk)
	keyed := func(change func(*broadcast.Request)) broadcast.Request {
		return request(func(r *broadcast.Request) {
			r.IdempotencyKey, r.SendAt = "key", start.Add(time.Minute)
			if change != nil {
				change(r)
			}
		})
	}
	first, err := h.Create(t.Context(), admin("a"), keyed(nil))
	if err != nil {
		t.Fatal(err)
	}
	clk.Advance(time.Hour) // the time asked for has passed by now
	again, err := h.Create(t.Context(), admin("a"), keyed(func(r *broadcast.Request) { slices.Reverse(r.Robots) }))
	if err != nil || again.ID != first.ID {
		t.Fatalf("got %v %v, want %v", again.ID, err, first.ID)
	}
	if len(h.store.deliveries) != 2 || len(h.store.updates) != 2 {
		t.Fatalf("asking again left %d deliveries, %d feed entries", len(h.store.deliveries), len(h.store.updates))
	}
	other, err := h.Create(t.Context(), admin("b"), keyed(nil))
	if err != nil || other.ID == first.ID {
		t.Fatalf("another author's key is another key: %v %v", other.ID, err)
	}
	for name, change := range map[string]func(*broadcast.Request){
		"text":     func(r *broadcast.Request) { r.Message = text("other") },
		"robots":   func(r *broadcast.Request) { r.Robots = r.Robots[:1] },
		"mentions": func(r *broadcast.Request) { r.Mentions.All = true },
		"priority": func(r *broadcast.Request) { r.Priority = broadcast.Bulk },
		"time":     func(r *broadcast.Request) { r.SendAt = time.Time{} },
	} {
		if _, err := h.Create(t.Context(), admin("a"), keyed(change)); !errors.Is(err, broadcast.ErrIdempotencyConflict) {
			t.Errorf("%s changed: got %v", name, err)
		}
	}
}

func TestOfManyWhoAskAtOnceOneBroadcastComes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start))
	ids := make(chan id.Broadcast, 32)
	var asking sync.WaitGroup
	for range cap(ids) {
		asking.Go(func() {
			b, err := h.Create(context.Background(), admin("a"), request(func(r *broadcast.Request) { r.IdempotencyKey = "k" }))
			if err != nil {
				t.Error(err)
			}
			ids <- b.ID
		})
	}
	asking.Wait()
	close(ids)
	seen := map[id.Broadcast]bool{}
	for b := range ids {
		seen[b] = true
	}
	if len(seen) != 1 || len(h.store.deliveries) != 2 {
		t.Fatalf("%d broadcasts %v, %d deliveries", len(seen), slices.Collect(maps.Keys(seen)), len(h.store.deliveries))
	}
}

func TestWithoutAKeyEveryRequestIsItsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start))
	one := h.say(broadcast.Normal, "x", "r1")
	two := h.say(broadcast.Normal, "x", "r1")
	if one.ID == two.ID {
		t.Fatal("the same broadcast came back")
	}
}

func TestAFailedCommitLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start))
	broken := errors.New("disk full")
	err := h.store.InTx(t.Context(), func(ctx context.Context) error {
		if _, err := h.Create(ctx, authz.System(), request(nil)); err != nil {
			t.Fatal(err)
		}
		return broken
	})
	if !errors.Is(err, broken) || len(h.store.deliveries) != 0 || len(h.store.broadcasts) != 0 {
		t.Fatalf("%v, %d deliveries", err, len(h.store.deliveries))
	}
	h.store.setFail(func(string) error { return broken })
	if _, err := h.Create(t.Context(), authz.System(), request(nil)); errs.CodeOf(err) != errs.Internal || !errors.Is(err, broken) {
		t.Fatalf("a failing store gave %v", err)
	}
}

func TestUnknownBroadcastsAreNotFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start))
	if _, err := h.Get(t.Context(), authz.System(), "bcst_none"); !errors.Is(err, broadcast.ErrNotFound) {
		t.Fatal(err)
	}
	states, err := h.State(t.Context(), []id.Broadcast{"bcst_none"})
	if err != nil || len(states) != 0 {
		t.Fatalf("%v %v", states, err)
	}
}
