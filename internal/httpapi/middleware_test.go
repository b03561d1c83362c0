package httpapi_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/httpapi"
	"github.com/posthouse/posthouse/internal/request"
)

func TestTheClientsAddressComesFromTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		trusted   []string
		want      string
	}{
		"no proxy":                           {"198.51.100.7:1234", nil, nil, "198.51.100.7"},
		"a header nobody vouches for":        {"198.51.100.7:1234", []string{"203.0.113.9"}, nil, "198.51.100.7"},
		"a header from a stranger":           {"198.51.100.7:1234", []string{"203.0.113.9"}, []string{"10.0.0.0/8"}, "198.51.100.7"},
		"one proxy":                          {"10.0.0.1:1", []string{"203.0.113.9"}, []string{"10.0.0.0/8"}, "203.0.113.9"},
		"two proxies":                        {"10.0.0.1:1", []string{"203.0.113.9, 10.0.0.2"}, []string{"10.0.0.0/8"}, "203.0.113.9"},
		"what the client wrote in front":     {"10.0.0.1:1", []string{"192.0.2.1, 203.0.113.9"}, []string{"10.0.0.0/8"}, "203.0.113.9"},
		"the client pretends to be a proxy":  {"10.0.0.1:1", []string{"10.9.9.9, 203.0.113.9"}, []string{"10.0.0.0/8"}, "203.0.113.9"},
		"several header lines":               {"10.0.0.1:1", []string{"192.0.2.1", "203.0.113.9"}, []string{"10.0.0.0/8"}, "203.0.113.9"},
		"proxies all the way":                {"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, []string{"10.0.0.0/8"}, "10.0.0.3"},
		"a proxy that says nothing":          {"10.0.0.1:1", nil, []string{"10.0.0.0/8"}, "10.0.0.1"},
		"garbage from a proxy":               {"10.0.0.1:1", []string{"unknown"}, []string{"10.0.0.0/8"}, "10.0.0.1"},
		"garbage behind an address":          {"10.0.0.1:1", []string{"203.0.113.9, unknown"}, []string{"10.0.0.0/8"}, "10.0.0.1"},
		"garbage in front of an address":     {"10.0.0.1:1", []string{"<script>, 203.0.113.9"}, []string{"10.0.0.0/8"}, "203.0.113.9"},
		"an address with a port":             {"10.0.0.1:1", []string{"203.0.113.9:55555"}, []string{"10.0.0.0/8"}, "203.0.113.9"},
		"an IPv6 address":                    {"[2001:db8::1]:1", []string{"2001:db8:2::9"}, []string{"2001:db8::/64"}, "2001:db8:2::9"},
		"an IPv6 address in brackets":        {"10.0.0.1:1", []string{"[2001:db8:2::9]"}, []string{"10.0.0.0/8"}, "2001:db8:2::9"},
		"an IPv6 address with a port":        {"10.0.0.1:1", []string{"[2001:db8:2::9]:443"}, []string{"10.0.0.0/8"}, "2001:db8:2::9"},
		"an IPv4 proxy on an IPv6 socket":    {"[::ffff:10.0.0.1]:1", []string{"203.0.113.9"}, []string{"10.0.0.0/8"}, "203.0.113.9"},
		"a peer without a port":              {"198.51.100.7", nil, nil, "198.51.100.7"},
		"a peer that is no address":          {"@", []string{"203.0.113.9"}, []string{"10.0.0.0/8"}, "@"},
		"a proxy with a zone in its address": {"[fe80::1%eth0]:1", []string{"203.0.113.9"}, []string{"fe80::/10"}, "203.0.113.9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, trusting(c.trusted...))
			r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
			r.RemoteAddr = c.peer
			r.Header["X-Forwarded-For"] = c.forwarded
			h.api.ServeHTTP(httptest.NewRecorder(), r)
			if h.seen.info.Address != c.want || h.seen.actor.Address != c.want {
				t.Fatalf("got %q and %q, want %q", h.seen.info.Address, h.seen.actor.Address, c.want)
			}
		})
	}
}

func FuzzForwardedFor(f *testing.F) {
	f.Add("203.0.113.9, 10.0.0.2")
	f.Add("[2001:db8::1]:443,,unknown")
	f.Add("fe80::1%eth0")
	f.Fuzz(func(t *testing.T, forwarded string) {
		h := newHouse(t, trusting("10.0.0.0/8"))
		r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set("X-Forwarded-For", forwarded)
		h.api.ServeHTTP(httptest.NewRecorder(), r)
		if got := h.seen.info.Address; got == "" || strings.ContainsAny(got, " ,%<") {
			t.Fatalf("%q gave %q", forwarded, got)
		}
	})
}

func TestPagesOfOtherOriginsMayCallOnlyWhenTheyAreAllowed(t *testing.T) {
	t.Parallel()
	const ours, theirs = "https://app.example.com", "https://evil.example.com"
	for name, c := range map[string]struct {
		allowed        []string
		method, origin string
		status         int
		allow          string
		vary           bool
	}{
		"a preflight of an allowed page":     {[]string{ours}, "OPTIONS", ours, 204, ours, true},
		"a preflight of another page":        {[]string{ours}, "OPTIONS", theirs, 200, "", true},
		"a request of an allowed page":       {[]string{ours}, "POST", ours, 200, ours, true},
		"a request of another page":          {[]string{ours}, "POST", theirs, 200, "", true},
		"a page whose origin is opaque":      {[]string{ours}, "POST", "null", 200, "", true},
		"a prefix of an allowed origin":      {[]string{ours}, "POST", "https://app.example.com.evil.example.com", 200, "", true},
		"a request without origin":           {[]string{ours}, "POST", "", 200, "", true},
		"a preflight where none is allowed":  {nil, "OPTIONS", ours, 200, "", false},
		"an empty origin where some are":     {[]string{ours}, "OPTIONS", "", 200, "", true},
		"any page where nothing was allowed": {nil, "POST", theirs, 200, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, allowing(c.allowed...))
			w := ask(h.api, c.method, "/graphql", "", "Origin", c.origin)
			header := w.Result().Header
			if w.Code != c.status || header.Get("Access-Control-Allow-Origin") != c.allow || (header.Get("Vary") == "Origin") != c.vary {
				t.Fatalf("got %d %v", w.Code, header)
			}
			if header.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("sessions travel in headers: no page needs credentials")
			}
			if preflight := c.status == 204; (header.Get("Access-Control-Allow-Headers") != "") != preflight {
				t.Errorf("allowed headers %q", header.Get("Access-Control-Allow-Headers"))
			}
		})
	}
}

func TestARequestKeepsTheHarmlessIDOfAProxy(t *testing.T) {
	t.Parallel()
	for given, kept := range map[string]bool{
		"abc-DEF_123":            true,
		strings.Repeat("a", 64):  true,
		strings.Repeat("a", 65):  false,
		"":                       false,
		"a b":                    false,
		"a\tb":                   false,
		"<script>":               false,
		"驿站":                     false,
		"a\x00b":                 false,
		"id\u202eevil":           false,
		"0123456789abcdef":       true,
		"../../etc/passwd":       false,
		"a,b":                    false,
		"req=1;level=ERROR":      false,
		"_-_":                    true,
		strings.Repeat("é", 300): false,
	} {
		h := newHouse(t)
		w := ask(h.api, http.MethodPost, "/graphql", "", "X-Request-Id", given)
		got := w.Header().Get("X-Request-Id")
		if got != h.seen.info.ID || (got == given) != kept || len(got) == 0 || len(got) > 64 {
			t.Errorf("%q gave %q and %q", given, got, h.seen.info.ID)
		}
	}
}

func TestRequestsWithoutAnIDGetOneEach(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	seen := map[string]bool{}
	for range 1000 {
		got := ask(h.api, http.MethodPost, "/graphql", "").Header().Get("X-Request-Id")
		if len(got) != 16 || seen[got] {
			t.Fatalf("got %q, twice: %v", got, seen[got])
		}
		seen[got] = true
	}
}

func TestTheRequestCarriesLanguageAndUserAgent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ask(h.api, http.MethodPost, "/graphql", "", "Accept-Language", "en-US", "User-Agent", "ua\xff"+strings.Repeat("x", 400))
	if h.seen.info.Language != request.English || len(h.seen.info.UserAgent) > 260 || !strings.HasPrefix(h.seen.info.UserAgent, "ua�x") {
		t.Fatalf("got %+v", h.seen.info)
	}
}

func TestEveryAnswerProtectsBrowsers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, path := range []string{"/", "/graphql", "/healthz", "/readyz", "/nowhere", "/.well-known/jwks.json"} {
		header := ask(h.api, http.MethodGet, path, "").Result().Header
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s answered with %v", path, header)
		}
	}
}

func TestATokenThatIsNoGoodDoesNotRefuseTheRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header, value string
		reason        string
	}{
		"no token":          {"X-None", "x", "session.missing"},
		"a good token":      {"Authorization", "Bearer " + goodToken, ""},
		"in lower case":     {"Authorization", "bearer " + goodToken, ""},
		"a good skey":       {"skey", goodToken, ""},
		"an ended token":    {"Authorization", "Bearer " + endedToken, "session.expired"},
		"another scheme":    {"Authorization", "Basic " + goodToken, "session.missing"},
		"a store that away": {"Authorization", "Bearer " + unknownStore, "store.unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			w := ask(h.api, http.MethodPost, "/graphql", "", c.header, c.value)
			if w.Code != http.StatusOK || w.Body.String() != "graphql" {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			if got := reasonOf(h.seen.err); got != c.reason {
				t.Fatalf("asking for an account gave %q, want %q", got, c.reason)
			}
			if h.seen.actor.Address != "192.0.2.1" {
				t.Errorf("the actor's address is %q", h.seen.actor.Address)
			}
		})
	}
}

func TestAPanicIsOneRequestsFailure(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *httpapi.Config) {
		c.GraphQL = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret-detail") })
	})
	w := ask(h.api, http.MethodPost, "/graphql", "")
	p := wantProblem(t, w, http.StatusInternalServerError, "internal")
	if strings.Contains(w.Body.String(), "secret-detail") || !strings.Contains(h.log.String(), "secret-detail") || !strings.Contains(h.log.String(), p.Error.RequestID) {
		t.Fatalf("answered %s and logged %s", w.Body, h.log)
	}
}

func TestAnAnswerThatPanicsHalfWayIsBrokenOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *httpapi.Config) {
		c.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic("in the middle")
		})
	})
	server := httptest.NewServer(h.api)
	defer server.Close()
	answer, err := server.Client().Get(server.URL + "/graphql")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err == nil || !bytes.Equal(body, []byte("half")) {
		t.Fatalf("read %q to its end: %v", body, err)
	}
}
