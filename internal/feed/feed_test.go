package feed_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/inmem"
	"github.com/posthouse/posthouse/internal/lifecycle"
)

// logbook is a log in memory whose values are their own positions.
type logbook struct {
	mu     sync.Mutex
	oldest int64
	newest int64
}

func (l *logbook) After(_ context.Context, after int64, limit int) ([]feed.Entry[int64], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []feed.Entry[int64]
	for p := max(after+1, l.oldest); p <= l.newest && len(out) < limit; p++ {
		out = append(out, feed.Entry[int64]{Position: p, Value: p})
	}
	return out, nil
}

func (l *logbook) Bounds(context.Context) (feed.Bounds, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return feed.Bounds{Oldest: l.oldest, Newest: l.newest, Epoch: "e1"}, nil
}

func (l *logbook) write(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest += n
}

func (l *logbook) forgetUpTo(position int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.oldest = position + 1
}

type house struct {
	log  *logbook
	bus  *inmem.Bus
	feed *feed.Feed[int64]
}

// newHouse starts a feed over a log that already holds n entries and waits until it is live.
func newHouse(t testing.TB, n int64, tail int) *house {
	t.Helper()
	h := &house{log: &logbook{oldest: 1, newest: n}, bus: inmem.NewBus()}
	group := lifecycle.NewGroup(context.Background(), slog.New(slog.DiscardHandler))
	clk := clock.NewFake(time.UnixMilli(1))
	h.feed = feed.New(feed.Config[int64]{
		Log: h.log, Bus: h.bus, Topic: "t", Clock: clk, Group: group, Logger: slog.New(slog.DiscardHandler), Tail: tail,
	})
	group.Go("feed", h.feed.Run)
	clk.AwaitTimers(1)
	t.Cleanup(func() {
		if err := group.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) write(t testing.TB, n int64) {
	t.Helper()
	h.log.write(n)
	if err := h.bus.Publish(context.Background(), "t", nil); err != nil {
		t.Fatal(err)
	}
}

func (h *house) subscribe(t *testing.T, ctx context.Context, after *feed.Cursor, want func(int64) bool) <-chan feed.Item[int64] {
	t.Helper()
	items, err := feed.Subscribe(ctx, h.feed, after, want, func(i feed.Item[int64]) feed.Item[int64] { return i })
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func at(position int64) *feed.Cursor { return &feed.Cursor{Epoch: "e1", Position: position} }

func wantRecords(t *testing.T, items <-chan feed.Item[int64], from, to int64) {
	t.Helper()
	for p := from; p <= to; p++ {
		item, ok := <-items
		if !ok || item.Kind != feed.Record || item.Cursor.Position != p || item.Value != p {
			t.Fatalf("got %+v (open %v), want the record at %d", item, ok, p)
		}
	}
}

func TestWithoutACursorASubscriberGetsOnlyWhatComes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5, 0)
	items := h.subscribe(t, t.Context(), nil, nil)
	h.write(t, 3)
	wantRecords(t, items, 6, 8)
}

func TestACursorGivesHistoryThenLiveWithoutGapOrDouble(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1000, 0)
	items := h.subscribe(t, t.Context(), at(3), nil)
	wantRecords(t, items, 4, 500)
	h.write(t, 10)
	wantRecords(t, items, 501, 1010)
	h.write(t, 1)
	wantRecords(t, items, 1011, 1011)
}

func TestManySubscribersJoiningDuringWritesMissNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 50, 4000)
	const end = 1050
	var readers sync.WaitGroup
	for i := range int64(40) {
		readers.Go(func() {
			items := h.subscribe(t, t.Context(), at(i), nil)
			for p := i + 1; p <= end; p++ {
				item, ok := <-items
				if !ok || item.Cursor.Position != p {
					t.Errorf("subscriber from %d got %+v, want %d", i, item, p)
					return
				}
			}
		})
	}
	for range 100 {
		h.write(t, 10)
	}
	readers.Wait()
}

func TestAFilterLetsOnlyTheWantedThrough(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 20, 0)
	items := h.subscribe(t, t.Context(), at(0), func(v int64) bool { return v%10 == 0 })
	h.write(t, 10)
	for _, want := range []int64{10, 20, 30} {
		if item := <-items; item.Value != want {
			t.Fatalf("got %d, want %d", item.Value, want)
		}
	}
}

func TestASubscriberThatFallsTooFarBehindIsToldWhereToResume(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 0, 16)
	slow := h.subscribe(t, t.Context(), nil, nil)
	quick := h.subscribe(t, t.Context(), nil, nil)
	h.write(t, 5)
	wantRecords(t, quick, 1, 5)
	h.write(t, 2000) // far more than channel and tail hold
	last := int64(0)
	for item := range slow {
		if item.Kind == feed.Lagged {
			if item.Cursor.Position != last {
				t.Fatalf("told to resume at %d, had seen %d", item.Cursor.Position, last)
			}
			last = -1
			continue
		}
		if item.Cursor.Position != last+1 {
			t.Fatalf("skipped from %d to %d without being told", last, item.Cursor.Position)
		}
		last = item.Cursor.Position
	}
	if last != -1 {
		t.Fatal("the channel closed without a word")
	}
}

func TestACursorThatIsGoneOrForeignIsReset(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]feed.Cursor{
		"older than retention": *at(2),
		"of another log":       {Epoch: "e0", Position: 12},
		"ahead of the log":     *at(999),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, 20, 0)
			h.log.forgetUpTo(10)
			items := h.subscribe(t, t.Context(), &c, nil)
			if item := <-items; item.Kind != feed.Reset || item.Cursor.Position != 10 || item.Cursor.Epoch != "e1" {
				t.Fatalf("got %+v", item)
			}
			wantRecords(t, items, 11, 20)
		})
	}
}

func TestTheChannelClosesWhenTheSubscriberLeaves(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]*feed.Cursor{"live": nil, "reading history": at(0)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, 5000, 0)
			ctx, cancel := context.WithCancel(t.Context())
			items := h.subscribe(t, ctx, after, nil)
			cancel()
			for range items {
			}
		})
	}
}

func TestCursorsRoundTripAndRefuseForeignText(t *testing.T) {
	t.Parallel()
	c := feed.Cursor{Epoch: "ab12", Position: 42}
	if got, err := feed.ParseCursor(c.String()); err != nil || got != c {
		t.Fatalf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "x", "ZjE6YTotMQ", "azE6YWJjOjE"} {
		if c, err := feed.ParseCursor(bad); err == nil {
			t.Errorf("%q was taken as %+v", bad, c)
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add(feed.Cursor{Epoch: "ab12", Position: 42}.String())
	f.Add("ZjE6YTotMQ")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := feed.ParseCursor(s)
		if err != nil {
			return
		}
		if again, err := feed.ParseCursor(c.String()); err != nil || again != c {
			t.Fatalf("%+v does not survive a round trip: %+v, %v", c, again, err)
		}
	})
}
