package session

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/bus"
	"github.com/posthouse/posthouse/internal/cache"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/secret"
)

// TopicEnded is the bus topic that names, as its message, a session that has been ended.
const TopicEnded = "session.ended"

// Lifetimes that Config's zero values mean.
const (
	DefaultIssuer             = "posthouse"
	DefaultAccessTTL          = 15 * time.Minute
	DefaultRefreshTTL         = 30 * 24 * time.Hour
	DefaultRefreshAbsoluteTTL = 90 * 24 * time.Hour
	DefaultSkeyTTL            = 2 * time.Hour
	DefaultSkeyAbsoluteTTL    = 7 * 24 * time.Hour
)

// Transactor runs work in a transaction, and other work after it has been committed.
type Transactor interface {
	// InTx commits when fn returns nil and rolls back otherwise. A nested call joins the outer one.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	// AfterCommit runs fn once the transaction of ctx is committed; at once when there is none.
	AfterCommit(ctx context.Context, fn func())
}

// Accounts tells who an account is now, from memory where possible.
type Accounts interface {
	Current(ctx context.Context, account id.Account) (account.Account, error)
}

// Config is what the service is made of. Lifetimes of zero mean their defaults.
type Config struct {
	Store Store
	Tx    Transactor
	Ring  *secret.Ring
	Clock clock.Clock
	Bus   bus.Bus
	// Memo keeps verified tokens and skeys in this process.
	Memo     cache.Memo
	Accounts Accounts
	Logger   *slog.Logger
	// Issuer is the iss claim of access tokens: default "posthouse".
	Issuer string
	// AccessTTL is how long an access token is good for: default 15 minutes, at most an hour.
	AccessTTL time.Duration
	// RefreshTTL is how long a refresh token waits to be used: default 30 days. RefreshAbsoluteTTL is
	// how long a session can be refreshed at all: default 90 days.
	RefreshTTL, RefreshAbsoluteTTL time.Duration
	// SkeyTTL is how long a mini-program session lives after its last use: default 2 hours.
	// SkeyAbsoluteTTL is how long it lives at most: default 7 days.
	SkeyTTL, SkeyAbsoluteTTL time.Duration
}

// Service makes, checks and ends sessions. Safe for concurrent use.
type Service struct {
	Config
	keys     *keys
	ended    *endedSet
	presence *presence
	lists    *lists
	// started tells rows that this process has kept from those that an earlier one left behind.
	started time.Time

	mu        sync.Mutex
	cancelBus func()
	listeners map[int]func(id.Session)
	next      int
}

// New checks the lifetimes and derives the signing keys. Call Open before use.
func New(cfg Config) (*Service, error) {
	if cfg.Issuer == "" {
		cfg.Issuer = DefaultIssuer
	}
	for _, ttl := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&cfg.AccessTTL, DefaultAccessTTL},
		{&cfg.RefreshTTL, DefaultRefreshTTL}, {&cfg.RefreshAbsoluteTTL, DefaultRefreshAbsoluteTTL},
		{&cfg.SkeyTTL, DefaultSkeyTTL}, {&cfg.SkeyAbsoluteTTL, DefaultSkeyAbsoluteTTL},
	} {
		if *ttl.value == 0 {
			*ttl.value = ttl.fallback
		}
		if *ttl.value < time.Second {
			return nil, errors.New("session: a lifetime must be at least a second")
		}
	}
	if cfg.AccessTTL > time.Hour {
		return nil, errors.New("session: access tokens cannot live longer than an hour: what ended must be remembered that long")
	}
	keys, err := newKeys(cfg.Ring, cfg.Issuer, cfg.AccessTTL, cfg.Clock)
	if err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{
		Config: cfg, keys: keys, started: cfg.Clock.Now(),
		ended:     newEndedSet(cfg.Clock, cfg.AccessTTL+iatLeeway),
		presence:  newPresence(),
		lists:     &lists{memo: cfg.Memo},
		listeners: map[int]func(id.Session){},
	}, nil
}

// Open learns which sessions ended lately, so that their access tokens are refused although they
// still verify, and listens for more until Close.
func (s *Service) Open(ctx context.Context) error {
	s.mu.Lock()
	if s.cancelBus == nil {
		ended := s.Bus.Subscribe(TopicEnded, func(message []byte) { s.noteEnded(id.Session(message)) })
		changed := s.Bus.Subscribe(TopicChanged, func(message []byte) { s.lists.forget(id.Account(message)) })
		s.cancelBus = func() { ended(); changed() }
	}
	s.mu.Unlock()
	return s.learnEnded(ctx, s.Clock.Now().Add(-s.AccessTTL-iatLeeway))
}

// Close stops listening. Calling it again does nothing.
func (s *Service) Close() error {
	s.mu.Lock()
	cancel := s.cancelBus
	s.cancelBus = nil
	s.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	return nil
}

// JWKS is the JSON Web Key Set that verifies access tokens, newest key first. It must not be changed.
func (s *Service) JWKS() []byte { return s.keys.jwks }

// now is the time as it will be read back from the store.
func (s *Service) now() time.Time { return clock.FromMillis(clock.Millis(s.Clock.Now())) }
