package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/session"
)

// Authenticator finds out who asks. The session service is one.
type Authenticator interface {
	// Authenticate gives the anonymous actor when there are no credentials, and session.expired when
	// they are no longer good.
	Authenticate(ctx context.Context, c session.Credentials, address, userAgent string) (authz.Actor, error)
}

// Events takes callback events and returns when they are stored. The event service is one.
type Events interface {
	Append(ctx context.Context, p event.Pushed) error
}

// Config of the HTTP side.
type Config struct {
	// GraphQL serves /graphql.
	GraphQL  http.Handler
	Sessions Authenticator
	Events   Events
	// Callbacks are the DingTalk apps that may push events, by name.
	Callbacks map[string]CallbackApp
	// JWKS is the document of the keys that verify access tokens.
	JWKS func() []byte
	// Ready tells whether requests can be served, for /readyz.
	Ready  func(context.Context) error
	Logger *slog.Logger
	// UI is the admin app at /, Explorer GraphiQL at /graphiql.
	UI, Explorer UI
	// Clock spaces out what is logged. Default: the machine's.
	Clock clock.Clock
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// AllowedOrigins are the origins of web pages elsewhere that may call the API ("https://app.example.com").
	AllowedOrigins []string
}

// API is the root handler of a Posthouse.
type API struct {
	cfg      Config
	origins  map[string]bool
	refusals *refusals
	root     http.Handler
}

// New makes the root handler.
func New(cfg Config) *API {
	if cfg.Clock == nil {
		cfg.Clock = clock.Real()
	}
	a := &API{cfg: cfg, refusals: newRefusals(cfg.Clock), origins: map[string]bool{}}
	for _, origin := range cfg.AllowedOrigins {
		a.origins[origin] = true
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", a.authenticated(cfg.GraphQL))
	a.route(mux, http.MethodPost, "/callbacks/dingtalk/{app}", a.serveCallback)
	a.route(mux, http.MethodGet, "/.well-known/jwks.json", a.serveJWKS)
	a.route(mux, http.MethodGet, "/healthz", a.serveHealth)
	a.route(mux, http.MethodGet, "/readyz", a.serveReady)
	mux.HandleFunc(explorerPath, a.serveExplorer)
	mux.HandleFunc(explorerPath+"/", a.serveExplorer)
	mux.HandleFunc("/", a.serveUI)
	a.root = a.identified(a.guarded(mux))
	return a
}

// route serves a path by one method and says so to those who use another.
func (a *API) route(mux *http.ServeMux, method, path string, handle http.HandlerFunc) {
	mux.HandleFunc(method+" "+path, handle)
	mux.HandleFunc(path, a.only(method))
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.root.ServeHTTP(w, r) }

// RequireAccount guards a handler of the embedding program: it is called only for those who have
// signed in, with their actor in the context (authz.From).
func (a *API) RequireAccount(next http.Handler) http.Handler {
	return a.identified(a.authenticated(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := authz.From(r.Context()).RequireAccount(); err != nil {
			if errs.CodeOf(err) == errs.Unauthenticated {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			a.writeError(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})))
}
