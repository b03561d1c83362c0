package graph_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
)

// counter counts calls of stores by name while it is on.
type counter struct {
	mu    sync.Mutex
	on    bool
	calls map[string]int
}

func (c *counter) count(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.on {
		c.calls[name]++
	}
}

func (c *counter) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on, c.calls = true, map[string]int{}
}

func (c *counter) stop() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = false
	return c.calls
}

type countedRobots struct {
	robot.Store
	*counter
}

func (s countedRobots) GetMany(ctx context.Context, ids []id.Robot) ([]robot.Robot, error) {
	s.count("robots")
	return s.Store.GetMany(ctx, ids)
}

type countedBroadcasts struct {
	broadcast.Store
	*counter
}

func (s countedBroadcasts) Get(ctx context.Context, one id.Broadcast) (broadcast.Broadcast, error) {
	s.count("broadcast")
	return s.Store.Get(ctx, one)
}

func (s countedBroadcasts) GetMany(ctx context.Context, ids []id.Broadcast) ([]broadcast.Broadcast, error) {
	s.count("broadcasts")
	return s.Store.GetMany(ctx, ids)
}

func (s countedBroadcasts) Statuses(ctx context.Context, ids []id.Broadcast) (map[id.Broadcast]map[broadcast.Status]int, error) {
	s.count("statuses")
	return s.Store.Statuses(ctx, ids)
}

func (s countedBroadcasts) Attempts(ctx context.Context, ids []id.Delivery) ([]broadcast.Attempt, error) {
	s.count("attempts")
	return s.Store.Attempts(ctx, ids)
}

func (s countedBroadcasts) ListDeliveries(ctx context.Context, one id.Broadcast, p page.Request) (page.Of[broadcast.Delivery], error) {
	s.count("deliveries")
	return s.Store.ListDeliveries(ctx, one, p)
}

// A page costs the same reads whether it has one row or fifty.
func TestAPageCostsAConstantNumberOfReads(t *testing.T) {
	t.Parallel()
	c := &counter{}
	h := newHouse(t, plan{
		idle:       true,
		robots:     func(s robot.Store) robot.Store { return countedRobots{s, c} },
		broadcasts: func(s broadcast.Store) broadcast.Store { return countedBroadcasts{s, c} },
	})
	boss := h.as(h.admin(t))
	robots := make([]string, 50)
	for i := range robots {
		name := fmt.Sprintf("r%d", i)
		wantReason(t, boss.contract(t, "CreateRobot", vars{"input": vars{"name": name, "webhook": strings.Repeat(fmt.Sprintf("%02x", i), 32)}}), "")
		robots[i] = h.robotID(t, name)
	}
	cost := func(n int) map[string]int {
		b := boss.broadcast(t, vars{"robotIds": robots[:n], "message": text("x"), "sendAt": "2026-02-01T00:00:00Z"})
		c.start()
		a := boss.ask(t, `query ($id: ID!) { node(id: $id) { ... on Broadcast { id status deliveries(first: 50) { nodes {
			id status robot { id name } attempts { at outcome } broadcast { id status } } } } } }`, vars{"id": b.ID})
		calls := c.stop()
		if a.reason() != "" || strings.Count(a.Body, `"robot":{`) != n {
			t.Fatalf("got %.500s", a.Body)
		}
		return calls
	}
	one, fifty := cost(1), cost(50)
	want := map[string]int{
		"broadcast": 1, "deliveries": 1, "robots": 1, "attempts": 1,
		"statuses": 1, "broadcasts": 2, // that of the deliveries, and the state's own
	}
	if !maps.Equal(one, fifty) || !maps.Equal(one, want) {
		t.Errorf("one row cost %v and fifty cost %v, want %v", one, fifty, want)
	}
}
