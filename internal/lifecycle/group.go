package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
)

// Group runs workers until one of them fails or Stop is called. Safe for concurrent use.
type Group struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	log    *slog.Logger

	mu      sync.Mutex
	stopped bool
	wg      sync.WaitGroup
}

// errStopped is the cause with which an orderly stop ends the workers.
var errStopped = errors.New("lifecycle: stopped")

// NewGroup makes an empty group. Its workers' context ends with parent.
func NewGroup(parent context.Context, log *slog.Logger) *Group {
	ctx, cancel := context.WithCancelCause(parent)
	return &Group{ctx: ctx, cancel: cancel, log: log}
}

// Go starts a worker. Its context ends when the group stops. A worker that returns an error before
// that, or panics, ends the whole group with it. After Stop, Go does nothing and reports false.
func (g *Group) Go(name string, work func(context.Context) error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return false
	}
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		err := g.guard(name, work)
		if err != nil && g.ctx.Err() == nil {
			g.cancel(fmt.Errorf("%s: %w", name, err))
		}
	}()
	return true
}

func (g *Group) guard(name string, work func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			g.log.Error("worker panicked", "worker", name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return work(g.ctx)
}

// Context is what the workers run under; it ends when the group does.
func (g *Group) Context() context.Context { return g.ctx }

// Done is closed when the group ends, by Stop or by a worker's failure.
func (g *Group) Done() <-chan struct{} { return g.ctx.Done() }

// Err tells which worker's failure ended the group; nil while it runs and after an orderly stop.
func (g *Group) Err() error {
	cause := context.Cause(g.ctx)
	if cause == nil || errors.Is(cause, errStopped) || errors.Is(cause, context.Canceled) {
		return nil
	}
	return cause
}

// Stop ends the workers' context and waits for them, at most until ctx ends. Calling it again waits
// again.
func (g *Group) Stop(ctx context.Context) error {
	g.mu.Lock()
	g.stopped = true
	g.mu.Unlock()
	g.cancel(errStopped)
	ended := make(chan struct{})
	go func() {
		g.wg.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return g.Err()
	case <-ctx.Done():
		return fmt.Errorf("lifecycle: workers still running: %w", ctx.Err())
	}
}
