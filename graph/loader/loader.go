// Package loader batches what the fields of one request ask for one by one, so that a page of
// deliveries costs one read of its robots and one of its attempts.
package loader

import (
	"context"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/robot"
)

// patience is how long the first field waits for others to join its batch.
const patience = 200 * time.Microsecond

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

// Loaders of one request.
type Loaders struct {
	Accounts   func(context.Context, id.Account) (account.Account, bool, error)
	Robots     func(context.Context, id.Robot) (robot.Robot, bool, error)
	Budgets    func(context.Context, id.Robot) (int, bool, error)
	Broadcasts func(context.Context, id.Broadcast) (broadcast.Broadcast, bool, error)
	States     func(context.Context, id.Broadcast) (broadcast.State, bool, error)
	Deliveries func(context.Context, id.Delivery) (broadcast.Delivery, bool, error)
	Attempts   func(context.Context, id.Delivery) ([]broadcast.Attempt, bool, error)
}

type key struct{}

// lazy makes the loaders when a field first needs one: most requests need none.
type lazy struct {
	once    sync.Once
	sources Sources
	loaders Loaders
}

// With gives each request loaders of its own. For a subscription they serve one event after another,
// so nothing is remembered beyond a batch.
func With(ctx context.Context, sources Sources) context.Context {
	return context.WithValue(ctx, key{}, &lazy{sources: sources})
}

// From gives the request's loaders.
func From(ctx context.Context) *Loaders {
	l := ctx.Value(key{}).(*lazy)
	l.once.Do(func() {
		l.loaders = Loaders{
			Accounts: one(l.sources.Accounts), Robots: one(l.sources.Robots), Budgets: one(l.sources.Budgets), Broadcasts: one(l.sources.Broadcasts), States: one(l.sources.States),
			Deliveries: one(l.sources.Deliveries), Attempts: one(l.sources.Attempts),
		}
	})
	return &l.loaders
}

type found[V any] struct {
	value V
	ok    bool
}

// one turns a read of many into a batched read of one.
func one[K comparable, V any](many func(context.Context, []K) (map[K]V, error)) func(context.Context, K) (V, bool, error) {
	batch := func(ctx context.Context, keys []K) []*dataloader.Result[found[V]] {
		values, err := many(ctx, keys)
		out := make([]*dataloader.Result[found[V]], len(keys))
		for i, k := range keys {
			v, ok := values[k]
			out[i] = &dataloader.Result[found[V]]{Data: found[V]{v, ok}, Error: err}
		}
		return out
	}
	loader := dataloader.NewBatchedLoader(batch,
		dataloader.WithWait[K, found[V]](patience),
		dataloader.WithBatchCapacity[K, found[V]](200),
		dataloader.WithCache[K, found[V]](&dataloader.NoCache[K, found[V]]{}))
	return func(ctx context.Context, k K) (V, bool, error) {
		f, err := loader.Load(ctx, k)()
		return f.value, f.ok, err
	}
}
