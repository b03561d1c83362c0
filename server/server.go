package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/dingtalk"
	"github.com/posthouse/posthouse/internal/lifecycle"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/store"
)

const (
	databaseFile = "posthouse.db"
	// stopPatience bounds each step of stopping: sockets, requests, workers. It exceeds what a call of
	// DingTalk may take, so that a worker in the middle of one still records what came of it.
	stopPatience = dingtalk.DefaultTimeout + 5*time.Second
)

// Server is one Posthouse. Its methods are safe for concurrent use.
type Server struct {
	cfg      Config
	log      *slog.Logger
	house    *house
	listener net.Listener
	closers  lifecycle.Closers

	mu     sync.Mutex
	ran    bool
	closed bool
}

// What Run answers when it cannot begin.
var (
	errRan    = errors.New("server: Run was called before")
	errClosed = errors.New("server: Close was called before")
)

// New checks the configuration, opens and migrates the database, wires everything and binds the
// listener if there is one. It starts nothing: call Run, and Close in the end. A New that fails leaves
// nothing open behind it.
func New(ctx context.Context, cfg Config) (_ *Server, err error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("the configuration is not valid:\n%w", err)
	}
	s := &Server{cfg: cfg, log: cfg.Logger}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closers.Close())
		}
	}()
	db, err := openStore(ctx, cfg, false)
	if err != nil {
		return nil, err
	}
	s.closers.Add("database", db.store.Close)
	if err := keepApart(ctx, cfg, db.store); err != nil {
		return nil, err
	}
	if s.house, err = wire(ctx, cfg, db, clock.Real()); err != nil {
		return nil, err
	}
	s.closers.Add("house", s.house.close)
	for _, r := range cfg.Robots {
		err := s.EnsureRobot(ctx, r)
		if err != nil && !errors.Is(err, robot.ErrWebhookTaken) { // it was given another name since
			return nil, fmt.Errorf("robots: %s: %w", r.Name, err)
		}
	}
	s.warn(ctx)
	if cfg.Listen != "" {
		var listening net.ListenConfig
		if s.listener, err = listening.Listen(ctx, "tcp", cfg.Listen); err != nil {
			return nil, fmt.Errorf("cannot listen on %s%s: %w", cfg.Listen, listenHint(err), err)
		}
		s.closers.Add("listener", closeListener(s.listener))
	}
	return s, nil
}

// listenHint says what to do about the commonest obstacles.
func listenHint(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return " (another program uses the port; stop it, or choose another one, port 0 picks a free one)"
	case errors.Is(err, os.ErrPermission):
		return " (this user may not use the port; choose one above 1023)"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return " (this machine does not have that address; 0.0.0.0 means all it has)"
	}
	return ""
}

// closeListener takes a listener that net/http has closed already for closed.
func closeListener(l net.Listener) func() error {
	return func() error {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

// opened is the database with the keys of its secrets.
type opened struct {
	store *store.DB
	ring  *secret.Ring
}

// openStore looks for the keys first: a database without its keys would be made and then refused.
func openStore(ctx context.Context, cfg Config, shared bool) (opened, error) {
	keys, err := findKeys(cfg, databaseExists(cfg))
	if err != nil {
		return opened{}, err
	}
	dsn := cfg.Database.Reveal()
	if dsn == "" {
		dsn = filepath.Join(cfg.DataDir, databaseFile)
	}
	db, err := store.Open(ctx, store.Config{DSN: dsn, Logger: cfg.Logger, Shared: shared})
	if err != nil {
		return opened{}, err
	}
	if err := keys.fits(ctx, db); err != nil {
		return opened{}, errors.Join(err, db.Close())
	}
	return opened{db, keys.ring}, nil
}

// databaseExists tells whether a SQLite database was there before this start.
func databaseExists(cfg Config) bool {
	if !cfg.Database.IsZero() {
		return false
	}
	info, err := os.Stat(filepath.Join(cfg.DataDir, databaseFile))
	return err == nil && info.Size() > 0
}

// Addr is the address the listener is bound to; empty without one.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Handler serves everything Posthouse answers. Mount it at the root or, with http.StripPrefix, below
// a path. Subscriptions and broadcasts move once Run runs.
func (s *Server) Handler() http.Handler { return s.house.http }

// RequireAccount guards a handler of the embedding program: requests without a valid session are
// answered 401, the others reach next with AccountFrom telling who it is.
func (s *Server) RequireAccount(next http.Handler) http.Handler {
	return s.house.http.RequireAccount(next)
}

// Run starts everything, serves until ctx ends or a part fails, and stops in order: sockets are told,
// requests end, workers finish what they are about. Call it once; afterwards call Close. It returns
// nil after an orderly stop.
func (s *Server) Run(ctx context.Context) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	return s.run(ctx)
}

// begin lets Close end a Run that is under way.
func (s *Server) begin(ctx context.Context) (_ context.Context, done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, nil, errClosed
	case s.ran:
		return nil, nil, errRan
	}
	s.ran = true
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	s.closers.Add("run", func() error {
		cancel()
		<-ended // stop is bounded
		return nil
	})
	return ctx, func() { cancel(); close(ended) }, nil
}

func (s *Server) run(ctx context.Context) error {
	if err := s.house.events.Open(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to end before it had begun
		}
		return err
	}
	workers := lifecycle.NewGroup(context.WithoutCancel(ctx), s.log)
	for name, work := range s.house.workers() {
		workers.Go(name, work)
	}
	web := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	if s.listener != nil {
		workers.Go("http", func(context.Context) error {
			if err := web.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	select {
	case <-ctx.Done():
	case <-workers.Done():
	}
	failure := workers.Err()
	return errors.Join(failure, s.stop(context.WithoutCancel(ctx), web, workers))
}

// stop goes from the outside in, so that nothing is cut off that an outer part still needs.
func (s *Server) stop(ctx context.Context, web *http.Server, workers *lifecycle.Group) error {
	step := func(do func(context.Context) error) error {
		bounded, cancel := context.WithTimeout(ctx, stopPatience)
		defer cancel()
		return do(bounded)
	}
	if s.listener == nil { // the embedding program owns the requests
		return errors.Join(step(s.house.edge.Stop), step(workers.Stop))
	}
	return errors.Join(
		step(s.house.edge.Stop),
		step(func(ctx context.Context) error {
			if err := web.Shutdown(ctx); err != nil {
				return web.Close()
			}
			return nil
		}),
		step(workers.Stop),
	)
}

// Close ends Run if it is under way and releases everything, last in, first out. It may be called more
// than once, and instead of Run.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.closers.Close()
}
