package broadcast

import (
	"context"
	"log/slog"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/bus"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/lifecycle"
)

// UpdatesConfig says what Updates are made of. All fields are required.
type UpdatesConfig struct {
	Log    feed.Log[Update]
	Bus    bus.Bus
	Clock  clock.Clock
	Group  *lifecycle.Group
	Logger *slog.Logger
}

// Updates is the feed of deliveries that change. Safe for concurrent use.
type Updates struct {
	feed *feed.Feed[Update]
}

// NewUpdates makes the feed. It delivers once Run runs.
func NewUpdates(cfg UpdatesConfig) *Updates {
	return &Updates{feed.New(feed.Config[Update]{
		Log: cfg.Log, Bus: cfg.Bus, Topic: TopicUpdated, Clock: cfg.Clock, Group: cfg.Group, Logger: cfg.Logger,
	})}
}

// Run hands out updates until ctx ends. Run it once.
func (u *Updates) Run(ctx context.Context) error { return u.feed.Run(ctx) }

// Watch gives the updates after the cursor, then what comes; without a cursor only what comes.
// Reasons: session.missing, authz.forbidden.
func Watch[M any](ctx context.Context, u *Updates, actor authz.Actor, after *feed.Cursor, convert func(feed.Item[Update]) M) (<-chan M, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	return feed.Subscribe(ctx, u.feed, after, nil, convert)
}
