package loader

import (
	"context"
	"sync"
)

// Loader reads values by key. Whoever resolves a list announces its keys with Expect; the first field
// that loads one of them reads them all, and no field waits for others to come. Keys that nobody
// announced are read one by one and not remembered: a subscription has such, and wants each as it is
// now.
type Loader[K comparable, V any] struct {
	read func(context.Context, []K) (map[K]V, error)

	mu     sync.Mutex
	groups map[K]*group[K, V]
}

// group is what is read together.
type group[K comparable, V any] struct {
	keys   []K
	once   sync.Once
	values map[K]V
	err    error
}

// Expect announces that the keys, of which any may come more than once, will probably be loaded. Those
// announced before stay with what they were announced with.
func (l *Loader[K, V]) Expect(keys []K) {
	g := &group[K, V]{keys: make([]K, 0, len(keys))}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.groups == nil {
		l.groups = make(map[K]*group[K, V], len(keys))
	}
	for _, k := range keys {
		if _, known := l.groups[k]; !known {
			l.groups[k] = g
			g.keys = append(g.keys, k)
		}
	}
}

// Load gives the value of a key; false when there is none.
func (l *Loader[K, V]) Load(ctx context.Context, k K) (V, bool, error) {
	l.mu.Lock()
	g := l.groups[k]
	l.mu.Unlock()
	if g == nil {
		g = &group[K, V]{keys: []K{k}}
	}
	g.once.Do(func() {
		g.err = errPanicked
		g.values, g.err = l.read(ctx, g.keys)
	})
	v, ok := g.values[k]
	return v, ok && g.err == nil, g.err
}
