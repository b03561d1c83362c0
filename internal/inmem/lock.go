package inmem

import (
	"context"
	"sync"
	"time"
)

// Locker implements lock.Locker. A holder within the process cannot vanish, so ttl is not used.
type Locker struct {
	mu    sync.Mutex
	locks map[string]*held
}

type held struct {
	token   chan struct{} // holds one value while the lock is free
	wanters int
}

// NewLocker makes a locker with nothing locked.
func NewLocker() *Locker { return &Locker{locks: map[string]*held{}} }

// Lock implements lock.Locker.
func (l *Locker) Lock(ctx context.Context, name string, _ time.Duration) (func(), error) {
	h := l.want(name)
	select {
	case <-h.token:
		return sync.OnceFunc(func() {
			h.token <- struct{}{}
			l.leave(name, h)
		}), nil
	case <-ctx.Done():
		l.leave(name, h)
		return nil, ctx.Err()
	}
}

func (l *Locker) want(name string) *held {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.locks[name]
	if !ok {
		h = &held{token: make(chan struct{}, 1)}
		h.token <- struct{}{}
		l.locks[name] = h
	}
	h.wanters++
	return h
}

func (l *Locker) leave(name string, h *held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.wanters--
	if h.wanters == 0 {
		delete(l.locks, name)
	}
}
