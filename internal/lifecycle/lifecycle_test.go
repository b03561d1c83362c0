package lifecycle_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/lifecycle"
)

func newGroup(t *testing.T) *lifecycle.Group {
	return lifecycle.NewGroup(t.Context(), slog.New(slog.DiscardHandler))
}

func TestStopEndsAndAwaitsEveryWorker(t *testing.T) {
	t.Parallel()
	g := newGroup(t)
	ended := make(chan string, 2)
	for _, name := range []string{"a", "b"} {
		g.Go(name, func(ctx context.Context) error {
			<-ctx.Done()
			ended <- name
			return ctx.Err()
		})
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(ended) != 2 {
		t.Fatalf("%d workers ended before Stop returned", len(ended))
	}
	if g.Go("late", func(context.Context) error { return nil }) {
		t.Fatal("a stopped group must take no more workers")
	}
}

func TestAFailingOrPanickingWorkerEndsTheGroup(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]func(context.Context) error{
		"failing":   func(context.Context) error { return errors.New("boom") },
		"panicking": func(context.Context) error { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGroup(t)
			g.Go("worker", work)
			<-g.Done()
			if err := g.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "worker") || !strings.Contains(err.Error(), "boom") {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestStopGivesUpWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	g := newGroup(t)
	release := make(chan struct{})
	g.Go("stuck", func(context.Context) error { <-release; return nil })
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Stop(short); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	close(release)
	if err := g.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestClosersRunOnceLastInFirstOutAndJoinErrors(t *testing.T) {
	t.Parallel()
	var c lifecycle.Closers
	var order []string
	for _, name := range []string{"first", "second"} {
		c.Add(name, func() error { order = append(order, name); return errors.New("no") })
	}
	err := c.Close()
	if strings.Join(order, " ") != "second first" || err == nil || !strings.Contains(err.Error(), "first: no") {
		t.Fatalf("order %v, error %v", order, err)
	}
	if err := c.Close(); err != nil || len(order) != 2 {
		t.Fatalf("closing again must do nothing: %v, %v", order, err)
	}
}
