package guard

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

const (
	// ticketLife is how long a ticket waits for the window, which uses it within a moment.
	ticketLife = time.Minute
	// stopPatience is how long requests may take to end when the door closes.
	stopPatience = 5 * time.Second
)

// Config of a Door.
type Config struct {
	// Handler is what the window shall see.
	Handler http.Handler
	// Port to bind if it is free; another is taken otherwise. A page's storage belongs to its port, so
	// the same one again means that the page's own settings are there again. 0: any.
	Port int
	// Pushes lets the platforms' pushes in through CallbackURL, which only the sandbox is told.
	Pushes bool
	// Extra are handlers for the page's requests to the program, by method and name: "POST token" is for
	// POST /.desktop/token.
	Extra map[string]http.Handler
	// Prelude gives a script that runs in the new origin before the first page; may be nil.
	Prelude func() string
	// Logger hears of what was refused; default: nothing is logged.
	Logger *slog.Logger
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Door is a listener on 127.0.0.1 that serves the window alone. Methods are safe for concurrent use.
type Door struct {
	cfg      Config
	listener net.Listener
	host     string
	cookie   string
	pass     string
	pushes   string
	served   http.Handler

	mu      sync.Mutex
	tickets map[string]time.Time
}

// Open binds the listener; Run serves it. Close it when Run is never called.
func Open(ctx context.Context, cfg Config) (*Door, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	listener, err := bind(ctx, cfg.Port)
	if err != nil {
		return nil, err
	}
	d := &Door{cfg: cfg, listener: listener, host: listener.Addr().String(), pass: secret(), pushes: secret(), tickets: map[string]time.Time{}}
	// A cookie belongs to a host, not to a port: the name keeps doors side by side apart.
	d.cookie = "posthouse_window_" + strconv.Itoa(d.Port())
	d.served = d.routes()
	return d, nil
}

func bind(ctx context.Context, port int) (net.Listener, error) {
	var listening net.ListenConfig
	if port != 0 {
		if l, err := listening.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return l, nil
		}
	}
	l, err := listening.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot listen on 127.0.0.1: %w", err)
	}
	return l, nil
}

// secret is 256 random bits for a URL or a cookie.
func secret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails, as its documentation promises
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Port is the port that was bound.
func (d *Door) Port() int {
	if a, ok := d.listener.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}

// Origin is the origin of the pages behind the door.
func (d *Door) Origin() string { return "http://" + d.host }

// Entrance makes a new ticket and gives the address at which the window exchanges it and goes on to path,
// such as "/events" or "/setup#token=…". The path is handed over in the fragment, which no server is told.
func (d *Door) Entrance(path string) string {
	ticket := secret()
	now := d.cfg.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for t, ends := range d.tickets {
		if now.After(ends) {
			delete(d.tickets, t)
		}
	}
	d.tickets[ticket] = now.Add(ticketLife)
	return d.Origin() + ownPath + "enter?ticket=" + ticket + "#" + url.PathEscape(path)
}

// CallbackURL is where pushes for a platform app are let in; empty unless Config.Pushes.
func (d *Door) CallbackURL(app string) string {
	if !d.cfg.Pushes {
		return ""
	}
	return d.Origin() + ownPath + "pushes/" + d.pushes + "/" + url.PathEscape(app)
}

// Run serves until ctx ends, then lets requests end, but not for long.
func (d *Door) Run(ctx context.Context) error {
	// Sockets outlive Shutdown, which knows nothing of them: their requests' context ends them.
	sockets, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	web := &http.Server{
		BaseContext: func(net.Listener) context.Context { return sockets }, Handler: d.served, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(d.cfg.Logger.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- web.Serve(d.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("the window's listener failed: %w", err)
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	if err := web.Shutdown(bounded); err != nil {
		_ = web.Close()
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Close unbinds the listener of a Door that does not run.
func (d *Door) Close() error {
	if err := d.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
