package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/server"
	"github.com/posthouse/posthouse/server/sandbox"
)

const password = "a password for tests"

// patience bounds waits that end much earlier unless something is broken.
const patience = 60 * time.Second

// quiet is a configuration that logs nothing and lets people sign in by password.
func quiet(dir string) server.Config {
	return server.Config{
		DataDir: dir, Logger: slog.New(slog.DiscardHandler), Login: server.LoginConfig{Factors: []string{"PASSWORD"}},
		Passwords: server.PasswordConfig{MemoryKiB: 8192, Time: 1},
	}
}

func open(t *testing.T, cfg server.Config) *server.Server {
	t.Helper()
	srv, err := server.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeServer(t, srv) })
	return srv
}

func closeServer(t *testing.T, srv *server.Server) {
	t.Helper()
	if err := srv.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// run runs the server until the test ends or stop is called, which waits for it.
func run(t *testing.T, srv *server.Server) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := wait(t, "Run to end", ended); err != nil {
			stacks := make([]byte, 1<<20)
			t.Errorf("Run: %v\n%s", err, stacks[:runtime.Stack(stacks, true)])
		}
	})
	t.Cleanup(stop)
	return stop
}

func wait[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	select {
	case v := <-from:
		return v
	case <-end.C:
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// ask sends one GraphQL operation to a handler and gives the answer's text.
func ask(t testing.TB, h http.Handler, token, query string, variables map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Body.String()
}

// login makes an account, signs it in and gives its id and access token.
func login(t testing.TB, srv *server.Server, username, phone, role string) (account, token string) {
	t.Helper()
	account, err := srv.CreateAccount(t.Context(), server.NewAccount{
		Username: username, Phone: phone, Password: server.NewSecret(password), Role: role,
	})
	if err != nil {
		t.Fatal(err)
	}
	answer := ask(t, srv.Handler(), "", `mutation($i: LoginInput!) { login(input: $i) { session { accessToken } } }`,
		map[string]any{"i": map[string]any{"username": username, "password": password}})
	var out struct {
		Data struct {
			Login struct{ Session struct{ AccessToken string } }
		}
	}
	if err := json.Unmarshal([]byte(answer), &out); err != nil || out.Data.Login.Session.AccessToken == "" {
		t.Fatalf("login was answered %s", answer)
	}
	return account, out.Data.Login.Session.AccessToken
}

// world is a sandbox that pushes events to whichever server was shown to it last.
type world struct {
	box *sandbox.Sandbox
	now http.Handler
	mu  sync.Mutex
	web *httptest.Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	box, err := sandbox.New(sandbox.Config{HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{box: box}
	w.web = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		h := w.now
		w.mu.Unlock()
		h.ServeHTTP(rw, r)
	}))
	if err := box.SetCallback(sandbox.Callback{URL: w.web.URL + "/callbacks/dingtalk/main"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = box.Close()
		client.CloseIdleConnections()
		w.web.Close()
	})
	return w
}

// config is quiet with the sandbox's DingTalk app.
func (w *world) config(dir string) server.Config {
	cfg := quiet(dir)
	c := w.box.Credentials().DingTalk
	cfg.DingTalk = server.DingTalkConfig{Apps: []server.DingTalkApp{{
		Name: "main", AppKey: c.AppKey, AppSecret: server.NewSecret(c.AppSecret),
		CallbackToken: server.NewSecret(c.CallbackToken), CallbackAESKey: server.NewSecret(c.CallbackAESKey),
	}}}
	return cfg
}

// show makes the server the one that events are pushed to.
func (w *world) show(srv *server.Server) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = srv.Handler()
}

// push pushes an event that must be taken at once.
func (w *world) push(t *testing.T, eventType, eventID string) {
	t.Helper()
	result, err := w.box.PushEvent(t.Context(), eventType, map[string]any{"eventId": eventID})
	if err != nil || !result.Delivered || result.Attempts != 1 {
		t.Fatalf("the push of %s went so: %+v, %v", eventID, result, err)
	}
}

// logBook collects what a server logs.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logBook) logger() *slog.Logger { return slog.New(slog.NewTextHandler(io.Writer(l), nil)) }
