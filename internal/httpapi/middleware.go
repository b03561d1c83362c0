package httpapi

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/posthouse/posthouse/internal/authz"
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
		defer a.recovered(w, r, info)
		next.ServeHTTP(w, r)
	})
}

// recovered answers a request whose handler panicked. An answer that had begun is broken off instead,
// so that the client does not take it for whole.
func (a *API) recovered(w http.ResponseWriter, r *http.Request, info *request.Info) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	a.cfg.Logger.ErrorContext(r.Context(), "handler panicked", "panic", fmt.Sprint(cause), "request_id", info.ID, "stack", string(debug.Stack()))
	if w.Header().Get("Content-Type") != "" { // only who answers sets it
		panic(http.ErrAbortHandler)
	}
	a.writeError(w, r, errInternal)
}

// requestID keeps a harmless id that a proxy gave, so that logs of both can be joined.
func requestID(given string) string {
	if given != "" && len(given) <= maxRequestID && !strings.ContainsFunc(given, unfitForID) {
		return given
	}
	const sixteenDigits = 1 << 60
	return strconv.FormatUint(rand.Uint64()|sixteenDigits, 16)
}

func unfitForID(c rune) bool {
	return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_'
}

func clipped(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "�")
}

// authenticated finds out who asks. A token that is no longer good, or cannot be looked at for now,
// does not refuse the request, for that may need no account at all; it may be the very one that renews
// the token. Whoever needs an account is told then.
func (a *API) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		info := request.From(ctx)
		credentials := session.ParseCredentials(r.Header.Get("Authorization"), r.Header.Get("Skey"))
		actor, err := a.cfg.Sessions.Authenticate(ctx, credentials, info.Address, info.UserAgent)
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
		if len(a.origins) > 0 && a.crossOrigin(header, r) {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin lets pages of the allowed origins read the answer. It is true for a preflight, which then
// needs no other.
func (a *API) crossOrigin(header http.Header, r *http.Request) bool {
	header.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !a.origins[origin] {
		return false
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "Retry-After, X-Request-Id")
	if r.Method != http.MethodOptions {
		return false
	}
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers", "Accept-Language, Authorization, Content-Type, Skey, X-Request-Id")
	header.Set("Access-Control-Max-Age", "7200")
	return true
}
