package httpapi

import (
	"net/http"

	"github.com/posthouse/posthouse/internal/errs"
)

var (
	errPathUnknown = errs.New(errs.NotFound, "request.path_unknown", "There is nothing at this path. The API is at /graphql.")
	errNotReady    = errs.New(errs.Unavailable, "server.not_ready", "The server cannot answer requests now.")
)

// serveJWKS lets services in other processes verify access tokens.
func (a *API) serveJWKS(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	writeJSON(w, http.StatusOK, a.cfg.JWKS())
}

// serveHealth says that the process lives.
func (a *API) serveHealth(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, []byte(`{"status":"ok"}`))
}

// serveReady says whether requests can be served.
func (a *API) serveReady(w http.ResponseWriter, r *http.Request) {
	if err := a.cfg.Ready(r.Context()); err != nil {
		a.writeError(w, r, errNotReady.WithCause(err))
		return
	}
	writeJSON(w, http.StatusOK, []byte(`{"status":"ready"}`))
}

func (a *API) serveNotFound(w http.ResponseWriter, r *http.Request) {
	a.writeError(w, r, errPathUnknown)
}

// index tells a person who opens the address in a browser what is here.
const index = `<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Posthouse 驿站</title>
<h1>Posthouse 驿站</h1>
<p>服务正在运行。GraphQL 接口在 <code>/graphql</code>，健康检查在 <code>/readyz</code>。</p>
<p lang="en">The server is running. The GraphQL API is at <code>/graphql</code>, its health at <code>/readyz</code>.</p>
</html>
`

func serveIndex(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	_, _ = w.Write([]byte(index))
}
