package graph

import (
	"context"

	"github.com/posthouse/posthouse/graph/loader"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
)

// Resolver is the root of all resolvers. They convert, call one service and return.
type Resolver struct {
	services Services
	house    House
	clock    clock.Clock
}

// cursor reads a feed cursor that a client sent; none when it sent none.
func cursor(after *string) (*feed.Cursor, error) {
	if after == nil || *after == "" {
		return nil, nil
	}
	c, err := feed.ParseCursor(*after)
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// expect announces what the fields of a page of deliveries will probably ask for, so that it is read at
// once.
func expect(ctx context.Context, of id.Broadcast, deliveries []broadcast.Delivery) {
	robots := make([]id.Robot, len(deliveries))
	attempts := make([]id.Delivery, len(deliveries))
	for i, d := range deliveries {
		robots[i], attempts[i] = d.Robot, d.ID
	}
	l := loader.From(ctx)
	l.Robots.Expect(robots)
	l.Attempts.Expect(attempts)
	l.Broadcasts.Expect([]id.Broadcast{of})
	l.States.Expect([]id.Broadcast{of})
}
