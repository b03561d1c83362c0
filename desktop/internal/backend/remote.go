package backend

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
	"unicode"
)

const (
	// checkPatience bounds the first questions to a server.
	checkPatience = 10 * time.Second
	// checkBytes bounds what is read of its first answers.
	checkBytes = 256 << 10
)

// appMark stands in the page of every admin app (frontend/doc.go), whatever its version.
var appMark = []byte("posthouse-root")

// RemoteConfig names a Posthouse elsewhere.
type RemoteConfig struct {
	// Address as a person types it; see ParseAddress.
	Address string
	// AllowPlain takes http addresses beyond this computer, over which passwords can be read on the way.
	AllowPlain bool
	Logger     *slog.Logger
	// Transport makes the calls; default a copy of http.DefaultTransport, which minds the system's proxy.
	Transport http.RoundTripper
	// Failed answers a request for a page when the server cannot be reached; default: plain text.
	Failed func(w http.ResponseWriter, r *http.Request, p *Problem)
}

// remote shows the server's own app through a proxy: the page always fits its API, whichever versions
// server and window have, and everything is of one origin.
type remote struct {
	base  *url.URL
	proxy *httputil.ReverseProxy
	idle  func()
}

// ParseAddress reads an address as people type it: https where no scheme is given, a path where the
// server lies below one. Credentials, queries and fragments are refused. Its errors are Problems.
func ParseAddress(raw string) (*url.URL, error) {
	text := strings.TrimSpace(raw)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, &Problem{Kind: AddressInvalid, Place: strings.TrimSpace(raw)}
	}
	u.Scheme = strings.ToLower(u.Scheme)
	wrong := u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != ""
	if wrong || (u.Scheme != "http" && u.Scheme != "https") || !isHost(u.Hostname()) {
		return nil, &Problem{Kind: AddressInvalid, Place: strings.TrimSpace(raw)}
	}
	u.Path = strings.TrimRight(u.Path, "/") + "/"
	u.RawPath = ""
	return u, nil
}

// isHost tells a name or an address of a computer from what somebody pasted by mistake. Which names exist
// is not decided here.
func isHost(name string) bool {
	if net.ParseIP(name) != nil {
		return true
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
}

// isPlain tells whether what is sent to u can be read on the way.
func isPlain(u *url.URL) bool {
	if u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// OpenRemote asks the server whether it is one, and ready, and has an app to show. Its errors are
// Problems.
func OpenRemote(ctx context.Context, cfg RemoteConfig) (Backend, error) {
	base, err := ParseAddress(cfg.Address)
	if err != nil {
		return nil, err
	}
	if isPlain(base) && !cfg.AllowPlain {
		return nil, &Problem{Kind: AddressInsecure, Place: base.String()}
	}
	r := &remote{base: base, idle: func() {}}
	transport := cfg.Transport
	if transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		transport, r.idle = own, own.CloseIdleConnections
	}
	if err := check(ctx, base, transport); err != nil {
		r.idle()
		return nil, Explain(err, base.String())
	}
	r.proxy = newProxy(base, transport, cfg)
	return r, nil
}

func check(ctx context.Context, base *url.URL, transport http.RoundTripper) error {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	status, body, err := get(ctx, client, base.JoinPath("readyz"))
	if err != nil {
		return err
	}
	var said struct {
		Status string `json:"status"`
		Error  struct {
			Reason string `json:"reason"`
		} `json:"error"`
	}
	switch err := json.Unmarshal(body, &said); {
	case err == nil && said.Error.Reason != "" && status == http.StatusServiceUnavailable:
		return &Problem{Kind: NotReady, Place: base.String(), cause: fmt.Errorf("GET readyz: %d, %s", status, said.Error.Reason)}
	case err != nil || said.Status != "ready" || status != http.StatusOK:
		return &Problem{Kind: NotPosthouse, Place: base.String(), cause: fmt.Errorf("GET readyz: status %d", status)}
	}
	status, body, err = get(ctx, client, base)
	if err != nil {
		return err
	}
	if status != http.StatusOK || !bytes.Contains(body, appMark) {
		return &Problem{Kind: WithoutApp, Place: base.String(), cause: fmt.Errorf("GET %s: status %d, no admin app", base.Path, status)}
	}
	return nil
}

func get(ctx context.Context, client *http.Client, u *url.URL) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Accept", "text/html, application/json")
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, checkBytes))
	return answer.StatusCode, body, err
}

func newProxy(base *url.URL, transport http.RoundTripper, cfg RemoteConfig) *httputil.ReverseProxy {
	origin := base.Scheme + "://" + base.Host
	return &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1, // server-sent events
		ErrorLog:      slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(base)
			// The server compares Origin with its own name. The door has seen to it that it was the window's.
			if r.In.Header.Get("Origin") != "" {
				r.Out.Header.Set("Origin", origin)
			}
			r.Out.Header.Del("Cookie")
			r.Out.Header.Del("Referer")
		},
		ModifyResponse: func(answer *http.Response) error {
			answer.Header.Del("Set-Cookie") // sessions travel in headers; 127.0.0.1 is shared by all ports
			if to, err := answer.Location(); err == nil && to.Scheme == base.Scheme && to.Host == base.Host && strings.HasPrefix(to.Path, base.Path) {
				to.Scheme, to.Host, to.Path = "", "", "/"+strings.TrimPrefix(to.Path, base.Path)
				answer.Header.Set("Location", to.String())
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if errors.Is(err, context.Canceled) {
				return // the window went away
			}
			p := Explain(err, base.String())
			cfg.Logger.Warn("the server did not answer", "kind", p.Kind, "error", p)
			if cfg.Failed != nil && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") {
				cfg.Failed(w, r, p)
				return
			}
			// No JSON: the page takes it for what it is, a server that cannot be reached.
			http.Error(w, "the server cannot be reached", http.StatusBadGateway)
		},
	}
}

// Handler implements Backend.
func (r *remote) Handler() http.Handler { return r.proxy }

// Introduce implements Backend; a server elsewhere gets its pushes there.
func (r *remote) Introduce(context.Context, func(string) string) error { return nil }

// Run implements Backend.
func (r *remote) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Close implements Backend.
func (r *remote) Close() error {
	r.idle()
	return nil
}

// FirstPage implements Backend.
func (r *remote) FirstPage(context.Context) (string, error) { return "/", nil }

// Place implements Backend.
func (r *remote) Place() string { return r.base.String() }
