package inmem

import (
	"bytes"
	"context"
	"sync"
	"time"

	gocache "github.com/patrickmn/go-cache"

	"github.com/posthouse/posthouse/internal/clock"
)

// sweepEvery bounds how often writes look for ended entries. go-cache's own janitor would be a
// goroutine that nobody stops.
const sweepEvery = 1024

// Cache implements cache.Cache.
type Cache struct {
	box *box
	mu  sync.Mutex // makes Add atomic
}

// NewCache makes a cache that holds at most max entries and tells time by clk.
func NewCache(clk clock.Clock, max int) *Cache { return &Cache{box: newBox(clk, max)} }

// Get implements cache.Cache.
func (c *Cache) Get(_ context.Context, key string) ([]byte, bool, error) {
	v, ok := c.box.get(key)
	if !ok {
		return nil, false, nil
	}
	return bytes.Clone(v.([]byte)), true, nil
}

// Set implements cache.Cache.
func (c *Cache) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.box.set(key, cloned(value), ttl)
	return nil
}

// Add implements cache.Cache.
func (c *Cache) Add(_ context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.box.get(key); ok {
		return false, nil
	}
	c.box.set(key, cloned(value), ttl)
	return true, nil
}

// Delete implements cache.Cache.
func (c *Cache) Delete(_ context.Context, key string) error {
	c.box.delete(key)
	return nil
}

func cloned(value []byte) []byte { return append([]byte{}, value...) }

// Memo implements cache.Memo.
type Memo struct{ box *box }

// NewMemo makes a memo that holds at most max entries and tells time by clk.
func NewMemo(clk clock.Clock, max int) *Memo { return &Memo{newBox(clk, max)} }

// Get implements cache.Memo.
func (m *Memo) Get(key string) (any, bool) { return m.box.get(key) }

// Set implements cache.Memo.
func (m *Memo) Set(key string, value any, ttl time.Duration) { m.box.set(key, value, ttl) }

// Delete implements cache.Memo.
func (m *Memo) Delete(key string) { m.box.delete(key) }

// box is a bounded go-cache whose entries end by our clock.
type box struct {
	clk    clock.Clock
	max    int
	items  *gocache.Cache
	mu     sync.Mutex
	writes int
}

type entry struct {
	value any
	ends  time.Time
}

func newBox(clk clock.Clock, max int) *box {
	return &box{clk: clk, max: max, items: gocache.New(gocache.NoExpiration, 0)}
}

func (b *box) get(key string) (any, bool) {
	v, ok := b.items.Get(key)
	if !ok {
		return nil, false
	}
	e := v.(entry)
	if !b.clk.Now().Before(e.ends) {
		return nil, false
	}
	return e.value, true
}

func (b *box) set(key string, value any, ttl time.Duration) {
	b.makeRoom()
	b.items.Set(key, entry{value, b.clk.Now().Add(ttl)}, gocache.NoExpiration)
}

func (b *box) delete(key string) { b.items.Delete(key) }

// makeRoom drops what has ended every so often, and everything when the box is full all the same:
// a cache may forget, and choosing what to keep is not worth a second data structure.
func (b *box) makeRoom() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writes++
	full := b.items.ItemCount() >= b.max
	if !full && b.writes < sweepEvery {
		return
	}
	b.writes = 0
	now := b.clk.Now()
	for key, item := range b.items.Items() {
		if !now.Before(item.Object.(entry).ends) {
			b.items.Delete(key)
		}
	}
	if b.items.ItemCount() >= b.max {
		b.items.Flush()
	}
}
