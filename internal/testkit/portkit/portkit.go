// Package portkit holds one conformance suite for each port. An implementation's own test calls the
// suite with a constructor and adds nothing of its own but what only it promises.
package portkit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/bus"
	"github.com/posthouse/posthouse/internal/cache"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/lock"
)

// Cache checks an implementation of cache.Cache whose time is the given fake clock.
func Cache(t *testing.T, open func(t *testing.T, clk *clock.Fake) cache.Cache) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	t.Run("an entry is there until its time ends", func(t *testing.T) {
		t.Parallel()
		clk := clock.NewFake(start)
		c := open(t, clk)
		must(t, c.Set(t.Context(), "k", []byte("v"), time.Minute))
		clk.Advance(time.Minute - time.Millisecond)
		wantValue(t, c, "k", "v", true)
		clk.Advance(time.Millisecond)
		wantValue(t, c, "k", "", false)
	})
	t.Run("what was stored cannot be changed from outside", func(t *testing.T) {
		t.Parallel()
		c := open(t, clock.NewFake(start))
		in := []byte("v")
		must(t, c.Set(t.Context(), "k", in, time.Minute))
		in[0] = 'x'
		out, _, _ := c.Get(t.Context(), "k")
		out[0] = 'y'
		wantValue(t, c, "k", "v", true)
	})
	t.Run("of many who add one succeeds", func(t *testing.T) {
		t.Parallel()
		c := open(t, clock.NewFake(start))
		var added atomic.Int32
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				ok, err := c.Add(context.WithoutCancel(t.Context()), "k", fmt.Append(nil, i), time.Minute)
				if err == nil && ok {
					added.Add(1)
				}
			})
		}
		wg.Wait()
		if added.Load() != 1 {
			t.Fatalf("%d added", added.Load())
		}
	})
	t.Run("an ended entry makes room for an add", func(t *testing.T) {
		t.Parallel()
		clk := clock.NewFake(start)
		c := open(t, clk)
		must(t, c.Set(t.Context(), "k", []byte("old"), time.Second))
		clk.Advance(time.Second)
		if ok, err := c.Add(t.Context(), "k", []byte("new"), time.Second); !ok || err != nil {
			t.Fatal(ok, err)
		}
		wantValue(t, c, "k", "new", true)
	})
	t.Run("deleting forgets, and twice is no error", func(t *testing.T) {
		t.Parallel()
		c := open(t, clock.NewFake(start))
		must(t, c.Set(t.Context(), "k", []byte("v"), time.Minute))
		must(t, c.Delete(t.Context(), "k"))
		must(t, c.Delete(t.Context(), "k"))
		wantValue(t, c, "k", "", false)
	})
}

// Bus checks an implementation of bus.Bus.
func Bus(t *testing.T, open func(t *testing.T) bus.Bus) {
	t.Run("every listener of the topic hears every message in order", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		one, two, other := make(chan string, 10), make(chan string, 10), make(chan string, 10)
		b.Subscribe("t", func(m []byte) { one <- string(m) })
		b.Subscribe("t", func(m []byte) { two <- string(m) })
		b.Subscribe("other", func(m []byte) { other <- string(m) })
		for _, m := range []string{"a", "b", "c"} {
			must(t, b.Publish(t.Context(), "t", []byte(m)))
		}
		for _, heard := range []chan string{one, two} {
			for _, want := range []string{"a", "b", "c"} {
				if got := <-heard; got != want {
					t.Fatalf("heard %q, want %q", got, want)
				}
			}
		}
		if len(other) != 0 {
			t.Fatal("another topic heard it")
		}
	})
	t.Run("who has cancelled hears nothing more", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		gone, still := make(chan string, 10), make(chan string, 10)
		cancel := b.Subscribe("t", func(m []byte) { gone <- string(m) })
		b.Subscribe("t", func(m []byte) { still <- string(m) })
		cancel()
		cancel()
		must(t, b.Publish(t.Context(), "t", []byte("a")))
		<-still
		if len(gone) != 0 {
			t.Fatal("heard after cancel")
		}
	})
}

// Locker checks an implementation of lock.Locker.
func Locker(t *testing.T, open func(t *testing.T) lock.Locker) {
	t.Run("one holder at a time", func(t *testing.T) {
		t.Parallel()
		l := open(t)
		var inside, most atomic.Int32
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				unlock, err := l.Lock(context.WithoutCancel(t.Context()), "n", time.Minute)
				if err != nil {
					t.Error(err)
					return
				}
				if now := inside.Add(1); now > most.Load() {
					most.Store(now)
				}
				inside.Add(-1)
				unlock()
				unlock()
			})
		}
		wg.Wait()
		if most.Load() != 1 {
			t.Fatalf("%d held it at once", most.Load())
		}
	})
	t.Run("other names do not wait", func(t *testing.T) {
		t.Parallel()
		l := open(t)
		for _, name := range []string{"a", "b"} {
			unlock, err := l.Lock(t.Context(), name, time.Minute)
			must(t, err)
			defer unlock()
		}
	})
	t.Run("waiting ends with the context", func(t *testing.T) {
		t.Parallel()
		l := open(t)
		unlock, err := l.Lock(t.Context(), "n", time.Minute)
		must(t, err)
		defer unlock()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.Lock(ctx, "n", time.Minute); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantValue(t *testing.T, c cache.Cache, key, want string, there bool) {
	t.Helper()
	got, ok, err := c.Get(t.Context(), key)
	if err != nil || ok != there || string(got) != want {
		t.Fatalf("got %q, %v, %v; want %q, %v", got, ok, err, want, there)
	}
}
