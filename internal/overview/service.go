package overview

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/robot"
)

// Robots is what this package asks of package robot.
type Robots interface {
	// Blocked lists robots that may not speak at now.
	Blocked(ctx context.Context, now time.Time, limit int) ([]robot.Robot, error)
	Load(ctx context.Context, robots []id.Robot) (map[id.Robot]robot.Robot, error)
	FindByName(ctx context.Context, name string) (robot.Robot, bool, error)
}

// Deliveries is what this package asks of package broadcast.
type Deliveries interface {
	// LoadFailures gives deliveries that failed at or after since, newest first.
	LoadFailures(ctx context.Context, since time.Time, limit int) ([]broadcast.Delivery, error)
	LoadAttempts(ctx context.Context, deliveries []id.Delivery) (map[id.Delivery][]broadcast.Attempt, error)
}

// Config is what the service is made of.
type Config struct {
	Store      Store
	Robots     Robots
	Deliveries Deliveries
	Clock      clock.Clock
	// WantsOTP says that a sign-in wants a one-time code. GroupRobot is the robot that says codes in a
	// group; empty when none does. OtherChannels says that codes travel in another way too.
	WantsOTP      bool
	GroupRobot    string
	OtherChannels bool
}

// Service answers. Safe for concurrent use.
type Service struct {
	Config
	started time.Time
}

// New makes the service.
func New(cfg Config) *Service { return &Service{Config: cfg, started: cfg.Clock.Now()} }
