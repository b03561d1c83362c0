package httpapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/httpapi"
)

func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	return errs.ReasonOf(err)
}

func TestPlainPathsAnswer(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]struct{ contentType, body, cache string }{
		"/.well-known/jwks.json": {"application/json", `{"keys":[]}`, "public, max-age=300"},
		"/healthz":               {"application/json", `{"status":"ok"}`, "no-store"},
		"/readyz":                {"application/json", `{"status":"ready"}`, "no-store"},
		"/":                      {"text/html", "Posthouse 驿站", "no-store"},
	} {
		w := ask(newHouse(t).api, http.MethodGet, path, "")
		header := w.Result().Header
		if w.Code != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), want.contentType) ||
			!strings.Contains(w.Body.String(), want.body) || header.Get("Cache-Control") != want.cache {
			t.Errorf("%s gave %d %v %s", path, w.Code, header, w.Body)
		}
	}
}

func TestThePageForPeopleRunsNothing(t *testing.T) {
	t.Parallel()
	w := ask(newHouse(t).api, http.MethodGet, "/", "")
	if w.Header().Get("Content-Security-Policy") != "default-src 'none'" || strings.Contains(w.Body.String(), "<script") {
		t.Fatalf("got %v %s", w.Header(), w.Body)
	}
}

func TestOtherMethodsAndPathsAreRefused(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]struct {
		status        int
		reason, allow string
	}{
		"POST /healthz":                    {405, "request.method_not_allowed", "GET"},
		"DELETE /readyz":                   {405, "request.method_not_allowed", "GET"},
		"POST /.well-known/jwks.json":      {405, "request.method_not_allowed", "GET"},
		"PUT /callbacks/dingtalk/office":   {405, "request.method_not_allowed", "POST"},
		"GET /nowhere":                     {404, "request.path_unknown", ""},
		"POST /":                           {404, "request.path_unknown", ""},
		"GET /graphql/":                    {404, "request.path_unknown", ""},
		"GET /callbacks/dingtalk/office/x": {404, "request.path_unknown", ""},
	} {
		method, path, _ := strings.Cut(request, " ")
		w := ask(newHouse(t).api, method, path, "")
		wantProblem(t, w, want.status, want.reason)
		if w.Header().Get("Allow") != want.allow || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s answered with %v", request, w.Header())
		}
	}
}

func TestReadyFollowsTheDatabaseAndDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *httpapi.Config) {
		c.Ready = func(ctx context.Context) error {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("the database may take for ever")
			}
			return errors.New("dial tcp 10.1.2.3:5432: refused")
		}
	})
	w := ask(h.api, http.MethodGet, "/readyz", "")
	wantProblem(t, w, http.StatusServiceUnavailable, "server.not_ready")
	if strings.Contains(w.Body.String(), "10.1.2.3") || !strings.Contains(h.log.String(), "10.1.2.3") {
		t.Fatalf("answered %s, logged %s", w.Body, h.log)
	}
}

func TestRequireAccountLetsOnlySignedInPeopleThrough(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		authorization string
		status        int
		reason        string
	}{
		"a member":                   {"Bearer " + goodToken, 200, ""},
		"nobody":                     {"", 401, "session.missing"},
		"an ended session":           {"Bearer " + endedToken, 401, "session.expired"},
		"while the store is away":    {"Bearer " + unknownStore, 503, "store.unreachable"},
		"with somebody's basic auth": {"Basic x", 401, "session.missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			guarded := h.api.RequireAccount(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				actor := authz.From(r.Context())
				_, _ = io.WriteString(w, "orders of "+string(actor.Account))
			}))
			w := ask(guarded, http.MethodGet, "/orders", "", "Authorization", c.authorization)
			if c.status == http.StatusOK {
				if w.Code != http.StatusOK || w.Body.String() != "orders of acct_1" {
					t.Fatalf("got %d %s", w.Code, w.Body)
				}
				return
			}
			wantProblem(t, w, c.status, c.reason)
			if (w.Header().Get("WWW-Authenticate") == "Bearer") != (c.status == http.StatusUnauthorized) {
				t.Errorf("asked for credentials with %q", w.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

func TestErrorsSpeakTheLanguageOfTheRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for language, want := range map[string]string{"": "此路径下没有内容", "zh-CN": "此路径下没有内容", "en": "There is nothing at this path"} {
		p := problemOf(t, ask(h.api, http.MethodGet, "/nowhere", "", "Accept-Language", language))
		if !strings.HasPrefix(p.Error.Message, want) {
			t.Errorf("%q got %q", language, p.Error.Message)
		}
	}
}

func TestALimitSaysWhenToComeAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *httpapi.Config) {
		c.Callbacks = map[string]httpapi.CallbackApp{"office": limited{}}
	})
	w := ask(h.api, http.MethodPost, signed, "x")
	wantProblem(t, w, http.StatusTooManyRequests, "rate.limited")
	if w.Header().Get("Retry-After") != "2" {
		t.Fatalf("come again in %q seconds, want 2", w.Header().Get("Retry-After"))
	}
}
