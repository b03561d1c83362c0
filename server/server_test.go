package server_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/server"
)

func TestTwoServersFitInOneProcess(t *testing.T) {
	t.Parallel()
	one, other := open(t, quiet(t.TempDir())), open(t, quiet(t.TempDir()))
	run(t, one)
	run(t, other)
	_, token := login(t, one, "same-name", "13800000001", "OWNER")
	_, otherToken := login(t, other, "same-name", "13800000001", "MEMBER")
	const roles = "{ viewer { roles } }"
	if answer := ask(t, one.Handler(), token, roles, nil); !strings.Contains(answer, "OWNER") {
		t.Errorf("the first server answers %s", answer)
	}
	if answer := ask(t, other.Handler(), otherToken, roles, nil); !strings.Contains(answer, "MEMBER") {
		t.Errorf("the second server answers %s", answer)
	}
	if answer := ask(t, other.Handler(), token, roles, nil); !strings.Contains(answer, "UNAUTHENTICATED") {
		t.Errorf("the second server takes the first one's token: %s", answer)
	}
}

func TestANewThatFailsLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := quiet(t.TempDir())
	cfg.Listen = taken.Addr().String()
	if _, err := server.New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "another program uses the port") {
		t.Fatalf("on a taken port: %v", err)
	}
	// The folder is free again at once.
	cfg.Listen = "127.0.0.1:0"
	holder := open(t, cfg)

	// And a server that fails because of its folder leaves its port free.
	port := freePort(t)
	cfg.Listen = port
	if _, err := server.New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "Another Posthouse is using the folder") {
		t.Fatalf("on a taken folder: %v", err)
	}
	again, err := net.Listen("tcp", port)
	if err != nil {
		t.Errorf("the port is not free: %v", err)
	} else {
		_ = again.Close()
	}
	closeServer(t, holder)
}

// awaitServing waits until Run answers requests: until then they wait in the listener's queue.
func awaitServing(t *testing.T, srv *server.Server) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Get("http://" + srv.Addr() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestANewWhoseContextHasEndedFails(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if srv, err := server.New(ctx, quiet(dir)); err == nil {
		closeServer(t, srv)
		t.Error("it opened")
	}
	started(t, dir)
}

func TestCloseMayComeAtAnyTimeAndMoreThanOnce(t *testing.T) {
	t.Parallel()
	cfg := quiet(t.TempDir())
	cfg.Listen = "127.0.0.1:0"
	srv := open(t, cfg)
	ran := make(chan error, 1)
	go func() { ran <- srv.Run(context.Background()) }()
	awaitServing(t, srv)
	closeServer(t, srv)
	if err := wait(t, "Run to end because of Close", ran); err != nil {
		t.Errorf("Run: %v", err)
	}
	closeServer(t, srv)
	if err := srv.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "Close was called") {
		t.Errorf("Run after Close: %v", err)
	}
	if answer := ask(t, srv.Handler(), "", "{ __typename }", nil); !strings.Contains(answer, "Query") {
		t.Errorf("the handler of a closed server answers %s", answer)
	}
	w := httptest.NewRecorder()
	srv.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("a closed server says that it is ready: %d %s", w.Code, w.Body)
	}
	started(t, cfg.DataDir)
}

func TestRunEndsWithItsContextAndRunsOnce(t *testing.T) {
	t.Parallel()
	cfg := quiet(t.TempDir())
	cfg.Listen = "127.0.0.1:0"
	srv := open(t, cfg)
	stop := run(t, srv)
	awaitServing(t, srv)
	if err := srv.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "Run was called before") {
		t.Errorf("a second Run: %v", err)
	}
	stop()
	if l, err := net.Listen("tcp", srv.Addr()); err != nil {
		t.Errorf("the port is not free after Run: %v", err)
	} else {
		_ = l.Close()
	}
}

func TestAServerToldToEndBeforeItRunsEndsWithoutAnError(t *testing.T) {
	t.Parallel()
	cfg := quiet(t.TempDir())
	cfg.Listen = "127.0.0.1:0"
	srv := open(t, cfg)
	told, end := context.WithCancel(t.Context())
	end()
	if err := srv.Run(told); err != nil {
		t.Errorf("Run: %v", err)
	}
	closeServer(t, srv)
	if l, err := net.Listen("tcp", srv.Addr()); err != nil {
		t.Errorf("the port is not free after Close: %v", err)
	} else {
		_ = l.Close()
	}
}

func TestAServerThatNeverRanCloses(t *testing.T) {
	t.Parallel()
	cfg := quiet(t.TempDir())
	cfg.Listen = "127.0.0.1:0"
	closeServer(t, open(t, cfg))
}

func TestTheHandlerWorksBelowAPrefix(t *testing.T) {
	t.Parallel()
	srv := open(t, quiet(t.TempDir()))
	run(t, srv)
	mux := http.NewServeMux()
	mux.Handle("/posthouse/", http.StripPrefix("/posthouse", srv.Handler()))
	for path, want := range map[string]int{
		"/posthouse/healthz": http.StatusOK, "/posthouse/readyz": http.StatusOK, "/posthouse/": http.StatusOK,
		"/posthouse/.well-known/jwks.json": http.StatusOK, "/posthouse/graphql?query={__typename}": http.StatusOK,
		"/posthouse/nothing": http.StatusNotFound, "/healthz": http.StatusNotFound,
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s is answered %d, want %d", path, w.Code, want)
		}
	}
}

func TestRequireAccountLetsOnlyPeopleThroughWhoHaveSignedIn(t *testing.T) {
	t.Parallel()
	srv := open(t, quiet(t.TempDir()))
	account, token := login(t, srv, "buyer", "13800000001", "MEMBER")
	var seen []server.Account
	orders := srv.RequireAccount(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		who, ok := server.AccountFrom(r.Context())
		if !ok {
			t.Error("nobody is in the context")
		}
		seen = append(seen, who)
	}))
	call := func(token string) int {
		r := httptest.NewRequest(http.MethodGet, "/orders", nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		orders.ServeHTTP(w, r)
		return w.Code
	}
	if code := call(""); code != http.StatusUnauthorized {
		t.Errorf("without a token: %d", code)
	}
	if code := call(token[:len(token)-4] + "AAAA"); code != http.StatusUnauthorized {
		t.Errorf("with a forged token: %d", code)
	}
	if code := call(token); code != http.StatusOK || len(seen) != 1 || seen[0].ID != account || seen[0].Session == "" || len(seen[0].Roles) != 1 || seen[0].Roles[0] != "MEMBER" {
		t.Errorf("with a token: %d, %+v", code, seen)
	}
	ask(t, srv.Handler(), token, "mutation { logout { ok } }", nil)
	if code := call(token); code != http.StatusUnauthorized {
		t.Errorf("after logout: %d", code)
	}
	if _, ok := server.AccountFrom(t.Context()); ok {
		t.Error("somebody is in an empty context")
	}
}

func TestAPanicOfAGuardedHandlerIsOneRequestsFailure(t *testing.T) {
	t.Parallel()
	srv := open(t, quiet(t.TempDir()))
	_, token := login(t, srv, "buyer", "13800000001", "MEMBER")
	h := srv.RequireAccount(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("HUNTER2") }))
	r := httptest.NewRequest(http.MethodGet, "/orders", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "HUNTER2") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

func TestCreateAccountSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	srv := open(t, quiet(t.TempDir()))
	login(t, srv, "first", "13800000001", "OWNER")
	for want, a := range map[string]server.NewAccount{
		"account.username_taken":   {Username: "FIRST", Phone: "13800000002", Password: server.NewSecret(password), Role: "MEMBER"},
		"account.phone_taken":      {Username: "second", Phone: "+86 138-0000-0001", Password: server.NewSecret(password), Role: "MEMBER"},
		"account.username_invalid": {Username: "no blanks", Phone: "13800000002", Password: server.NewSecret(password), Role: "MEMBER"},
		"account.phone_invalid":    {Username: "second", Phone: "12", Password: server.NewSecret(password), Role: "MEMBER"},
		"account.password_weak":    {Username: "second", Phone: "13800000002", Password: server.NewSecret("password"), Role: "MEMBER"},
	} {
		if id, err := srv.CreateAccount(t.Context(), a); server.Reason(err) != want || id != "" {
			t.Errorf("got %q, %v, want %s", id, err, want)
		}
	}
}
