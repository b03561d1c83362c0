package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/posthouse/posthouse/server"
	"github.com/posthouse/posthouse/server/sandbox"
)

const passphrase = "a long enough passphrase 42"

// office is a server with a sandbox around it, both in this process, and what was logged.
type office struct {
	t   *testing.T
	srv *server.Server
	box *sandbox.Sandbox
	log *logged
}

// logged is a log that can be read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

type vars = map[string]any

// openOffice starts one. Passwords are cheap and enough to sign in.
func openOffice(t *testing.T, change func(*server.Config)) *office {
	t.Helper()
	box, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(box.Handler())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- box.Run(ctx) }()
	o := &office{t: t, box: box, log: &logged{}}
	c := box.Credentials()
	cfg := server.Config{
		DataDir: t.TempDir(), Listen: "127.0.0.1:0", Logger: slog.New(slog.NewJSONHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Login: server.LoginConfig{Factors: []string{"PASSWORD"}}, Passwords: server.PasswordConfig{MemoryKiB: 8192, Time: 1},
		DingTalk: server.DingTalkConfig{BaseURL: web.URL, Apps: []server.DingTalkApp{{
			Name: "office", CorpID: c.DingTalk.CorpID, AppKey: c.DingTalk.AppKey, AppSecret: server.NewSecret(c.DingTalk.AppSecret),
			CallbackToken: server.NewSecret(c.DingTalk.CallbackToken), CallbackAESKey: server.NewSecret(c.DingTalk.CallbackAESKey),
		}}},
		Version: "v9.9.9", Sandbox: true,
	}
	if change != nil {
		change(&cfg)
	}
	if o.srv, err = server.New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	go func() { ended <- o.srv.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
		if err := o.srv.Close(); err != nil {
			t.Error(err)
		}
		_ = box.Close()
		web.Close()
	})
	if err := box.SetCallback(sandbox.Callback{URL: "http://" + o.srv.Addr() + "/callbacks/dingtalk/office"}); err != nil {
		t.Fatal(err)
	}
	return o
}

// person is somebody with a token, or nobody without one.
type person struct {
	*office
	token string
	id    string
}

// ask gives the data and the reason of the first error.
func (p person) ask(query string, variables vars) (map[string]any, string) {
	p.t.Helper()
	body, err := json.Marshal(vars{"query": query, "variables": variables})
	if err != nil {
		p.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(p.t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Language", "en")
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	w := httptest.NewRecorder()
	p.srv.Handler().ServeHTTP(w, r)
	var answer struct {
		Data   map[string]any
		Errors []struct {
			Message    string
			Extensions struct{ Reason string }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		p.t.Fatalf("%v: %s", err, w.Body)
	}
	if len(answer.Errors) > 0 {
		if answer.Errors[0].Extensions.Reason == "query.invalid" {
			p.t.Fatalf("%s", answer.Errors[0].Message)
		}
		return answer.Data, answer.Errors[0].Extensions.Reason
	}
	return answer.Data, ""
}

// must gives the data of an operation that has to succeed.
func (p person) must(query string, variables vars) map[string]any {
	p.t.Helper()
	data, reason := p.ask(query, variables)
	if reason != "" {
		p.t.Fatalf("%s: %s", query, reason)
	}
	return data
}

// refused wants an operation to fail for a reason.
func (p person) refused(reason, query string, variables vars) {
	p.t.Helper()
	if data, got := p.ask(query, variables); got != reason {
		p.t.Errorf("%s gave %v %q, want %s", query, data, got, reason)
	}
}

// at finds a value in an answer: names of fields and numbers of entries, with dots between.
func at(t *testing.T, data any, path string) any {
	t.Helper()
	for step := range strings.SplitSeq(path, ".") {
		switch v := data.(type) {
		case map[string]any:
			data = v[step]
		case []any:
			i := int(step[0] - '0')
			if i >= len(v) {
				t.Fatalf("%s: no entry %d in %v", path, i, v)
			}
			data = v[i]
		default:
			t.Fatalf("%s: %v has no %s", path, data, step)
		}
	}
	return data
}

func text(t *testing.T, data any, path string) string {
	t.Helper()
	s, ok := at(t, data, path).(string)
	if !ok {
		t.Fatalf("%s of %v is no text", path, data)
	}
	return s
}

func (o *office) nobody() person { return person{office: o} }

const setUpOwner = `mutation($input: SetUpOwnerInput!) { setUpOwner(input: $input) { session { accessToken } account { id roles } } }`

// owner sets the house up.
func (o *office) owner() person {
	o.t.Helper()
	path, needed, err := o.srv.SetUpPath(o.t.Context())
	if err != nil || !needed {
		o.t.Fatal(needed, err)
	}
	_, token, _ := strings.Cut(path.Reveal(), "#token=")
	done := o.nobody().must(setUpOwner, vars{"input": vars{"token": token, "username": "boss", "password": passphrase, "phone": "13900000000"}})
	return person{o, text(o.t, done, "setUpOwner.session.accessToken"), text(o.t, done, "setUpOwner.account.id")}
}

// member registers; with another role the account is made by the program.
func (o *office) member(name, phone, role string) person {
	o.t.Helper()
	if role != "MEMBER" {
		if _, err := o.srv.CreateAccount(o.t.Context(), server.NewAccount{Username: name, Phone: phone, Password: server.NewSecret(passphrase), Role: role}); err != nil {
			o.t.Fatal(err)
		}
		done := o.nobody().must(`mutation($input: LoginInput!) { login(input: $input) { session { accessToken } account { id } } }`,
			vars{"input": vars{"username": name, "password": passphrase}})
		return person{o, text(o.t, done, "login.session.accessToken"), text(o.t, done, "login.account.id")}
	}
	done := o.nobody().must(`mutation($input: RegisterInput!) { register(input: $input) { session { accessToken } account { id } } }`,
		vars{"input": vars{"username": name, "password": passphrase, "phone": phone}})
	return person{o, text(o.t, done, "register.session.accessToken"), text(o.t, done, "register.account.id")}
}

// eventually asks until done says so; what is waited for happens on a goroutine of the server's.
func (p person) eventually(query string, variables vars, done func(data map[string]any) bool) {
	p.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; <-time.After(10 * time.Millisecond) {
		data := p.must(query, variables)
		if done(data) {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("still %v", data)
		}
	}
}

// socket opens a WebSocket signed in as the person.
func (p person) socket() *websocket.Conn {
	p.t.Helper()
	conn, answer, err := websocket.Dial(p.t.Context(), "ws://"+p.srv.Addr()+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		p.t.Fatal(err)
	}
	if answer.Body != nil {
		_ = answer.Body.Close()
	}
	p.t.Cleanup(func() { _ = conn.CloseNow() })
	hello, err := json.Marshal(vars{"type": "connection_init", "payload": vars{"authorization": "Bearer " + p.token}})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := conn.Write(p.t.Context(), websocket.MessageText, hello); err != nil {
		p.t.Fatal(err)
	}
	if _, ack, err := conn.Read(p.t.Context()); err != nil || !strings.Contains(string(ack), "connection_ack") {
		p.t.Fatalf("%s, %v", ack, err)
	}
	return conn
}
