package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
)

var (
	errMethod      = errs.New(errs.Invalid, "request.method_not_allowed", "This path does not answer to that method.")
	errPathUnknown = errs.New(errs.NotFound, "request.path_unknown", "There is nothing at this path. The API is at /graphql.")
	errNotReady    = errs.New(errs.Unavailable, "server.not_ready", "The server cannot answer requests now.")
)

// readyPatience is how long the database may take to show that it is there: those who ask wait no
// longer.
const readyPatience = 2 * time.Second

// serveJWKS lets services in other processes verify access tokens.
func (a *API) serveJWKS(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	writeJSON(w, http.StatusOK, a.cfg.JWKS())
}

// serveHealth says that the process lives.
func (a *API) serveHealth(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, []byte(`{"status":"ok"}`))
}

// serveReady says whether requests can be served.
func (a *API) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyPatience)
	defer cancel()
	if err := a.cfg.Ready(ctx); err != nil {
		a.writeError(w, r, errNotReady.WithCause(err))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, []byte(`{"status":"ready"}`))
}

// only answers every method but the one a path is for.
func (a *API) only(method string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", method)
		a.writeErrorAs(w, r, http.StatusMethodNotAllowed, errMethod)
	}
}

func (a *API) serveNotFound(w http.ResponseWriter, r *http.Request) {
	a.writeError(w, r, errPathUnknown)
}
