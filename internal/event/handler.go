package event

import (
	"context"
	"fmt"
	"time"

	"github.com/posthouse/posthouse/internal/feed"
)

// AnyType is the event type of a handler that wants every event.
const AnyType = "*"

const (
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
	// keepEvery bounds how many events pass between two writes of the position.
	keepEvery = 100
)

// Handler reacts to an event within this process. It is called at least once for each event, in the
// order of the log; an error makes the same event come again, after a pause that grows from one
// second to five minutes, and holds back the later ones of its type.
type Handler func(ctx context.Context, e Event) error

// Handle adds a handler for an event type or AnyType. Call it before Run. The position is kept by
// type across restarts; a type handled for the first time begins with what comes after Begin.
func (s *Service) Handle(eventType string, h Handler) {
	s.handlers[eventType] = append(s.handlers[eventType], h)
}

// Begin notes where the log ends before events can come in: that is where new handlers begin, so that
// they miss nothing while Run has not been called.
func (s *Service) Begin(ctx context.Context) error {
	bounds, err := s.cfg.Store.Bounds(ctx)
	if err != nil {
		return fmt.Errorf("read the bounds of the event log: %w", err)
	}
	s.begin = bounds.Newest
	return nil
}

// Open keeps where each new handler begins, so that it begins there also if this process ends before
// its first event.
func (s *Service) Open(ctx context.Context) error {
	for eventType := range s.handlers {
		if _, err := s.startingPosition(ctx, consumerOf(eventType)); err != nil {
			return fmt.Errorf("note where handlers of %s begin: %w", eventType, err)
		}
	}
	return nil
}

func consumerOf(eventType string) string { return "handler:" + eventType }

// consume runs one type's handlers over the log until ctx ends. A failing store makes it begin again,
// from the kept position, after a pause.
func (s *Service) consume(ctx context.Context, eventType string, handlers []Handler) error {
	for ctx.Err() == nil {
		if err := s.follow(ctx, eventType, handlers); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Error("event handlers cannot read the log", "type", eventType, "error", err)
			wait(ctx, s.cfg.Clock, firstRetry)
		}
	}
	return nil
}

// follow calls the handlers for each event of their type after the kept position. It returns when ctx
// ends, and when it fell too far behind the feed, to be called again.
func (s *Service) follow(ctx context.Context, eventType string, handlers []Handler) error {
	consumer := consumerOf(eventType)
	position, err := s.startingPosition(ctx, consumer)
	if err != nil {
		return fmt.Errorf("read the position of %s: %w", consumer, err)
	}
	bounds, err := s.cfg.Store.Bounds(ctx)
	if err != nil {
		return fmt.Errorf("read the bounds of the event log: %w", err)
	}
	// Other types pass through too: a position that moved only with a rare type would fall behind what
	// retention keeps.
	items, err := feed.Subscribe(ctx, s.feed, &feed.Cursor{Epoch: bounds.Epoch, Position: position}, nil,
		func(i feed.Item[Event]) feed.Item[Event] { return i })
	if err != nil {
		return fmt.Errorf("read the event log: %w", err)
	}
	seen, unkept := position, 0
	defer func() {
		if seen != position {
			s.keepPosition(ctx, consumer, seen)
		}
	}()
	for item := range items {
		switch item.Kind {
		case feed.Reset:
			s.cfg.Logger.Warn("events were dropped by retention before their handler saw them", "type", eventType, "resumes_after", item.Cursor.Position)
		case feed.Lagged:
			return nil
		case feed.Record:
			ours := eventType == AnyType || item.Value.Type == eventType
			if ours && !s.handleAll(ctx, handlers, item.Value) {
				return nil
			}
			if unkept++; unkept == keepEvery || ours && len(items) == 0 {
				unkept = 0
				s.keepPosition(ctx, consumer, item.Cursor.Position)
			}
		}
		seen = item.Cursor.Position
	}
	return nil
}

// handleAll is false when ctx ended before every handler had succeeded.
func (s *Service) handleAll(ctx context.Context, handlers []Handler, e Event) bool {
	for _, h := range handlers {
		if !s.handle(ctx, h, e) {
			return false
		}
	}
	return true
}

func (s *Service) startingPosition(ctx context.Context, consumer string) (int64, error) {
	position, ok, err := s.cfg.Store.Position(ctx, consumer)
	if err != nil || ok {
		return position, err
	}
	return s.begin, s.cfg.Store.SetPosition(ctx, consumer, s.begin)
}

// handle calls until the handler succeeds; false when ctx ended first.
func (s *Service) handle(ctx context.Context, h Handler, e Event) bool {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := call(ctx, h, e)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.cfg.Logger.Error("event handler failed; the event will come again", "type", e.Type, "event", e.ID, "again_in", pause, "error", err)
		if !wait(ctx, s.cfg.Clock, pause) {
			return false
		}
	}
}

// call turns a panic of somebody else's handler into an error.
func call(ctx context.Context, h Handler, e Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("handler panicked: %v", p)
		}
	}()
	return h(ctx, e)
}

// keepPosition may fail: then some events come twice after a restart, which handlers are told to
// expect.
func (s *Service) keepPosition(ctx context.Context, consumer string, position int64) {
	if err := s.cfg.Store.SetPosition(context.WithoutCancel(ctx), consumer, position); err != nil {
		s.cfg.Logger.Error("handler's position not kept; events may come again", "consumer", consumer, "error", err)
	}
}
