package inmem_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/bus"
	"github.com/posthouse/posthouse/internal/cache"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/inmem"
	"github.com/posthouse/posthouse/internal/lock"
	"github.com/posthouse/posthouse/internal/testkit/portkit"
)

func TestCache(t *testing.T) {
	t.Parallel()
	portkit.Cache(t, func(_ *testing.T, clk *clock.Fake) cache.Cache { return inmem.NewCache(clk, 100) })
}

func TestBus(t *testing.T) {
	t.Parallel()
	portkit.Bus(t, func(*testing.T) bus.Bus { return inmem.NewBus() })
}

func TestLocker(t *testing.T) {
	t.Parallel()
	portkit.Locker(t, func(*testing.T) lock.Locker { return inmem.NewLocker() })
}

func TestMemoIsBounded(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(time.UnixMilli(1))
	m := inmem.NewMemo(clk, 10)
	for i := range 100 {
		m.Set(fmt.Sprint(i), i, time.Minute)
	}
	kept := 0
	for i := range 100 {
		if _, ok := m.Get(fmt.Sprint(i)); ok {
			kept++
		}
	}
	if kept > 10 {
		t.Fatalf("holds %d entries, may hold 10", kept)
	}
	if v, ok := m.Get("99"); !ok || v != 99 {
		t.Fatal("the newest entry must be there")
	}
	clk.Advance(time.Minute)
	if _, ok := m.Get("99"); ok {
		t.Fatal("an ended entry must be gone")
	}
}
