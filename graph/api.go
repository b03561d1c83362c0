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
	"github.com/posthouse/posthouse/internal/authz"
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

// Config of the API.
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
	// Group owns the goroutines of sockets.
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
	group         *lifecycle.Group
}

// New makes the API.
func New(cfg Config) *API {
	a := &API{
		services: cfg.Services, limits: cfg.Limits.withDefaults(), clock: cfg.Clock, log: cfg.Logger,
		presenter: presenter{cfg.Logger}, introspection: cfg.Introspection, persistedMemo: cfg.Persisted, group: cfg.Group,
	}
	schema := generated.Config{Resolvers: &Resolver{services: cfg.Services, house: cfg.House, clock: cfg.Clock}}
	weigh(&schema.Complexity)
	a.es = generated.NewExecutableSchema(schema)
	a.documents = newDocuments(a.es, a.limits)
	a.loaders = loader.Sources{
		Accounts: cfg.Services.Accounts.Load, Robots: cfg.Services.Robots.Load, Budgets: cfg.Services.Broadcasts.LoadBudgets, Attempts: cfg.Services.Broadcasts.LoadAttempts,
		States: cfg.Services.Broadcasts.State, Deliveries: cfg.Services.Broadcasts.LoadDeliveries,
		Broadcasts: cfg.Services.Broadcasts.LoadBroadcasts,
	}
	a.tally = newTally(a.limits)
	a.sockets = newSockets()
	return a
}

// Run watches over the open sockets until ctx ends: it pings them, cuts off the dead, and closes those
// whose session has ended.
func (a *API) Run(ctx context.Context) error {
	cancel := a.services.Sessions.OnEnded(a.sockets.closeSession)
	defer cancel()
	for {
		timer := a.clock.NewTimer(a.limits.Ping)
		select {
		case <-ctx.Done():
			timer.Stop()
			a.sockets.closeAll()
			return nil
		case <-timer.C():
			a.sockets.visit(ctx, a)
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

// subject is whose open connections are counted together.
func subject(actor authz.Actor) string {
	if actor.SignedIn() {
		return string(actor.Account)
	}
	return "address:" + actor.Address
}
