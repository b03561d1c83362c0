package broadcast

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/bus"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/secret"
)

// Topics on the bus. Their messages are empty: whoever listens reads the store.
const (
	// TopicUpdated tells that the delivery feed may have grown.
	TopicUpdated = "delivery.updated"
	// TopicDue tells workers that there may be something to send.
	TopicDue = "broadcast.due"
)

// Robots is what this package asks of package robot.
type Robots interface {
	// Load gives those of the robots that exist.
	Load(ctx context.Context, robots []id.Robot) (map[id.Robot]robot.Robot, error)
	FindByName(ctx context.Context, name string) (robot.Robot, bool, error)
	// Open gives the credentials; an error that is secret.ErrOpen is final.
	Open(ctx context.Context, r robot.Robot) (robot.Credentials, error)
	// Delete forgets a robot, as part of the transaction of the context. Reasons: session.missing,
	// authz.forbidden, robot.not_found.
	Delete(ctx context.Context, actor authz.Actor, r id.Robot) error
}

// Transactor runs things in a transaction that travels in the context.
type Transactor interface {
	// InTx runs fn in a transaction and commits it, unless fn fails; inside another it joins that one.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	// AfterCommit runs fn once the context's transaction has been committed, and at once when there is
	// none. After a rollback fn never runs.
	AfterCommit(ctx context.Context, fn func())
}

// Config is what a Service is made of. The first block is required.
type Config struct {
	Store  Store
	Robots Robots
	Sender Sender
	Tx     Transactor
	Ring   *secret.Ring
	Clock  clock.Clock
	Bus    bus.Bus

	// Logger hears what the worker cannot tell anyone else. Default: silence.
	Logger *slog.Logger
	// Exclusive says that no other process sends from this store, so that at the start of Run every
	// delivery in Sending belongs to a dead process. Set it on SQLite. Default false: leases decide.
	Exclusive bool
	// Concurrency is how many robots speak at a time. Default 16.
	Concurrency int
	// Lease is after what time a delivery in Sending is taken from a process that may have died. It
	// must exceed the Sender's time limit. Default 60 s.
	Lease time.Duration
	// KeepUpdates and KeepNotices say how long the delivery feed and login codes' deliveries are kept.
	// Default seven days each; a notice is kept an hour at least, since its attempts count in its
	// robot's window.
	KeepUpdates time.Duration
	KeepNotices time.Duration
	// Jitter gives numbers in [0,1) that spread repetitions. Safe for concurrent use. Default: random.
	Jitter func() float64
}

// Service takes broadcasts and, in Run, sends them. Safe for concurrent use.
type Service struct {
	store  Store
	robots Robots
	sender Sender
	tx     Transactor
	ring   *secret.Ring
	clock  clock.Clock
	bus    bus.Bus
	log    *slog.Logger
	jitter func() float64

	exclusive   bool
	concurrency int
	lease       time.Duration
	keepUpdates time.Duration
	keepNotices time.Duration

	// woken holds at most one token: the dispatcher shall look again.
	woken chan struct{}
	// unrecorded counts attempts whose outcome the store has refused to take so far.
	unrecorded atomic.Int32
}

// New makes a Service. Nothing is sent before Run.
func New(c Config) *Service {
	s := &Service{
		store: c.Store, robots: c.Robots, sender: c.Sender, tx: c.Tx, ring: c.Ring, clock: c.Clock,
		bus: c.Bus, log: c.Logger, jitter: c.Jitter, exclusive: c.Exclusive,
		concurrency: c.Concurrency, lease: c.Lease, keepUpdates: c.KeepUpdates, keepNotices: c.KeepNotices,
		woken: make(chan struct{}, 1),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.jitter == nil {
		s.jitter = rand.Float64
	}
	if s.concurrency <= 0 {
		s.concurrency = 16
	}
	orDefault(&s.lease, time.Minute)
	orDefault(&s.keepUpdates, 7*24*time.Hour)
	orDefault(&s.keepNotices, 7*24*time.Hour)
	s.keepNotices = max(s.keepNotices, time.Hour)
	return s
}

func orDefault(d *time.Duration, value time.Duration) {
	if *d <= 0 {
		*d = value
	}
}

// now is the time in the store's resolution, so that what is returned equals what is read later.
func (s *Service) now() time.Time { return clock.FromMillis(clock.Millis(s.clock.Now())) }

// Get gives a broadcast. Reasons: session.missing, authz.forbidden, broadcast.not_found.
func (s *Service) Get(ctx context.Context, actor authz.Actor, broadcast id.Broadcast) (Broadcast, error) {
	if err := actor.RequireAdmin(); err != nil {
		return Broadcast{}, err
	}
	b, err := s.store.Get(ctx, broadcast)
	if err != nil {
		return Broadcast{}, errs.Wrap(err, "get broadcast")
	}
	return b, nil
}

// List pages all broadcasts, newest first. Reasons: session.missing, authz.forbidden.
func (s *Service) List(ctx context.Context, actor authz.Actor, p page.Request) (page.Of[Broadcast], error) {
	if err := actor.RequireAdmin(); err != nil {
		return page.Of[Broadcast]{}, err
	}
	rows, err := s.store.List(ctx, p)
	if err != nil {
		return page.Of[Broadcast]{}, errs.Wrap(err, "list broadcasts")
	}
	return rows, nil
}

// ListDeliveries pages the deliveries of a broadcast, oldest first. Reasons: session.missing,
// authz.forbidden. An unknown broadcast has none.
func (s *Service) ListDeliveries(ctx context.Context, actor authz.Actor, broadcast id.Broadcast, p page.Request) (page.Of[Delivery], error) {
	if err := actor.RequireAdmin(); err != nil {
		return page.Of[Delivery]{}, err
	}
	deliveries, err := s.store.ListDeliveries(ctx, broadcast, p)
	if err != nil {
		return page.Of[Delivery]{}, errs.Wrap(err, "list deliveries")
	}
	return deliveries, nil
}

// LoadBroadcasts gives those of the broadcasts that exist. Like the other Load methods it asks
// nobody's leave: it is for what has been permitted already.
func (s *Service) LoadBroadcasts(ctx context.Context, broadcasts []id.Broadcast) (map[id.Broadcast]Broadcast, error) {
	rows, err := s.store.GetMany(ctx, broadcasts)
	if err != nil {
		return nil, errs.Wrap(err, "load broadcasts")
	}
	found := make(map[id.Broadcast]Broadcast, len(rows))
	for _, b := range rows {
		found[b.ID] = b
	}
	return found, nil
}

// LoadDeliveries gives those of the deliveries that exist.
func (s *Service) LoadDeliveries(ctx context.Context, deliveries []id.Delivery) (map[id.Delivery]Delivery, error) {
	rows, err := s.store.Deliveries(ctx, deliveries)
	if err != nil {
		return nil, errs.Wrap(err, "load deliveries")
	}
	found := make(map[id.Delivery]Delivery, len(rows))
	for _, d := range rows {
		found[d.ID] = d
	}
	return found, nil
}

// LoadAttempts gives the attempts of each delivery, oldest first; a delivery without any is absent.
func (s *Service) LoadAttempts(ctx context.Context, deliveries []id.Delivery) (map[id.Delivery][]Attempt, error) {
	rows, err := s.store.Attempts(ctx, deliveries)
	if err != nil {
		return nil, errs.Wrap(err, "load attempts")
	}
	found := make(map[id.Delivery][]Attempt, len(deliveries))
	for _, a := range rows {
		found[a.Delivery] = append(found[a.Delivery], a)
	}
	return found, nil
}

// nudge wakes the workers, this process's and others', once the transaction of the context has been
// committed.
func (s *Service) nudge(ctx context.Context) {
	s.tx.AfterCommit(ctx, func() {
		s.tell(ctx, TopicDue)
		s.wake() // also when the bus is down
	})
}

// wake makes this process's dispatcher look again.
func (s *Service) wake() {
	select {
	case s.woken <- struct{}{}:
	default: // a look is due already
	}
}

// tell publishes a hint. A hint that is lost delays others until they look by themselves.
func (s *Service) tell(ctx context.Context, topic string) {
	if err := s.bus.Publish(context.WithoutCancel(ctx), topic, nil); err != nil {
		s.log.WarnContext(ctx, "hint not published", "topic", topic, "error", err)
	}
}
