package broadcast_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
)

func (f *fakeRobots) Delete(_ context.Context, actor authz.Actor, r id.Robot) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.robots[r]; !ok {
		return robot.ErrNotFound
	}
	delete(f.robots, r)
	return f.fail
}

func (m *memStore) List(_ context.Context, p page.Request) (page.Of[broadcast.Broadcast], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []broadcast.Broadcast
	for _, b := range m.broadcasts {
		if p.After == "" || string(b.ID) < p.After {
			rows = append(rows, b)
		}
	}
	slices.SortFunc(rows, func(a, b broadcast.Broadcast) int { return cmp.Compare(b.ID, a.ID) })
	return page.Cut(rows[:min(len(rows), p.First+1)], p.First), nil
}

func (m *memStore) Failures(_ context.Context, since time.Time, limit int) ([]broadcast.Delivery, error) {
	rows := m.sorted(func(d broadcast.Delivery) bool { return d.Status == broadcast.Failed && !d.FinishedAt.Before(since) })
	slices.SortFunc(rows, func(a, b broadcast.Delivery) int { return b.FinishedAt.Compare(a.FinishedAt) })
	return rows[:min(limit, len(rows))], nil
}

func (m *memStore) Loads(_ context.Context, robots []id.Robot, since time.Time) (map[id.Robot]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	counts := map[id.Robot]int{}
	for _, r := range robots {
		if n, _ := m.load(r, since); n > 0 {
			counts[r] = n
		}
	}
	return counts, nil
}

func (m *memStore) FailQueued(ctx context.Context, r id.Robot, at time.Time, why string) (int, error) {
	if err := m.enter(ctx, "FailQueued"); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	n := 0
	for _, d := range m.waiting(r) {
		if d.Status != broadcast.Queued {
			continue
		}
		n++
		d.Attempts++
		m.attempts[r] = append(m.attempts[r], &broadcast.Attempt{
			ID: id.Attempt(id.New(id.AttemptPrefix, at)), Delivery: d.ID, Robot: r, StartedAt: ms(at), EndedAt: ms(at),
			Outcome: broadcast.Refused, PlatformMessage: why,
		})
		m.finish(d, broadcast.Failed, at)
	}
	return n, nil
}

func TestWhatWaitsForADeletedRobotFailsAndSaysWhy(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start))
	both := h.say(broadcast.Normal, "both", "r1", "r2")
	alone := h.say(broadcast.Normal, "alone", "r1")
	if err := h.DeleteRobot(t.Context(), admin("a1"), "r1"); err != nil {
		t.Fatal(err)
	}
	if got := h.state(alone); got != broadcast.AllFailed {
		t.Errorf("what was for the robot alone is %s", got)
	}
	if got := h.state(both); got != broadcast.InProgress {
		t.Errorf("what was for two robots is %s", got)
	}
	d := h.of(alone)[0]
	attempts, err := h.LoadAttempts(t.Context(), []id.Delivery{d.ID})
	if err != nil || len(attempts[d.ID]) != 1 {
		t.Fatalf("got %+v, %v", attempts, err)
	}
	if a := attempts[d.ID][0]; a.Outcome != broadcast.Refused || !strings.Contains(a.PlatformMessage, "deleted") || !strings.Contains(a.PlatformMessage, "删除") {
		t.Errorf("the attempt says %+v", a)
	}
	if err := h.DeleteRobot(t.Context(), admin("a1"), "r1"); !errors.Is(err, robot.ErrNotFound) {
		t.Errorf("the second time: %v", err)
	}
	if err := h.DeleteRobot(t.Context(), authz.Actor{Account: "m", Roles: []authz.Role{authz.Member}}, "r2"); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("a member: %v", err)
	}
}

func TestACallUnderWayToADeletedRobotEndsAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		begun, goOn := make(chan struct{}), make(chan struct{})
		h.sender.answer = func(context.Context, call) broadcast.Receipt {
			close(begun)
			<-goOn
			return broadcast.Receipt{Outcome: broadcast.Retryable, PlatformCode: "-1"}
		}
		b := h.say(broadcast.Normal, "x", "r1")
		stop := h.start()
		<-begun
		if err := h.DeleteRobot(t.Context(), authz.System(), "r1"); err != nil {
			t.Fatal(err)
		}
		close(goOn)
		pass(h.clock, time.Hour)
		stop()
		if got := h.of(b)[0]; got.Status != broadcast.Failed || len(h.sender.made()) != 1 {
			t.Fatalf("%+v after %d calls", got, len(h.sender.made()))
		}
	})
}

func TestATestMessageGoesFirstAndHoldsAKeyword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start))
	for _, c := range []struct {
		robot    id.Robot
		language broadcast.Language
		want     string
	}{{"r1", broadcast.English, "test message"}, {"r1", broadcast.Chinese, "测试消息"}, {"r3", broadcast.Chinese, "验证 "}} {
		b, err := h.TestRobot(t.Context(), admin("a1"), c.robot, c.language)
		if err != nil {
			t.Fatal(err)
		}
		if b.Priority != broadcast.Urgent || b.Author != "a1" || !strings.Contains(b.Message.Text.Content, c.want) || len(h.of(b)) != 1 {
			t.Errorf("%s in %s: %+v", c.robot, c.language, b)
		}
	}
	if _, err := h.TestRobot(t.Context(), admin("a1"), "r9", broadcast.English); !errors.Is(err, robot.ErrNotFound) {
		t.Errorf("an unknown robot: %v", err)
	}
	if _, err := h.TestRobot(t.Context(), authz.Actor{Account: "m"}, "r1", broadcast.English); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("a member: %v", err)
	}
}

func TestBudgetsCountWhatWasSaidInTheLastMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		for range 3 {
			h.say(broadcast.Normal, "x", "r1", "r2")
		}
		h.say(broadcast.Normal, "x", "r2")
		stop := h.start()
		defer stop()
		synctest.Wait()
		used, err := h.LoadBudgets(t.Context(), []id.Robot{"r1", "r2", "r3"})
		if err != nil || used["r1"] != 3 || used["r2"] != 4 || used["r3"] != 0 {
			t.Fatalf("got %v, %v", used, err)
		}
		pass(h.clock, broadcast.Window+2*time.Second)
		if used, err = h.LoadBudgets(t.Context(), []id.Robot{"r1", "r2"}); err != nil || len(used) != 0 {
			t.Fatalf("after a minute: %v, %v", used, err)
		}
	})
}

func TestBroadcastsAreListedNewestFirstToAdministrators(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(start)
	h := newHouse(t, clk)
	var want []id.Broadcast
	for range 3 {
		want = append([]id.Broadcast{h.say(broadcast.Normal, "x", "r1").ID}, want...)
		clk.Advance(time.Second)
	}
	rows, err := h.List(t.Context(), admin("a1"), page.Request{First: 2})
	if err != nil || !rows.HasNext || len(rows.Items) != 2 || rows.Items[0].ID != want[0] || rows.Items[1].ID != want[1] {
		t.Fatalf("got %+v, %v", rows, err)
	}
	if _, err := h.List(t.Context(), authz.Actor{Account: "m"}, page.Request{First: 2}); !errors.Is(err, authz.ErrForbidden) {
		t.Fatalf("a member: %v", err)
	}
}
