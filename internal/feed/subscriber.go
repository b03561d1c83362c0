package feed

import "context"

// subscriber is one reader. While it is live the feed's lock guards it; while it catches up its own
// goroutine has it.
type subscriber[T any] struct {
	ctx      context.Context
	want     func(T) bool
	sink     sink[T]
	epoch    string
	position int64
	reset    *Cursor // to be told first
}

// sink hides the type that items are converted to.
type sink[T any] interface {
	// offer takes the item if there is room.
	offer(Item[T]) bool
	// put waits for room until one of the contexts ends.
	put(ctx, stop context.Context, item Item[T]) bool
	close()
}

func (s *subscriber[T]) resumeAt(after Cursor, b Bounds) {
	s.position = after.Position
	if after.Epoch == b.Epoch && after.Position >= b.Oldest-1 && after.Position <= b.Newest {
		return
	}
	s.position = b.Oldest - 1
	c := s.cursor()
	s.reset = &c
}

func (s *subscriber[T]) cursor() Cursor { return Cursor{Epoch: s.epoch, Position: s.position} }

func (s *subscriber[T]) record(e Entry[T]) Item[T] {
	return Item[T]{Kind: Record, Cursor: Cursor{s.epoch, e.Position}, Value: e.Value}
}

// offerAll hands a live subscriber what is new to it; false when it has no room, with position at the
// last entry it has.
func (s *subscriber[T]) offerAll(batch []Entry[T]) bool {
	for _, e := range batch {
		if e.Position <= s.position {
			continue
		}
		if s.want(e.Value) && !s.sink.offer(s.record(e)) {
			return false
		}
		s.position = e.Position
	}
	return true
}

func (s *subscriber[T]) putAll(stop context.Context, batch []Entry[T]) bool {
	for _, e := range batch {
		if s.want(e.Value) && !s.put(stop, s.record(e)) {
			return false
		}
		s.position = e.Position
	}
	return s.ctx.Err() == nil && stop.Err() == nil
}

func (s *subscriber[T]) put(stop context.Context, item Item[T]) bool {
	return s.sink.put(s.ctx, stop, item)
}

// channelSink converts items and sends them on a channel.
type channelSink[T, M any] struct {
	items   chan M
	convert func(Item[T]) M
	ring    func()
}

func (c channelSink[T, M]) offer(item Item[T]) bool {
	select {
	case c.items <- c.convert(item):
		c.ring()
		return true
	default:
		return false
	}
}

func (c channelSink[T, M]) put(ctx, stop context.Context, item Item[T]) bool {
	select {
	case c.items <- c.convert(item):
		c.ring()
		return true
	case <-ctx.Done():
		return false
	case <-stop.Done():
		return false
	}
}

func (c channelSink[T, M]) close() {
	close(c.items)
	c.ring()
}
