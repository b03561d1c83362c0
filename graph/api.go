package graph

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/posthouse/posthouse/graph/generated"
	"github.com/posthouse/posthouse/graph/loader"
	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/cache"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/lifecycle"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/overview"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/session"
)

// Services are the domains that the API speaks to.
type Services struct {
	Accounts   *account.Service
	Sessions   *session.Service
	Login      *login.Service
	Robots     *robot.Service
	Broadcasts *broadcast.Service
	Updates    *broadcast.Updates
	Events     *event.Service
	Overview   *overview.Service
}

// House is what everyone may know of this Posthouse beside what its services tell.
type House struct {
	// Version of the program.
	Version string
	// Sandbox says that DingTalk and WeChat are simulated.
	Sandbox bool
}

// Config of the API. All but Limits and Introspection are needed.
type Config struct {
	Services Services
	House    House
	Clock    clock.Clock
	Logger   *slog.Logger
	Limits   Limits
	// Introspection opens the schema to everyone; otherwise only administrators may ask for it.
	Introspection bool
	// Persisted keeps automatic persisted queries.
	Persisted cache.Memo
	// Group owns the goroutines of sockets and streams, and ends them all when it stops. A failure in
	// one of them is logged and ends nothing else.
	Group *lifecycle.Group
}

// API answers GraphQL over HTTP and WebSocket. The caller has put the request's info and actor into
// the context. Safe for concurrent use.
type API struct {
	services      Services
	es            graphql.ExecutableSchema
	documents     *documents
	loaders       loader.Sources
	presenter     presenter
	limits        Limits
	clock         clock.Clock
	log           *slog.Logger
	introspection bool
	persistedMemo cache.Memo
	tally         *tally
	sockets       *sockets
	turns         *turns
	group         *lifecycle.Group
	buffers       buffers

	// The presenter's methods, bound once instead of at every request.
	present   graphql.ErrorPresenterFunc
	recovered graphql.RecoverFunc
}

// New makes the API.
func New(cfg Config) *API {
	a := &API{
		services: cfg.Services, limits: cfg.Limits.withDefaults(), clock: cfg.Clock, log: cfg.Logger,
		presenter: presenter{cfg.Logger}, introspection: cfg.Introspection, persistedMemo: cfg.Persisted, group: cfg.Group,
		sockets: newSockets(),
	}
	a.turns = newTurns(a)
	a.present, a.recovered = a.presenter.present, a.presenter.recovered
	schema := generated.Config{Resolvers: &Resolver{services: cfg.Services, house: cfg.House, clock: cfg.Clock}}
	weigh(&schema.Complexity)
	a.es = generated.NewExecutableSchema(schema)
	a.documents = newDocuments(a.es, a.limits, cfg.Introspection)
	a.loaders = loader.Sources{
		Accounts: cfg.Services.Accounts.Load, Robots: cfg.Services.Robots.Load, Budgets: cfg.Services.Broadcasts.LoadBudgets, Attempts: cfg.Services.Broadcasts.LoadAttempts,
		States: cfg.Services.Broadcasts.State, Deliveries: cfg.Services.Broadcasts.LoadDeliveries,
		Broadcasts: cfg.Services.Broadcasts.LoadBroadcasts,
	}
	a.tally = newTally(a.limits)
	return a
}

// Run watches over the open sockets until ctx ends: it pings them, cuts off the dead, and closes those
// whose session has ended. Sockets are told of the group's stop with or without it.
func (a *API) Run(ctx context.Context) error {
	cancel := a.services.Sessions.OnEnded(a.sockets.closeSession)
	defer cancel()
	for {
		timer := a.clock.NewTimer(a.limits.Ping)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
			a.visit(ctx)
		}
	}
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case isUpgrade(r):
		a.serveSocket(w, r)
	case r.Method == http.MethodPost:
		a.servePost(w, r)
	case r.Method == http.MethodGet:
		a.serveGet(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		a.writeRefusal(w, r, http.StatusMethodNotAllowed, errMethod)
	}
}

func isUpgrade(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// spawn runs work in a goroutine of the group; false when the group has stopped. What panics in there
// is one client's trouble and must not end the group with everybody in it.
func (a *API) spawn(ctx context.Context, name string, work func()) bool {
	return a.group.Go(name, func(context.Context) error {
		defer func() {
			if cause := recover(); cause != nil {
				_ = a.recovered(ctx, cause)
			}
		}()
		work()
		return nil
	})
}

// stopping tells whether the group has been stopped.
func (a *API) stopping() bool { return a.group.Context().Err() != nil }
