package httpapi

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/request"
	"github.com/posthouse/posthouse/internal/session"
)

// maxRequestID bounds an id that came from a proxy before us.
const maxRequestID = 64

// identified gives the request its id, address and language, and turns a panic into an answer.
func (a *API) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := &request.Info{
			ID:        requestID(r.Header.Get("X-Request-Id")),
			Address:   a.clientAddress(r),
			UserAgent: clipped(r.UserAgent(), 256),
			Language:  request.ParseLanguage(r.Header.Get("Accept-Language")),
		}
		w.Header()["X-Request-Id"] = []string{info.ID}
		r = r.WithContext(request.With(r.Context(), info))
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				a.cfg.Logger.Error("handler panicked", "panic", fmt.Sprint(p), "request_id", info.ID, "stack", string(debug.Stack()))
				a.writeError(w, r, errs.New(errs.Internal, "internal", ""))
			} else if p != nil {
				panic(p)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// requestID keeps a harmless id that a proxy gave, so that logs of both can be joined.
func requestID(given string) string {
	if given != "" && len(given) <= maxRequestID && strings.Trim(given, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == "" {
		return given
	}
	const sixteenDigits = 1 << 60
	return strconv.FormatUint(rand.Uint64()|sixteenDigits, 16)
}

func clipped(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "�")
}

// clientAddress is the peer's own address, unless the peer is a proxy we trust: then the last address
// in X-Forwarded-For that is not a trusted proxy itself.
func (a *API) clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if len(a.cfg.TrustedProxies) == 0 || !a.trusts(host) {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := strings.TrimSpace(hops[i])
		if _, err := netip.ParseAddr(hop); err != nil {
			return host
		}
		host = hop
		if !a.trusts(hop) {
			return host
		}
	}
	return host
}

func (a *API) trusts(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, network := range a.cfg.TrustedProxies {
		if network.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// authenticated finds out who asks. A token that is no longer good does not refuse the request, for it
// may be the very one that renews it: whoever needs an account is told then.
func (a *API) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		info := request.From(ctx)
		credentials := session.ParseCredentials(r.Header.Get("Authorization"), r.Header.Get("Skey"))
		actor, err := a.cfg.Sessions.Authenticate(ctx, credentials, info.Address, info.UserAgent)
		if errs.CodeOf(err) == errs.Internal || errs.CodeOf(err) == errs.Unavailable {
			if err != nil {
				a.writeError(w, r, err)
				return
			}
		}
		if err != nil {
			actor = authz.Denied(err)
			actor.Address, actor.UserAgent = info.Address, info.UserAgent
		}
		next.ServeHTTP(w, r.WithContext(authz.With(ctx, actor)))
	})
}

// guarded sets the headers that protect browsers and answers preflights of pages that may call us.
func (a *API) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header["X-Content-Type-Options"] = []string{"nosniff"}
		header["Referrer-Policy"] = []string{"no-referrer"}
		if origin := r.Header.Get("Origin"); origin != "" && a.origins[origin] {
			header.Set("Access-Control-Allow-Origin", origin)
			header.Add("Vary", "Origin")
			header.Set("Access-Control-Expose-Headers", "X-Request-Id")
			if r.Method == http.MethodOptions {
				header.Set("Access-Control-Allow-Methods", "GET, POST")
				header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept-Language, Skey")
				header.Set("Access-Control-Max-Age", "7200")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
