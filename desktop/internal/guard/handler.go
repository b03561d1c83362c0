package guard

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
)

// ownPath is where the door's own pages are; nothing behind the door begins with a dot but .well-known.
const ownPath = "/.desktop/"

// enterPage takes the window from the ticket to its page. The window comes here from another origin, and
// a browser keeps a SameSite=Strict cookie from such a visit and from every redirect of it; what a script
// of this page opens is the page's own doing. What a page that stood behind this port before has left in
// the tab is forgotten, for another server may be behind it now.
const enterPage = `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>Posthouse</title>
<script src="` + ownPath + `enter.js"></script></head><body></body></html>
`

const enterScript = `'use strict'
try { sessionStorage.clear() } catch (forbidden) {}
// prelude
const wanted = new URL(decodeURIComponent(location.hash.slice(1)) || '/', location.origin)
location.replace(wanted.origin === location.origin ? wanted.href : '/')
`

func (d *Door) routes() http.Handler {
	own := http.NewServeMux()
	own.HandleFunc("GET "+ownPath+"enter.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		prelude := ""
		if d.cfg.Prelude != nil {
			prelude = d.cfg.Prelude()
		}
		_, _ = w.Write([]byte(strings.Replace(enterScript, "// prelude", prelude, 1)))
	})
	for pattern, handler := range d.cfg.Extra {
		method, name, _ := strings.Cut(pattern, " ")
		own.Handle(method+" "+ownPath+name, handler)
	}
	pushed := d.pushHandler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		switch {
		case r.Host != d.host:
			d.refuse(w, r, "host")
		case path == ownPath+"enter":
			d.enter(w, r)
		case pushed != nil && strings.HasPrefix(path, ownPath+"pushes/"):
			pushed.ServeHTTP(w, r)
		case !d.isWindow(r):
			d.refuse(w, r, "pass")
		case !d.isOwnOrigin(r):
			d.refuse(w, r, "origin")
		case strings.HasPrefix(path, ownPath):
			protect(w)
			own.ServeHTTP(w, r)
		default:
			d.cfg.Handler.ServeHTTP(w, d.anonymous(r))
		}
	})
}

// enter exchanges a ticket for the pass.
func (d *Door) enter(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || !d.take(r.URL.Query().Get("ticket")) {
		d.refuse(w, r, "ticket")
		return
	}
	protect(w)
	http.SetCookie(w, &http.Cookie{Name: d.cookie, Value: d.pass, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(enterPage))
}

// take uses a ticket up. Every ticket is compared, in constant time.
func (d *Door) take(given string) bool {
	now := d.cfg.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	found := ""
	for ticket, ends := range d.tickets {
		if same(ticket, given) && now.Before(ends) {
			found = ticket
		}
	}
	delete(d.tickets, found)
	return found != ""
}

func (d *Door) isWindow(r *http.Request) bool {
	cookie, err := r.Cookie(d.cookie)
	return err == nil && same(cookie.Value, d.pass)
}

func (d *Door) isOwnOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin == "" || origin == d.Origin()
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// anonymous takes the pass out of a request. The page behind the door has no cookies of its own.
func (d *Door) anonymous(r *http.Request) *http.Request {
	out := r.Clone(r.Context())
	out.Header.Del("Cookie")
	return out
}

// pushHandler lets in what comes to the secret address that the sandbox was told, and only as a push.
func (d *Door) pushHandler() http.Handler {
	if !d.cfg.Pushes {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, app, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, ownPath+"pushes/"), "/")
		if !same(given, d.pushes) || r.Method != http.MethodPost || app == "" || strings.Contains(app, "/") {
			d.refuse(w, r, "push")
			return
		}
		out := r.Clone(r.Context())
		out.URL = &url.URL{Path: "/callbacks/dingtalk/" + app, RawQuery: r.URL.RawQuery}
		out.Header.Del("Cookie")
		d.cfg.Handler.ServeHTTP(w, out)
	})
}

// refuse says as little as possible; the query, which may be a ticket, is not logged.
func (d *Door) refuse(w http.ResponseWriter, r *http.Request, what string) {
	d.cfg.Logger.Warn("refused at the window's door", "for", what, "method", r.Method)
	protect(w)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write([]byte("这个地址只供 Posthouse 窗口使用。\nThis address serves the window of Posthouse only.\n"))
}

func protect(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}
