package graph

import (
	"context"

	"github.com/posthouse/posthouse/graph/loader"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/overview"
	"github.com/posthouse/posthouse/internal/robot"
)

// expectRobots announces what the fields of a page of robots will probably ask for.
func expectRobots(ctx context.Context, rows []robot.Robot) {
	robots := make([]id.Robot, len(rows))
	for i, r := range rows {
		robots[i] = r.ID
	}
	loader.From(ctx).Budgets.Expect(robots)
}

// expectBroadcasts announces what the fields of a page of broadcasts will probably ask for.
func expectBroadcasts(ctx context.Context, rows []broadcast.Broadcast) {
	broadcasts := make([]id.Broadcast, len(rows))
	authors := make([]id.Account, 0, len(rows))
	for i, b := range rows {
		broadcasts[i] = b.ID
		if b.Author != "" {
			authors = append(authors, b.Author)
		}
	}
	l := loader.From(ctx)
	l.States.Expect(broadcasts)
	l.Accounts.Expect(authors)
}

// expectAttention announces what the fields of the list will probably ask for.
func expectAttention(ctx context.Context, all []overview.Attention) {
	var robots []id.Robot
	var deliveries []id.Delivery
	for _, a := range all {
		if a.Robot != nil {
			robots = append(robots, a.Robot.ID)
		}
		if a.Delivery != nil {
			deliveries = append(deliveries, a.Delivery.ID)
		}
	}
	l := loader.From(ctx)
	l.Budgets.Expect(robots)
	l.Robots.Expect(robots)
	l.Attempts.Expect(deliveries)
}
