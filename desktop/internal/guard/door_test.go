package guard_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/desktop/internal/guard"
)

// echo tells what reached the handler behind the door.
func echo(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintf(w, "%s %s?%s cookie=%q", r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Cookie"))
}

// clock is moved by hand. Doors read it while requests run, one at a time.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

type opened struct {
	*guard.Door
	clock *clock
}

func open(t *testing.T, cfg guard.Config) opened {
	t.Helper()
	at := &clock{time.Unix(1_800_000_000, 0)}
	if cfg.Handler == nil {
		cfg.Handler = http.HandlerFunc(echo)
	}
	cfg.Now = at.Now
	door, err := guard.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- door.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return opened{door, at}
}

// browser keeps cookies as the window does.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func (d opened) entered(t *testing.T) *http.Client {
	t.Helper()
	client := browser(t)
	if status, _ := fetch(t, client, request(t, http.MethodGet, d.Entrance("/"))); status != http.StatusOK {
		t.Fatalf("a fresh ticket was answered %d", status)
	}
	return client
}

func request(t *testing.T, method, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func fetch(t *testing.T, client *http.Client, r *http.Request) (int, string) {
	t.Helper()
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestTheWindowGetsInAndItsPassGoesNoFurther(t *testing.T) {
	t.Parallel()
	door := open(t, guard.Config{})
	client := door.entered(t)
	status, body := fetch(t, client, request(t, http.MethodGet, door.Origin()+"/overview?x=1"))
	if status != http.StatusOK || body != `GET /overview?x=1 cookie=""` {
		t.Errorf("the handler saw %d %s", status, body)
	}
}

func TestThePassIsHiddenFromScriptsAndOtherSites(t *testing.T) {
	t.Parallel()
	door := open(t, guard.Config{})
	answer, err := browser(t).Do(request(t, http.MethodGet, door.Entrance("/")))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	cookies := answer.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || cookies[0].Domain != "" || cookies[0].MaxAge != 0 {
		t.Errorf("cookies: %v", cookies)
	}
	if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy of the entrance: %s", policy)
	}
	if answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("headers of the entrance: %v", answer.Header)
	}
}

func TestTicketsWorkOnceAndSoon(t *testing.T) {
	t.Parallel()
	door := open(t, guard.Config{})
	once := door.Entrance("/")
	if status, _ := fetch(t, browser(t), request(t, http.MethodGet, once)); status != http.StatusOK {
		t.Fatalf("first use: %d", status)
	}
	if status, _ := fetch(t, browser(t), request(t, http.MethodGet, once)); status != http.StatusForbidden {
		t.Errorf("second use: %d", status)
	}
	late := door.Entrance("/")
	door.clock.now = door.clock.now.Add(2 * time.Minute)
	if status, _ := fetch(t, browser(t), request(t, http.MethodGet, late)); status != http.StatusForbidden {
		t.Errorf("after two minutes: %d", status)
	}
	if status, _ := fetch(t, browser(t), request(t, http.MethodGet, door.Origin()+"/.desktop/enter")); status != http.StatusForbidden {
		t.Errorf("no ticket: %d", status)
	}
}

func TestTheWayOnIsNotToldToAnyServer(t *testing.T) {
	t.Parallel()
	door := open(t, guard.Config{})
	u, err := url.Parse(door.Entrance("/setup#token=secret%"))
	if err != nil {
		t.Fatal(err)
	}
	if u.Fragment != "/setup#token=secret%" || strings.Contains(u.RequestURI(), "secret") {
		t.Errorf("entrance %s", u)
	}
}

func TestOthersAreRefused(t *testing.T) {
	t.Parallel()
	door := open(t, guard.Config{Extra: map[string]http.Handler{"POST token": http.HandlerFunc(echo)}})
	inside := door.entered(t)
	cases := map[string]struct {
		client *http.Client
		change func(*http.Request)
	}{
		"without the pass":            {browser(t), func(*http.Request) {}},
		"with a made-up pass":         {browser(t), func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "posthouse_window_1", Value: "x"}) }},
		"a name rebound to 127.0.0.1": {inside, func(r *http.Request) { r.Host = "evil.example" }},
		"localhost by name":           {inside, func(r *http.Request) { r.Host = strings.Replace(r.Host, "127.0.0.1", "localhost", 1) }},
		"another origin":              {inside, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }},
		"the origin null":             {inside, func(r *http.Request) { r.Header.Set("Origin", "null") }},
		"another port's origin":       {inside, func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") }},
	}
	for name, c := range cases {
		for _, path := range []string{"/", "/graphql", "/.desktop/token", "/.desktop/enter.js", "/callbacks/dingtalk/sandbox"} {
			r := request(t, http.MethodPost, door.Origin()+path)
			c.change(r)
			if status, body := fetch(t, c.client, r); status != http.StatusForbidden || strings.Contains(body, "cookie=") {
				t.Errorf("%s, %s: %d %s", name, path, status, body)
			}
		}
	}
}

func TestOwnOriginAndExtrasAreLetIn(t *testing.T) {
	t.Parallel()
	door := open(t, guard.Config{
		Extra:   map[string]http.Handler{"POST token": http.HandlerFunc(echo)},
		Prelude: func() string { return "localStorage.x = 1" },
	})
	client := door.entered(t)
	r := request(t, http.MethodPost, door.Origin()+"/.desktop/token")
	r.Header.Set("Origin", door.Origin())
	if status, body := fetch(t, client, r); status != http.StatusOK || !strings.HasPrefix(body, "POST /.desktop/token") {
		t.Errorf("extra: %d %s", status, body)
	}
	if status, body := fetch(t, client, request(t, http.MethodGet, door.Origin()+"/.desktop/enter.js")); status != http.StatusOK || !strings.Contains(body, "localStorage.x = 1\nconst") {
		t.Errorf("enter.js: %d %s", status, body)
	}
	if status, _ := fetch(t, client, request(t, http.MethodGet, door.Origin()+"/.desktop/unknown")); status != http.StatusNotFound {
		t.Errorf("unknown: %d", status)
	}
}

func TestPushesComeInByTheirSecretAddressOnly(t *testing.T) {
	t.Parallel()
	if closed := open(t, guard.Config{}); closed.CallbackURL("sandbox") != "" {
		t.Error("an address for pushes without Config.Pushes")
	}
	door := open(t, guard.Config{Pushes: true})
	address := door.CallbackURL("sandbox")
	status, body := fetch(t, browser(t), request(t, http.MethodPost, address+"?signature=s"))
	if status != http.StatusOK || body != `POST /callbacks/dingtalk/sandbox?signature=s cookie=""` {
		t.Errorf("push: %d %s", status, body)
	}
	for name, r := range map[string]*http.Request{
		"GET":           request(t, http.MethodGet, address),
		"wrong secret":  request(t, http.MethodPost, door.Origin()+"/.desktop/pushes/x/sandbox"),
		"another path":  request(t, http.MethodPost, address+"/graphql"),
		"dots":          request(t, http.MethodPost, address+"/..%2f..%2f..%2fgraphql"),
		"no app":        request(t, http.MethodPost, strings.TrimSuffix(address, "sandbox")),
		"no secret":     request(t, http.MethodPost, door.Origin()+"/.desktop/pushes/"),
		"outer address": request(t, http.MethodPost, door.Origin()+"/callbacks/dingtalk/sandbox"),
	} {
		if status, _ := fetch(t, browser(t), r); status != http.StatusForbidden {
			t.Errorf("%s: %d", name, status)
		}
	}
}

func TestTheSamePortIsTakenAgainAndAnotherWhenItIsGone(t *testing.T) {
	t.Parallel()
	first := open(t, guard.Config{})
	second := open(t, guard.Config{Port: first.Port()})
	if second.Port() == first.Port() || second.Port() == 0 {
		t.Errorf("ports %d and %d", first.Port(), second.Port())
	}
	third, err := guard.Open(t.Context(), guard.Config{Handler: http.HandlerFunc(echo)})
	if err != nil {
		t.Fatal(err)
	}
	port := third.Port()
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, guard.Config{Port: port})
	if again.Port() != port {
		t.Errorf("port %d was free, but %d was taken", port, again.Port())
	}
	if host, _, _ := net.SplitHostPort(strings.TrimPrefix(again.Origin(), "http://")); host != "127.0.0.1" {
		t.Errorf("bound to %s", host)
	}
}

func TestSocketsEndWithTheDoor(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	hijacked := make(chan struct{})
	socket := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("hijack: %v", err)
			return
		}
		close(hijacked)
		<-r.Context().Done()
		_ = conn.Close()
		close(ended)
	})
	ctx, stop := context.WithCancel(t.Context())
	door, err := guard.Open(ctx, guard.Config{Handler: socket})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- door.Run(ctx) }()
	client := opened{door, nil}.entered(t)
	at, _ := url.Parse(door.Origin())
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "GET /graphql HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", at.Host, client.Jar.Cookies(at)[0])
	<-hijacked
	stop()
	<-ended
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := bufio.NewReader(conn).ReadByte(); err == nil {
		t.Error("the socket is still open")
	}
}
