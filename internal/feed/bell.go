package feed

import (
	"context"
	"sync/atomic"
)

// Bell spares the reader of a subscription a goroutine that waits on its channel: it rings once for
// each item that has been put there and once when the channel has been closed, so that as many
// receives as there were rings do not wait.
type Bell struct {
	ring  func()
	taken atomic.Bool
}

type bellKey struct{}

// WithBell makes the subscription that is begun under the context ring. ring must not block; it may be
// called from any goroutine, also before Subscribe has returned.
func WithBell(ctx context.Context, ring func()) (context.Context, *Bell) {
	b := &Bell{ring: ring}
	return context.WithValue(ctx, bellKey{}, b), b
}

// Taken tells whether a subscription rings the bell. One that is no feed's never does.
func (b *Bell) Taken() bool { return b.taken.Load() }

// take gives what to ring under a context.
func take(ctx context.Context) (ring func()) {
	b, ok := ctx.Value(bellKey{}).(*Bell)
	if !ok || b.taken.Swap(true) {
		return func() {}
	}
	return b.ring
}
