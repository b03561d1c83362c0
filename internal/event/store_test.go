package event_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/feed"
)

// memoryStore keeps the promises of event.Store in memory.
type memoryStore struct {
	// meanwhile happens between the reading of the bounds and of a page.
	meanwhile func()
	mu        sync.Mutex
	events    []event.Event
	newest    int64
	positions map[string]int64
	failing   bool
	kept      chan int64 // every position kept, for tests to wait on
}

func newMemoryStore() *memoryStore {
	return &memoryStore{positions: map[string]int64{}, kept: make(chan int64, 1000)}
}

var errDisk = errors.New("disk on fire")

func (m *memoryStore) fail(failing bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failing = failing
}

func (m *memoryStore) Append(_ context.Context, e event.Event) (int64, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing {
		return 0, false, errDisk
	}
	for _, there := range m.events {
		if there.App == e.App && there.DedupeKey == e.DedupeKey {
			return there.Position, false, nil
		}
	}
	m.newest++
	e.Position = m.newest
	m.events = append(m.events, e)
	return e.Position, true, nil
}

func (m *memoryStore) After(_ context.Context, after int64, limit int) ([]feed.Entry[event.Event], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []feed.Entry[event.Event]
	for _, e := range m.events {
		if e.Position > after && len(out) < limit {
			out = append(out, feed.Entry[event.Event]{Position: e.Position, Value: e})
		}
	}
	return out, nil
}

func (m *memoryStore) Bounds(context.Context) (feed.Bounds, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := feed.Bounds{Oldest: m.newest + 1, Newest: m.newest, Epoch: "e1"}
	if len(m.events) > 0 {
		b.Oldest = m.events[0].Position
	}
	return b, nil
}

func (m *memoryStore) List(_ context.Context, q event.ListQuery) ([]event.Event, error) {
	if m.meanwhile != nil {
		m.meanwhile()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []event.Event
	for _, e := range m.events {
		wanted := (len(q.Types) == 0 || slices.Contains(q.Types, e.Type)) && (q.CorpID == "" || q.CorpID == e.CorpID)
		if e.Position > q.After && wanted && len(out) < q.Limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (m *memoryStore) DeleteBefore(_ context.Context, before time.Time, limit int) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	gone := 0
	for gone < limit && len(m.events) > 0 && m.events[0].ReceivedAt.Before(before) {
		m.events = m.events[1:]
		gone++
	}
	return gone, nil
}

func (m *memoryStore) Position(_ context.Context, consumer string) (int64, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.positions[consumer]
	return p, ok, nil
}

func (m *memoryStore) SetPosition(_ context.Context, consumer string, position int64) error {
	m.mu.Lock()
	m.positions[consumer] = position
	m.mu.Unlock()
	m.kept <- position
	return nil
}

func (m *memoryStore) size() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.events)
}
