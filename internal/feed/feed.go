package feed

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/posthouse/posthouse/internal/bus"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/lifecycle"
)

const (
	defaultTail      = 1024
	defaultTailBytes = 8 << 20
	defaultPoll      = 5 * time.Second
	// subscriberBuffer is how many items wait in a subscriber's own channel. It is small because the
	// tail, which all share, is the real buffer.
	subscriberBuffer = 8
	readBatch        = 256
	retryAfterError  = time.Second
)

// Config of a feed.
type Config[T any] struct {
	Log   Log[T]
	Bus   bus.Bus
	Topic string // a message on it means: look into the log
	Clock clock.Clock
	// Group owns the goroutines that bring subscribers up to date.
	Group  *lifecycle.Group
	Logger *slog.Logger
	// Tail is how many of the newest entries are kept in memory for subscribers that fall behind;
	// default 1024. One that falls further behind is told that it lagged.
	Tail int
	// Weigh gives the memory an entry takes, in bytes; the tail holds at most 8 MiB of it. Nil counts
	// nothing.
	Weigh func(T) int
	// Poll is how often the log is looked into without a message, in case one was lost; default 5 s.
	Poll time.Duration
}

// Feed gives the entries of one log to many subscribers. Safe for concurrent use.
type Feed[T any] struct {
	cfg  Config[T]
	wake chan struct{}

	mu        sync.Mutex
	started   bool
	epoch     string
	head      int64 // position of the last entry handed to live subscribers
	tail      []Entry[T]
	tailBytes int
	live      map[*subscriber[T]]struct{}
}

// New makes a feed. It delivers once Run runs.
func New[T any](cfg Config[T]) *Feed[T] {
	if cfg.Tail == 0 {
		cfg.Tail = defaultTail
	}
	if cfg.Poll == 0 {
		cfg.Poll = defaultPoll
	}
	if cfg.Weigh == nil {
		cfg.Weigh = func(T) int { return 0 }
	}
	return &Feed[T]{cfg: cfg, wake: make(chan struct{}, 1), live: map[*subscriber[T]]struct{}{}}
}

// Run hands new entries to the live subscribers until ctx ends. Run it once.
func (f *Feed[T]) Run(ctx context.Context) error {
	cancel := f.cfg.Bus.Subscribe(f.cfg.Topic, func([]byte) { f.nudge() })
	defer cancel()
	f.nudge()
	for {
		timer := f.cfg.Clock.NewTimer(f.cfg.Poll)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-f.wake:
		case <-timer.C():
		}
		timer.Stop()
		if err := f.advance(ctx); err != nil && ctx.Err() == nil {
			f.cfg.Logger.Error("feed cannot read its log", "topic", f.cfg.Topic, "error", err)
			f.pause(ctx)
			f.nudge()
		}
	}
}

// nudge makes Run look into the log; nudges that come while it does are one.
func (f *Feed[T]) nudge() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Feed[T]) pause(ctx context.Context) {
	timer := f.cfg.Clock.NewTimer(retryAfterError)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C():
	}
}

// advance reads what is new and hands it out.
func (f *Feed[T]) advance(ctx context.Context) error {
	if !f.started { // only Run's goroutine writes it
		bounds, err := f.cfg.Log.Bounds(ctx)
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.started, f.epoch, f.head = true, bounds.Epoch, bounds.Newest
		f.mu.Unlock()
	}
	for {
		batch, err := f.cfg.Log.After(ctx, f.head, readBatch)
		if err != nil || len(batch) == 0 {
			return err
		}
		f.handOut(batch)
		if len(batch) < readBatch {
			return nil
		}
	}
}

func (f *Feed[T]) handOut(batch []Entry[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remember(batch)
	f.head = batch[len(batch)-1].Position
	for s := range f.live {
		if !s.offerAll(batch) {
			delete(f.live, s)
			f.startCatchingUp(s, true)
		}
	}
}

// remember keeps the newest entries for those who fall behind.
func (f *Feed[T]) remember(batch []Entry[T]) {
	for _, e := range batch {
		f.tail = append(f.tail, e)
		f.tailBytes += f.cfg.Weigh(e.Value)
	}
	drop := 0
	for len(f.tail)-drop > f.cfg.Tail || (f.tailBytes > defaultTailBytes && len(f.tail)-drop > 1) {
		f.tailBytes -= f.cfg.Weigh(f.tail[drop].Value)
		drop++
	}
	if drop > 0 {
		clear(f.tail[:drop])
		f.tail = f.tail[drop:]
	}
}

// fromTail gives what follows position, if the tail still covers it.
func (f *Feed[T]) fromTail(position int64) ([]Entry[T], bool) {
	if len(f.tail) == 0 || f.tail[0].Position > position+1 {
		return nil, false
	}
	skip := int(position + 1 - f.tail[0].Position)
	if skip >= len(f.tail) {
		return nil, true
	}
	rest := f.tail[skip:min(skip+readBatch, len(f.tail))]
	return append([]Entry[T](nil), rest...), true
}
