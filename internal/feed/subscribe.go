package feed

import (
	"context"
)

// Kind of an item.
type Kind int

// The kinds.
const (
	// Record carries an entry of the log.
	Record Kind = iota
	// Lagged is the last item of a subscriber that was too slow; Cursor is where to resume.
	Lagged
	// Reset tells that entries after the given cursor are gone (retention) or that the cursor belongs
	// to another log; the feed goes on after Cursor.
	Reset
)

// Item is what a subscriber gets.
type Item[T any] struct {
	Kind   Kind
	Cursor Cursor
	Value  T // set for Record only
}

// Subscribe gives everything after the cursor, then what comes, converted, on a channel that is
// closed when ctx ends, when the subscriber lagged, or when the house shuts down. A nil cursor starts
// with what comes next. want filters; nil lets everything through. An idle subscriber costs no
// goroutine, nor does one whose reader has put a Bell into ctx.
func Subscribe[T, M any](ctx context.Context, f *Feed[T], after *Cursor, want func(T) bool, convert func(Item[T]) M) (<-chan M, error) {
	bounds, err := f.cfg.Log.Bounds(ctx)
	if err != nil {
		return nil, err
	}
	if want == nil {
		want = func(T) bool { return true }
	}
	sink := channelSink[T, M]{items: make(chan M, subscriberBuffer+1), convert: convert, ring: take(ctx)}
	s := &subscriber[T]{ctx: ctx, want: want, sink: sink, epoch: bounds.Epoch, position: bounds.Newest}
	if after != nil {
		s.resumeAt(*after, bounds)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.join(s)
	context.AfterFunc(ctx, func() { f.leave(s) })
	return sink.items, nil
}

// join makes a subscriber live if it has seen all that was handed out, and else starts to bring it up
// to date.
func (f *Feed[T]) join(s *subscriber[T]) {
	if s.reset == nil && f.upToDate(s) {
		f.live[s] = struct{}{}
		return
	}
	f.startCatchingUp(s, false)
}

func (f *Feed[T]) upToDate(s *subscriber[T]) bool { return f.started && s.position >= f.head }

func (f *Feed[T]) leave(s *subscriber[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.live[s]; ok {
		delete(f.live, s)
		s.sink.close()
	}
}

// startCatchingUp hands the subscriber to a goroutine of its own. fellBehind is false for one that
// reads history, which may take as long as it likes, and true for one that was live.
func (f *Feed[T]) startCatchingUp(s *subscriber[T], fellBehind bool) {
	if !f.cfg.Group.Go("feed subscriber", func(stop context.Context) error {
		f.catchUp(stop, s, fellBehind)
		return nil
	}) {
		s.sink.close()
	}
}

func (f *Feed[T]) catchUp(stop context.Context, s *subscriber[T], fellBehind bool) {
	if s.reset != nil {
		if !s.put(stop, Item[T]{Kind: Reset, Cursor: *s.reset}) {
			s.sink.close()
			return
		}
		s.reset = nil
	}
	for {
		batch, done := f.next(s)
		if done {
			return
		}
		if batch == nil {
			if fellBehind {
				s.put(stop, Item[T]{Kind: Lagged, Cursor: s.cursor()})
				s.sink.close()
				return
			}
			batch = f.history(stop, s)
		}
		if !s.putAll(stop, batch) {
			s.sink.close()
			return
		}
	}
}

// next gives entries from the tail, or nil when they are no longer there; done when the subscriber
// has become live or has left.
func (f *Feed[T]) next(s *subscriber[T]) (batch []Entry[T], done bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.ctx.Err() != nil {
		s.sink.close()
		return nil, true
	}
	if f.upToDate(s) {
		f.live[s] = struct{}{}
		return nil, true
	}
	batch, ok := f.fromTail(s.position)
	if !ok {
		return nil, false
	}
	return batch, false
}

// history reads the log itself. It tries again after an error, for the subscriber has no other way of
// learning what it missed.
func (f *Feed[T]) history(stop context.Context, s *subscriber[T]) []Entry[T] {
	batch, err := f.cfg.Log.After(s.ctx, s.position, readBatch)
	if err != nil {
		if s.ctx.Err() == nil {
			f.cfg.Logger.Error("feed cannot read history", "topic", f.cfg.Topic, "error", err)
			f.pause(stop)
		}
		return nil
	}
	if len(batch) == 0 {
		f.skipWhatIsGone(stop, s)
		return nil
	}
	if first := batch[0].Position; first > s.position+1 {
		s.position = first - 1
		s.put(stop, Item[T]{Kind: Reset, Cursor: s.cursor()})
	}
	return batch
}

// skipWhatIsGone is for a log that has been emptied behind the subscriber, or whose newest entries
// the feed itself has not read yet.
func (f *Feed[T]) skipWhatIsGone(stop context.Context, s *subscriber[T]) {
	bounds, err := f.cfg.Log.Bounds(s.ctx)
	if err == nil && bounds.Oldest-1 > s.position {
		s.position = bounds.Oldest - 1
		s.put(stop, Item[T]{Kind: Reset, Cursor: s.cursor()})
		return
	}
	f.nudge()
	f.pause(stop)
}
