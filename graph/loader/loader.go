// Package loader reads at once what the fields of a list ask for one by one, so that a page of
// deliveries costs one read of its robots and one of its attempts.
package loader

import (
	"context"
	"errors"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/robot"
)

// Sources reads many things by their ids. What does not exist is missing from the map.
type Sources struct {
	Accounts   func(context.Context, []id.Account) (map[id.Account]account.Account, error)
	Robots     func(context.Context, []id.Robot) (map[id.Robot]robot.Robot, error)
	Budgets    func(context.Context, []id.Robot) (map[id.Robot]int, error)
	Broadcasts func(context.Context, []id.Broadcast) (map[id.Broadcast]broadcast.Broadcast, error)
	States     func(context.Context, []id.Broadcast) (map[id.Broadcast]broadcast.State, error)
	Deliveries func(context.Context, []id.Delivery) (map[id.Delivery]broadcast.Delivery, error)
	Attempts   func(context.Context, []id.Delivery) (map[id.Delivery][]broadcast.Attempt, error)
}

// Loaders of one operation. Safe for concurrent use, since the fields of a list are.
type Loaders struct {
	Accounts   Loader[id.Account, account.Account]
	Robots     Loader[id.Robot, robot.Robot]
	Budgets    Loader[id.Robot, int]
	Broadcasts Loader[id.Broadcast, broadcast.Broadcast]
	States     Loader[id.Broadcast, broadcast.State]
	Deliveries Loader[id.Delivery, broadcast.Delivery]
	Attempts   Loader[id.Delivery, []broadcast.Attempt]
}

type key struct{}

// With gives an operation loaders of its own.
func With(ctx context.Context, sources *Sources) context.Context {
	return context.WithValue(ctx, key{}, &Loaders{
		Accounts:   Loader[id.Account, account.Account]{read: sources.Accounts},
		Robots:     Loader[id.Robot, robot.Robot]{read: sources.Robots},
		Budgets:    Loader[id.Robot, int]{read: sources.Budgets},
		Broadcasts: Loader[id.Broadcast, broadcast.Broadcast]{read: sources.Broadcasts},
		States:     Loader[id.Broadcast, broadcast.State]{read: sources.States},
		Deliveries: Loader[id.Delivery, broadcast.Delivery]{read: sources.Deliveries},
		Attempts:   Loader[id.Delivery, []broadcast.Attempt]{read: sources.Attempts},
	})
}

// From gives the operation's loaders.
func From(ctx context.Context) *Loaders { return ctx.Value(key{}).(*Loaders) }

// errPanicked is what the others of a list get when the read for all of them panicked in one.
var errPanicked = errors.New("loader: the read panicked")
