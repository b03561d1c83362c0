package inmem

import (
	"context"
	"sync"
)

// Bus implements bus.Bus: listeners are called in the publisher's goroutine, one message at a time
// for each topic.
type Bus struct {
	mu     sync.Mutex
	topics map[string]*topic
}

type topic struct {
	mu        sync.Mutex
	next      int
	listeners map[int]func([]byte)
}

// NewBus makes an empty bus.
func NewBus() *Bus { return &Bus{topics: map[string]*topic{}} }

// Publish implements bus.Bus.
func (b *Bus) Publish(_ context.Context, name string, message []byte) error {
	t := b.topic(name)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.next {
		if listen, ok := t.listeners[i]; ok {
			listen(message)
		}
	}
	return nil
}

// Subscribe implements bus.Bus.
func (b *Bus) Subscribe(name string, listen func([]byte)) (cancel func()) {
	t := b.topic(name)
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.next
	t.next++
	t.listeners[n] = listen
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.listeners, n)
	}
}

func (b *Bus) topic(name string) *topic {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.topics[name]
	if !ok {
		t = &topic{listeners: map[int]func([]byte){}}
		b.topics[name] = t
	}
	return t
}
