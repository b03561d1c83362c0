package sandbox

import "time"

// expiring is a map whose entries live for one fixed time and whose number is
// bounded; the oldest go first. It is not safe for concurrent use.
type expiring[K comparable, V any] struct {
	ttl   time.Duration
	most  int
	items map[K]expiringItem[V]
	order []expiringKey[K] // oldest first, from head on
	head  int
}

type expiringItem[V any] struct {
	value V
	since time.Time
}

type expiringKey[K comparable] struct {
	key   K
	since time.Time
}

func newExpiring[K comparable, V any](ttl time.Duration, most int) *expiring[K, V] {
	return &expiring[K, V]{ttl: ttl, most: most, items: map[K]expiringItem[V]{}}
}

func (e *expiring[K, V]) put(now time.Time, k K, v V) {
	e.prune(now)
	e.items[k] = expiringItem[V]{value: v, since: now}
	e.order = append(e.order, expiringKey[K]{key: k, since: now})
	for len(e.items) > e.most {
		e.dropOldest()
	}
}

// get finds what was put less than ttl ago.
func (e *expiring[K, V]) get(now time.Time, k K) (V, bool) {
	e.prune(now)
	item, ok := e.items[k]
	return item.value, ok
}

// set changes the value of an entry that get has just found; its age stays.
func (e *expiring[K, V]) set(k K, v V) {
	if item, ok := e.items[k]; ok {
		item.value = v
		e.items[k] = item
	}
}

func (e *expiring[K, V]) prune(now time.Time) {
	for e.head < len(e.order) && now.Sub(e.order[e.head].since) >= e.ttl {
		e.dropOldest()
	}
}

func (e *expiring[K, V]) dropOldest() {
	oldest := e.order[e.head]
	e.order[e.head] = expiringKey[K]{}
	e.head++
	// A key put twice has two places in the order; only the younger counts.
	if item, ok := e.items[oldest.key]; ok && item.since.Equal(oldest.since) {
		delete(e.items, oldest.key)
	}
	if e.head > 1024 && e.head > len(e.order)/2 {
		e.order = append([]expiringKey[K](nil), e.order[e.head:]...)
		e.head = 0
	}
}
