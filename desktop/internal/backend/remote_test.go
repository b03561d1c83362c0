package backend_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/posthouse/posthouse/desktop/internal/backend"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"posthouse.example.com":           "https://posthouse.example.com/",
		" https://posthouse.example.com ": "https://posthouse.example.com/",
		"HTTPS://a.example/ph//":          "https://a.example/ph/",
		"a.example:8443/ph":               "https://a.example:8443/ph/",
		"http://127.0.0.1:8080":           "http://127.0.0.1:8080/",
		"http://[::1]:8080/":              "http://[::1]:8080/",
		"驿站.example":                      "https://驿站.example/",
		"":                                "",
		"https://":                        "",
		"ftp://a.example":                 "",
		"javascript://a.example/%0aalert": "",
		"https://user:pass@a.example":     "",
		"https://a.example/?x=1":          "",
		"https://a.example/#x":            "",
		"a b.example":                     "",
		"<script>alert(1)</script>":       "",
		"a,b.example":                     "",
		"[fe80::1%25eth0]":                "",
		"https://a.example:port":          "",
	} {
		u, err := backend.ParseAddress(raw)
		switch {
		case want == "":
			if p := problem(t, err); p.Kind != backend.AddressInvalid {
				t.Errorf("%q: %v", raw, p)
			}
		case err != nil:
			t.Errorf("%q: %v", raw, err)
		case decoded(u) != want:
			t.Errorf("%q = %s, want %s", raw, u, want)
		}
	}
}

func decoded(u *url.URL) string { return u.Scheme + "://" + u.Host + u.Path }

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"a.example", "http://[::1]/x", "https://a%41/", "://", "https://a/%2f%2f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := backend.ParseAddress(raw)
		if err != nil {
			return
		}
		if (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil || !strings.HasSuffix(u.Path, "/") {
			t.Errorf("%q = %#v", raw, u)
		}
	})
}

// house is a stand-in for a Posthouse elsewhere, below a path.
func house(t *testing.T, more func(*http.ServeMux)) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ph/readyz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"status":"ready"}`) })
	mux.HandleFunc("GET /ph/{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<meta name="posthouse-root" content="./">`)
	})
	if more != nil {
		more(mux)
	}
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	return web
}

func openRemote(t *testing.T, cfg backend.RemoteConfig) *httptest.Server {
	t.Helper()
	cfg.Logger = silent
	b, err := backend.OpenRemote(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	window := httptest.NewServer(b.Handler())
	t.Cleanup(window.Close)
	return window
}

func TestWhatCannotBeShownIsExplained(t *testing.T) {
	t.Parallel()
	answering := func(status int, body string) string {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(web.Close)
		return web.URL
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(silent.Handler(), slog.LevelDebug)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	plain := answering(200, "hello")
	for name, c := range map[string]struct {
		address string
		kind    backend.Kind
	}{
		"no address":             {"???", backend.AddressInvalid},
		"passwords in clear":     {"http://posthouse.example.com", backend.AddressInsecure},
		"nobody listens":         {gone.URL, backend.Refused},
		"an unknown certificate": {secure.URL, backend.Certificate},
		"no TLS there":           {strings.Replace(plain, "http:", "https:", 1), backend.NotPosthouse},
		"another web site":       {plain, backend.NotPosthouse},
		"a page of an error":     {answering(502, "<html>Bad gateway</html>"), backend.NotPosthouse},
		"a redirect elsewhere":   {answering(302, ""), backend.NotPosthouse},
		"without its database":   {answering(503, `{"error":{"code":"UNAVAILABLE","reason":"server.not_ready"}}`), backend.NotReady},
		"without the app":        {answering(200, `{"status":"ready"}`), backend.WithoutApp},
	} {
		_, err := backend.OpenRemote(t.Context(), backend.RemoteConfig{Address: c.address, Logger: silent})
		if p := problem(t, err); p.Kind != c.kind {
			t.Errorf("%s: %v, want %s", name, p, c.kind)
		}
	}
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestNetworksFailInWaysThatCanBeTold(t *testing.T) {
	t.Parallel()
	for kind, err := range map[backend.Kind]error{
		backend.NameUnknown: &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}},
		backend.TimedOut:    context.DeadlineExceeded,
		backend.Unreachable: &net.OpError{Op: "dial", Err: errors.New("no route to host")},
		backend.Unknown:     errors.New("something else"),
	} {
		_, got := backend.OpenRemote(t.Context(), backend.RemoteConfig{Address: "a.example", Logger: silent, Transport: failing{err}})
		if p := problem(t, got); p.Kind != kind || strings.Contains(p.Detail(), "https://") {
			t.Errorf("%v: %v", err, p)
		}
	}
}

func TestTheServerSeesItsOwnNameAndNothingOfTheWindow(t *testing.T) {
	t.Parallel()
	seen := make(chan *http.Request, 1)
	elsewhere := house(t, func(mux *http.ServeMux) {
		mux.HandleFunc("/ph/graphql", func(w http.ResponseWriter, r *http.Request) {
			seen <- r
			http.SetCookie(w, &http.Cookie{Name: "tracking", Value: "1"})
		})
		mux.HandleFunc("/ph/old", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ph/new?x=1", http.StatusFound) })
	})
	window := openRemote(t, backend.RemoteConfig{Address: elsewhere.URL + "/ph"})

	ask, err := http.NewRequestWithContext(t.Context(), http.MethodPost, window.URL+"/graphql?q=1", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	ask.Header.Set("Origin", window.URL)
	ask.Header.Set("Referer", window.URL+"/accounts")
	ask.Header.Set("Cookie", "posthouse_window_1=secret")
	ask.Header.Set("Authorization", "Bearer token")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	r := <-seen
	if "http://"+r.Host != elsewhere.URL || r.Header.Get("Origin") != elsewhere.URL || r.URL.RawQuery != "q=1" || r.Header.Get("Authorization") != "Bearer token" {
		t.Errorf("the server saw %s %s %v", r.Host, r.URL, r.Header)
	}
	for _, name := range []string{"Cookie", "Referer", "X-Forwarded-For", "X-Forwarded-Host"} {
		if v := r.Header.Get(name); v != "" {
			t.Errorf("%s: %s", name, v)
		}
	}
	if len(answer.Cookies()) != 0 {
		t.Errorf("cookies got through: %v", answer.Cookies())
	}
	ask, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, window.URL+"/old", nil)
	answer, err = client.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if to := answer.Header.Get("Location"); to != "/new?x=1" {
		t.Errorf("redirected to %s", to)
	}
}

func TestStreamsAndSocketsPassAtOnce(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	elsewhere := house(t, func(mux *http.ServeMux) {
		mux.HandleFunc("GET /ph/stream", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: one\n\n")
			_ = http.NewResponseController(w).Flush()
			<-release
		})
		mux.HandleFunc("GET /ph/socket", func(w http.ResponseWriter, r *http.Request) {
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				t.Errorf("accept: %v", err)
				return
			}
			defer conn.CloseNow()
			kind, text, err := conn.Read(r.Context())
			if err != nil {
				t.Errorf("read: %v", err)
				return
			}
			_ = conn.Write(r.Context(), kind, append([]byte("heard "), text...))
		})
	})
	window := openRemote(t, backend.RemoteConfig{Address: elsewhere.URL + "/ph"})

	ask, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, window.URL+"/stream", nil)
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(answer.Body).ReadString('\n')
	if err != nil || line != "data: one\n" {
		t.Errorf("stream: %q %v", line, err)
	}
	close(release)
	_ = answer.Body.Close()

	// The origin is the window's; the server accepts it because the proxy says its own.
	conn, _, err := websocket.Dial(t.Context(), window.URL+"/socket", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {window.URL}}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, text, err := conn.Read(t.Context()); err != nil || string(text) != "heard hello" {
		t.Errorf("socket: %q %v", text, err)
	}
}

func TestPagesOfAServerThatIsGoneAreOurs(t *testing.T) {
	t.Parallel()
	elsewhere := house(t, nil)
	window := openRemote(t, backend.RemoteConfig{Address: elsewhere.URL + "/ph", Failed: func(w http.ResponseWriter, _ *http.Request, p *backend.Problem) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = fmt.Fprintf(w, "page about %s", p.Kind)
	}})
	elsewhere.Close()
	for accept, want := range map[string]string{"text/html": "page about refused", "application/json": "the server cannot be reached\n"} {
		ask, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, window.URL+"/", nil)
		ask.Header.Set("Accept", accept)
		answer, err := http.DefaultClient.Do(ask)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusBadGateway || string(body) != want {
			t.Errorf("%s: %d %s", accept, answer.StatusCode, body)
		}
	}
}
