package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/httpapi"
	"github.com/posthouse/posthouse/internal/request"
	"github.com/posthouse/posthouse/internal/session"
)

// What the fakes know.
const (
	goodToken    = "good-token"
	endedToken   = "ended-token"
	unknownStore = "token-while-the-store-is-away"
)

var (
	errStoreAway = errs.New(errs.Unavailable, "store.unreachable", "The database cannot be reached.")
	errSignature = errs.New(errs.Unauthenticated, "callback.signature_invalid", "The signature is wrong.")
	errOwner     = errs.New(errs.Forbidden, "callback.owner_unknown", "Addressed to another.")
	errDecrypt   = errs.New(errs.Invalid, "callback.decrypt_failed", "Cannot be decrypted.")
)

// sessions is an Authenticator with three tokens.
type sessions struct{}

func (sessions) Authenticate(_ context.Context, c session.Credentials, address, userAgent string) (authz.Actor, error) {
	actor := authz.Actor{Address: address, UserAgent: userAgent}
	switch {
	case c.Bearer == goodToken || c.Skey == goodToken:
		actor.Account, actor.Session, actor.Roles = "acct_1", "sess_1", []authz.Role{authz.Member}
		return actor, nil
	case c.Bearer == unknownStore:
		return actor, errStoreAway
	case c != session.Credentials{}:
		return actor, session.ErrExpired
	}
	return actor, nil
}

// log keeps what is appended, unless it fails.
type events struct {
	mu     sync.Mutex
	failed error
	kept   []event.Pushed
}

func (e *events) Append(_ context.Context, p event.Pushed) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failed == nil {
		e.kept = append(e.kept, p)
	}
	return e.failed
}

// app takes pushes whose body says what they are.
type app struct{}

func (app) Open(query url.Values, body []byte) (httpapi.Push, error) {
	if query.Get("signature") == "" {
		return httpapi.Push{}, errSignature
	}
	switch string(body) {
	case "another's":
		return httpapi.Push{}, errOwner
	case "garbage":
		return httpapi.Push{}, errDecrypt.WithCause(errors.New("cipher: authentication failed"))
	case "check":
		return httpapi.Push{Owner: "key", Check: true, Type: "check_url"}, nil
	case "unanswerable":
		return httpapi.Push{Owner: ""}, nil
	}
	return httpapi.Push{Owner: "key", DedupeKey: "e1", Type: "user_add_org", CorpID: "corp", Payload: body}, nil
}

func (app) Answer(owner string) ([]byte, error) {
	if owner == "" {
		return nil, errors.New("no owner to encrypt for: secret-detail")
	}
	return []byte(`{"encrypt":"for ` + owner + `"}`), nil
}

// house is the API over the fakes. seen is what the GraphQL handler was given last.
type house struct {
	api    *httpapi.API
	events *events
	log    *bytes.Buffer
	seen   struct {
		info  request.Info
		actor authz.Actor
		err   error
	}
}

func newHouse(t *testing.T, change ...func(*httpapi.Config)) *house {
	t.Helper()
	h := &house{events: &events{}, log: &bytes.Buffer{}}
	cfg := httpapi.Config{
		GraphQL: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.seen.info, h.seen.actor = request.From(r.Context()), authz.From(r.Context())
			h.seen.err = h.seen.actor.RequireAccount()
			_, _ = io.WriteString(w, "graphql")
		}),
		Sessions: sessions{}, Events: h.events, Callbacks: map[string]httpapi.CallbackApp{"office": app{}},
		JWKS:   func() []byte { return []byte(`{"keys":[]}`) },
		Ready:  func(context.Context) error { return nil },
		Logger: slog.New(slog.NewTextHandler(h.log, nil)),
	}
	for _, c := range change {
		c(&cfg)
	}
	h.api = httpapi.New(cfg)
	return h
}

func trusting(networks ...string) func(*httpapi.Config) {
	return func(c *httpapi.Config) {
		for _, n := range networks {
			c.TrustedProxies = append(c.TrustedProxies, netip.MustParsePrefix(n))
		}
	}
}

func allowing(origins ...string) func(*httpapi.Config) {
	return func(c *httpapi.Config) { c.AllowedOrigins = origins }
}

// ask sends a request whose headers come in pairs.
func ask(handler http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// problem is the body of an error.
type problem struct {
	Error struct{ Code, Reason, Message, RequestID string }
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%d %q is no problem: %v", w.Code, w.Body, err)
	}
	if p.Error.RequestID == "" || p.Error.RequestID != w.Header().Get("X-Request-Id") {
		t.Errorf("the answer names request %q, its header %q", p.Error.RequestID, w.Header().Get("X-Request-Id"))
	}
	return p
}

func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int, reason string) problem {
	t.Helper()
	p := problemOf(t, w)
	if w.Code != status || p.Error.Reason != reason || p.Error.Message == "" {
		t.Fatalf("got %d %+v, want %d %s", w.Code, p, status, reason)
	}
	return p
}

// limited is an app that has had enough.
type limited struct{ app }

func (limited) Open(url.Values, []byte) (httpapi.Push, error) {
	return httpapi.Push{}, errs.New(errs.RateLimited, "rate.limited", "Too many requests.").WithRetryAfter(1500 * time.Millisecond)
}
