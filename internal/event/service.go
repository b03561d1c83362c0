package event

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/bus"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/lifecycle"
	"github.com/posthouse/posthouse/internal/page"
)

// Topic is the bus topic on which an append is announced. The message is empty: who listens reads the
// log.
const Topic = "event.appended"

const (
	sweepEvery = time.Hour
	sweepBatch = 1000
	maxTypes   = 50
)

// ErrFilterInvalid: INVALID, event.filter_invalid.
var ErrFilterInvalid = errs.New(errs.Invalid, "event.filter_invalid", "A filter names at most 50 event types, none of them empty.")

// Config of the service.
type Config struct {
	Store  Store
	Clock  clock.Clock
	Bus    bus.Bus
	Group  *lifecycle.Group
	Logger *slog.Logger
	// Retention is how long events are kept; zero keeps them forever.
	Retention time.Duration
}

// Service keeps the log, feeds subscriptions and runs handlers. Safe for concurrent use.
type Service struct {
	cfg      Config
	feed     *feed.Feed[Event]
	handlers map[string][]Handler
	// begin is where a handler begins that has no position yet.
	begin int64
}

// New makes the service. It delivers once Run runs.
func New(cfg Config) *Service {
	return &Service{
		cfg: cfg,
		feed: feed.New(feed.Config[Event]{
			Log: cfg.Store, Bus: cfg.Bus, Topic: Topic, Clock: cfg.Clock, Group: cfg.Group, Logger: cfg.Logger,
			Weigh: func(e Event) int { return len(e.Payload) + 256 },
		}),
		handlers: map[string][]Handler{},
	}
}

// Pushed is a callback event as it came in, verified and decrypted.
type Pushed struct {
	App, DedupeKey, Type, CorpID string
	OccurredAt                   time.Time
	Payload                      []byte
}

// Append stores the event and returns after the commit. A repetition of one that is stored already
// is no error and stores nothing.
func (s *Service) Append(ctx context.Context, p Pushed) error {
	now := s.cfg.Clock.Now()
	_, isNew, err := s.cfg.Store.Append(ctx, Event{
		ID: id.Event(id.New(id.EventPrefix, now)), App: p.App, DedupeKey: p.DedupeKey, Type: p.Type, CorpID: p.CorpID,
		OccurredAt: p.OccurredAt, ReceivedAt: now, Payload: p.Payload,
	})
	if err != nil || !isNew {
		return err
	}
	if err := s.cfg.Bus.Publish(ctx, Topic, nil); err != nil {
		s.cfg.Logger.Warn("event stored but not announced; subscribers see it at the next look", "error", err)
	}
	return nil
}

// Subscribe gives the events after the cursor that the filter lets through, then what comes. Reasons:
// session.missing, authz.forbidden, event.filter_invalid.
func Subscribe[M any](ctx context.Context, s *Service, actor authz.Actor, f Filter, after *feed.Cursor, convert func(feed.Item[Event]) M) (<-chan M, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return feed.Subscribe(ctx, s.feed, after, f.want(), convert)
}

// History is a page of the log.
type History struct {
	page.Of[Event]
	Epoch string
	// Newest is the position at which the log ended just before the page was read.
	Newest int64
}

// List gives a page of the log, oldest first, up to where the log ended when it was asked: a subscription
// from there on repeats nothing. Without payloads it reads outlines. Reasons: session.missing,
// authz.forbidden, event.filter_invalid, page.cursor_invalid.
func (s *Service) List(ctx context.Context, actor authz.Actor, f Filter, first int, after *feed.Cursor, payloads bool) (History, error) {
	if err := actor.RequireAdmin(); err != nil {
		return History{}, err
	}
	if err := f.check(); err != nil {
		return History{}, err
	}
	bounds, err := s.cfg.Store.Bounds(ctx)
	if err != nil {
		return History{}, err
	}
	position := int64(0)
	if after != nil {
		if after.Epoch != bounds.Epoch {
			return History{}, page.ErrCursor
		}
		position = after.Position
	}
	events, err := s.cfg.Store.List(ctx, ListQuery{Filter: f, After: position, Limit: first + 1, Payloads: payloads})
	if err != nil {
		return History{}, err
	}
	events = slices.DeleteFunc(events, func(e Event) bool { return e.Position > bounds.Newest })
	return History{Of: page.Cut(events, first), Epoch: bounds.Epoch, Newest: bounds.Newest}, nil
}

// Recent gives a page of the log, newest first; after gives what is older than a cursor. Without
// payloads it reads outlines, which costs the same however large the payloads are. Reasons:
// session.missing, authz.forbidden, event.filter_invalid, page.cursor_invalid.
func (s *Service) Recent(ctx context.Context, actor authz.Actor, f Filter, first int, after *feed.Cursor, payloads bool) (History, error) {
	if err := actor.RequireAdmin(); err != nil {
		return History{}, err
	}
	if err := f.check(); err != nil {
		return History{}, err
	}
	bounds, err := s.cfg.Store.Bounds(ctx)
	if err != nil {
		return History{}, err
	}
	q := RecentQuery{Filter: f, Before: bounds.Newest + 1, Limit: first + 1, Payloads: payloads}
	if after != nil {
		if after.Epoch != bounds.Epoch {
			return History{}, page.ErrCursor
		}
		// A subscription's cursor may lie at the very beginning, before which there is nothing.
		q.Before = max(after.Position, 1)
	}
	events, err := s.cfg.Store.Recent(ctx, q)
	if err != nil {
		return History{}, err
	}
	return History{Of: page.Cut(events, first), Epoch: bounds.Epoch, Newest: bounds.Newest}, nil
}

// Found is an event and the log that it belongs to.
type Found struct {
	Event
	Epoch string
}

// Get gives an event. Reasons: session.missing, authz.forbidden, event.not_found.
func (s *Service) Get(ctx context.Context, actor authz.Actor, event id.Event) (Found, error) {
	if err := actor.RequireAdmin(); err != nil {
		return Found{}, err
	}
	e, err := s.cfg.Store.Get(ctx, event)
	if err != nil {
		return Found{}, err
	}
	bounds, err := s.cfg.Store.Bounds(ctx)
	return Found{e, bounds.Epoch}, err
}

func (f Filter) check() error {
	if len(f.Types) > maxTypes {
		return ErrFilterInvalid
	}
	for _, t := range f.Types {
		if t == "" {
			return ErrFilterInvalid
		}
	}
	return nil
}

// want is nil for a filter that lets everything through.
func (f Filter) want() func(Event) bool {
	if len(f.Types) == 0 && f.CorpID == "" {
		return nil
	}
	types := make(map[string]bool, len(f.Types))
	for _, t := range f.Types {
		types[t] = true
	}
	return func(e Event) bool {
		return (len(types) == 0 || types[e.Type]) && (f.CorpID == "" || e.CorpID == f.CorpID)
	}
}

// Run feeds subscriptions, runs the handlers and applies the retention until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	group := lifecycle.NewGroup(ctx, s.cfg.Logger)
	group.Go("event feed", s.feed.Run)
	group.Go("event retention", s.sweep)
	for eventType, handlers := range s.handlers {
		group.Go("event handler "+eventType, func(ctx context.Context) error {
			return s.consume(ctx, eventType, handlers)
		})
	}
	<-group.Done()
	return group.Stop(context.WithoutCancel(ctx))
}

func (s *Service) sweep(ctx context.Context) error {
	for s.cfg.Retention > 0 {
		gone, err := s.cfg.Store.DeleteBefore(ctx, s.cfg.Clock.Now().Add(-s.cfg.Retention), sweepBatch)
		if err != nil && ctx.Err() == nil {
			s.cfg.Logger.Error("cannot drop old events", "error", err)
		}
		if gone == sweepBatch {
			continue
		}
		if !wait(ctx, s.cfg.Clock, sweepEvery) {
			return nil
		}
	}
	return nil
}

// wait is false when ctx ended first.
func wait(ctx context.Context, clk clock.Clock, d time.Duration) bool {
	timer := clk.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C():
		return true
	}
}
