package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// start is the base clock of most tests. It stands still: only Advance moves it.
var start = time.UnixMilli(1_700_000_000_000)

// newBox returns a sandbox whose base clock stands still.
func newBox(t *testing.T, opts ...func(*Config)) *Sandbox {
	t.Helper()
	cfg := Config{Now: func() time.Time { return start }}
	for _, o := range opts {
		o(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newServer(t *testing.T, s *Sandbox) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(srv.Close)
	return srv
}

// do answers a request in process.
func do(s *Sandbox, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func get(s *Sandbox, target string) *httptest.ResponseRecorder {
	return do(s, local(httptest.NewRequest(http.MethodGet, target, nil)))
}

func post(s *Sandbox, target, body string) *httptest.ResponseRecorder {
	return sendJSON(s, http.MethodPost, target, body)
}

func sendJSON(s *Sandbox, method, target, body string) *httptest.ResponseRecorder {
	r := local(httptest.NewRequest(method, target, strings.NewReader(body)))
	r.Header.Set("Content-Type", "application/json")
	return do(s, r)
}

// local makes a request look as one from this machine.
func local(r *http.Request) *http.Request {
	r.Host, r.RemoteAddr = "127.0.0.1:8090", "127.0.0.1:40000"
	return r
}

func read(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	return m
}

func codeOf(t *testing.T, w *httptest.ResponseRecorder) int {
	t.Helper()
	code, present := read(t, w)["errcode"]
	if !present {
		return 0
	}
	n, err := code.(json.Number).Int64()
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// webhook is the signed address of a robot at the sandbox's present time.
func webhook(s *Sandbox, r RobotCredentials) string {
	q := url.Values{"access_token": {r.AccessToken}}
	if r.Secret != "" {
		ts := strconv.FormatInt(s.Now().UnixMilli(), 10)
		q.Set("timestamp", ts)
		q.Set("sign", robotSign(ts, r.Secret))
	}
	return robotSendPath + "?" + q.Encode()
}

func ops(s *Sandbox) RobotCredentials { return s.Credentials().Robots[0] }

const hello = `{"msgtype":"text","text":{"content":"hello"}}`

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
