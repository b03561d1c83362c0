package broadcast_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// memStore keeps the promises of broadcast.Store in memory, and of broadcast.Transactor with it. Times
// are cut to milliseconds, as a database keeps them.
type memStore struct {
	mu         sync.Mutex
	broadcasts map[id.Broadcast]broadcast.Broadcast
	deliveries map[id.Delivery]broadcast.Delivery
	// open are the robots' deliveries that have not ended.
	open   map[id.Robot]map[id.Delivery]bool
	leases map[id.Delivery]time.Time
	// attempts of each robot, as they began; byAttempt finds one of them.
	attempts  map[id.Robot][]*broadcast.Attempt
	byAttempt map[id.Attempt]*broadcast.Attempt
	blocked   map[id.Robot]time.Time
	updates   []feed.Entry[broadcast.Update]
	positions int64
	// ends counts how often each delivery came to its end.
	ends map[id.Delivery]int
	// fail, when set, may refuse an operation before it does anything.
	fail func(op string) error
}

func newMemStore() *memStore {
	return &memStore{
		broadcasts: map[id.Broadcast]broadcast.Broadcast{},
		deliveries: map[id.Delivery]broadcast.Delivery{},
		open:       map[id.Robot]map[id.Delivery]bool{},
		leases:     map[id.Delivery]time.Time{},
		attempts:   map[id.Robot][]*broadcast.Attempt{},
		byAttempt:  map[id.Attempt]*broadcast.Attempt{},
		blocked:    map[id.Robot]time.Time{},
		ends:       map[id.Delivery]int{},
	}
}

// setFail changes what refuses operations.
func (m *memStore) setFail(fail func(op string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

// enter locks the store for an operation, unless that is refused.
func (m *memStore) enter(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	if m.fail != nil {
		if err := m.fail(op); err != nil {
			m.mu.Unlock()
			return err
		}
	}
	return nil
}

func ms(t time.Time) time.Time { return clock.FromMillis(clock.Millis(t)) }

type txKey struct{}

type memTx struct {
	undo  []func()
	after []func()
}

func (m *memStore) InTx(ctx context.Context, fn func(context.Context) error) error {
	if ctx.Value(txKey{}) != nil {
		return fn(ctx)
	}
	tx := &memTx{}
	if err := fn(context.WithValue(ctx, txKey{}, tx)); err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, undo := range slices.Backward(tx.undo) {
			undo()
		}
		return err
	}
	for _, after := range tx.after {
		after()
	}
	return nil
}

func (m *memStore) AfterCommit(ctx context.Context, fn func()) {
	if tx, ok := ctx.Value(txKey{}).(*memTx); ok {
		tx.after = append(tx.after, fn)
		return
	}
	fn()
}

func onRollback(ctx context.Context, undo func()) {
	if tx, ok := ctx.Value(txKey{}).(*memTx); ok {
		tx.undo = append(tx.undo, undo)
	}
}

func (m *memStore) Create(ctx context.Context, b broadcast.Broadcast, deliveries []broadcast.Delivery) error {
	if err := m.enter(ctx, "Create"); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, other := range m.broadcasts {
		if b.IdempotencyKey != "" && other.IdempotencyKey == b.IdempotencyKey && other.Author == b.Author {
			return broadcast.ErrIdempotencyConflict
		}
	}
	m.broadcasts[b.ID] = b
	onRollback(ctx, func() { delete(m.broadcasts, b.ID) })
	for _, d := range deliveries {
		m.insert(ctx, d)
		m.announce(d, b.CreatedAt)
	}
	return nil
}

func (m *memStore) CreateNotice(ctx context.Context, d broadcast.Delivery) error {
	if err := m.enter(ctx, "CreateNotice"); err != nil {
		return err
	}
	defer m.mu.Unlock()
	m.insert(ctx, d)
	return nil
}

func (m *memStore) insert(ctx context.Context, d broadcast.Delivery) {
	m.put(d)
	onRollback(ctx, func() {
		delete(m.deliveries, d.ID)
		delete(m.open[d.Robot], d.ID)
	})
}

// put writes a delivery.
func (m *memStore) put(d broadcast.Delivery) {
	m.deliveries[d.ID] = d
	if m.open[d.Robot] == nil {
		m.open[d.Robot] = map[id.Delivery]bool{}
	}
	if d.Status.Final() {
		delete(m.open[d.Robot], d.ID)
	} else {
		m.open[d.Robot][d.ID] = true
	}
}

// waiting gives the robot's deliveries that have not ended, in no particular order.
func (m *memStore) waiting(r id.Robot) []broadcast.Delivery {
	return pick(m.deliveries, slices.Collect(maps.Keys(m.open[r])))
}

func (m *memStore) announce(d broadcast.Delivery, at time.Time) {
	if d.Broadcast == "" {
		return
	}
	m.positions++
	m.updates = append(m.updates, feed.Entry[broadcast.Update]{
		Position: m.positions, Value: broadcast.Update{Delivery: d.ID, Status: d.Status, At: at},
	})
}

func (m *memStore) Get(ctx context.Context, b id.Broadcast) (broadcast.Broadcast, error) {
	if err := m.enter(ctx, "Get"); err != nil {
		return broadcast.Broadcast{}, err
	}
	defer m.mu.Unlock()
	found, ok := m.broadcasts[b]
	if !ok {
		return broadcast.Broadcast{}, broadcast.ErrNotFound
	}
	return found, nil
}

func (m *memStore) GetMany(_ context.Context, ids []id.Broadcast) ([]broadcast.Broadcast, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return pick(m.broadcasts, ids), nil
}

func pick[K comparable, V any](from map[K]V, keys []K) []V {
	var out []V
	for _, k := range keys {
		if v, ok := from[k]; ok {
			out = append(out, v)
		}
	}
	return out
}

func (m *memStore) FindByKey(_ context.Context, author id.Account, key string) (broadcast.Broadcast, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range m.broadcasts {
		if b.Author == author && b.IdempotencyKey == key {
			return b, true, nil
		}
	}
	return broadcast.Broadcast{}, false, nil
}

func (m *memStore) Statuses(_ context.Context, ids []id.Broadcast) (map[id.Broadcast]map[broadcast.Status]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	counts := map[id.Broadcast]map[broadcast.Status]int{}
	for _, b := range ids {
		counts[b] = map[broadcast.Status]int{}
	}
	for _, d := range m.deliveries {
		if c, ok := counts[d.Broadcast]; ok {
			c[d.Status]++
		}
	}
	return counts, nil
}

func (m *memStore) ListDeliveries(_ context.Context, b id.Broadcast, p page.Request) (page.Of[broadcast.Delivery], error) {
	rows := m.sorted(func(d broadcast.Delivery) bool { return d.Broadcast == b && string(d.ID) > p.After })
	return page.Cut(rows[:min(len(rows), p.First+1)], p.First), nil
}

// sorted gives the deliveries that are wanted, by id.
func (m *memStore) sorted(want func(broadcast.Delivery) bool) []broadcast.Delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []broadcast.Delivery
	for _, d := range m.deliveries {
		if want(d) {
			rows = append(rows, d)
		}
	}
	slices.SortFunc(rows, func(a, b broadcast.Delivery) int { return cmp.Compare(a.ID, b.ID) })
	return rows
}

func (m *memStore) Deliveries(_ context.Context, ids []id.Delivery) ([]broadcast.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return pick(m.deliveries, ids), nil
}

func (m *memStore) Attempts(_ context.Context, ids []id.Delivery) ([]broadcast.Attempt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []broadcast.Attempt
	for _, d := range ids {
		for _, a := range m.attempts[m.deliveries[d].Robot] {
			if a.Delivery == d {
				out = append(out, *a)
			}
		}
	}
	return out, nil
}
