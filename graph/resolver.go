package graph

import (
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/feed"
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
