package sandbox

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func pageBox(t *testing.T) *Sandbox {
	t.Helper()
	return newBox(t, func(c *Config) {
		c.Page = fstest.MapFS{
			".keep":               {},
			"index.html":          {Data: []byte(`<!doctype html><script type="module" src="./assets/app-1.js"></script>`)},
			"icon.svg":            {Data: []byte("<svg/>")},
			"notes.txt":           {Data: []byte("not the page's")},
			"assets/app-1.js":     {Data: []byte("let plain")},
			"assets/app-1.js.br":  {Data: []byte("brotli")},
			"assets/app-1.js.gz":  {Data: []byte("gzip")},
			"assets/style-1.css":  {Data: []byte("a{}")},
			"assets/.hidden/x.js": {Data: []byte("hidden")},
		}
	})
}

func ask(s *Sandbox, path string, headers ...string) *httptest.ResponseRecorder {
	r := local(httptest.NewRequest(http.MethodGet, path, nil))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return do(s, r)
}

func TestPageIsServedWithItsPolicyAndCaching(t *testing.T) {
	t.Parallel()
	s := pageBox(t)
	for path, want := range map[string]struct{ contentType, cache string }{
		"/sandbox/":                   {"text/html; charset=utf-8", "no-cache"},
		"/sandbox/icon.svg":           {"image/svg+xml", "no-cache"},
		"/sandbox/assets/app-1.js":    {"text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		"/sandbox/assets/style-1.css": {"text/css; charset=utf-8", "public, max-age=31536000, immutable"},
	} {
		w := ask(s, path)
		h := w.Header()
		if w.Code != 200 || h.Get("Content-Type") != want.contentType || h.Get("Cache-Control") != want.cache || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: HTTP %d %v", path, w.Code, h)
		}
		csp := h.Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'none'", "script-src 'self';", "img-src 'self' data:;", "connect-src 'self';", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, rule) {
				t.Errorf("%s: the policy lacks %s", path, rule)
			}
		}
		if strings.Contains(csp, "*") || strings.Contains(csp, "http") || strings.Contains(csp, "unsafe-eval") {
			t.Errorf("%s: %s", path, csp)
		}
		if w := ask(s, path, "If-None-Match", h.Get("ETag")); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
			t.Errorf("%s, held already: HTTP %d, %d bytes", path, w.Code, w.Body.Len())
		}
	}
}

func TestPageIsCompressedForThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	s := pageBox(t)
	for accept, want := range map[string]struct{ encoding, body string }{
		"":                  {"", "let plain"},
		"gzip, deflate, br": {"br", "brotli"},
		"gzip":              {"gzip", "gzip"},
		"br;q=0, gzip":      {"gzip", "gzip"},
		"br; q=0.5":         {"br", "brotli"},
		"identity":          {"", "let plain"},
	} {
		w := ask(s, "/sandbox/assets/app-1.js", "Accept-Encoding", accept)
		if w.Header().Get("Content-Encoding") != want.encoding || w.Body.String() != want.body || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %q %s", accept, w.Header().Get("Content-Encoding"), w.Body)
		}
	}
}

func TestPageServesNothingElse(t *testing.T) {
	t.Parallel()
	s := pageBox(t)
	for _, path := range []string{
		"/sandbox/nothing", "/sandbox/index.html", "/sandbox/.keep", "/sandbox/notes.txt", "/sandbox/assets/", "/sandbox/assets/app-1.js.br",
		"/sandbox/assets/.hidden/x.js", "/sandbox/../page.js", "/sandbox//icon.svg", "/sandbox/assets/app-2.js",
	} {
		if w := ask(s, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: HTTP %d", path, w.Code)
		}
	}
	if w := ask(s, "/sandbox"); w.Code != http.StatusFound || w.Header().Get("Location") != "/sandbox/" {
		t.Errorf("/sandbox: HTTP %d", w.Code)
	}
	if w := post(s, "/sandbox/", "{}"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST /sandbox/: HTTP %d", w.Code)
	}
}

func TestWithoutAPageItSaysHowToBuildOneAndWhatCanBeCalled(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*Sandbox{
		"none given": newBox(t),
		"not built":  newBox(t, func(c *Config) { c.Page = fstest.MapFS{".keep": {}} }),
	} {
		w := ask(s, "/sandbox/")
		body := w.Body.String()
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: HTTP %d %v", name, w.Code, w.Header())
		}
		for _, want := range []string{"make build", "沙箱", "sandbox"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page does not say %s", name, want)
			}
		}
		for call := range s.controlRoutes() {
			if !strings.Contains(body, "api/"+call) && call != "options" {
				t.Errorf("%s: the page does not name api/%s", name, call)
			}
		}
		for _, link := range regexp.MustCompile(`href="(api/[^"]+)"`).FindAllStringSubmatch(body, -1) {
			if w := ask(s, "/sandbox/"+link[1]); w.Code != 200 {
				t.Errorf("%s: the link to %s answers HTTP %d", name, link[1], w.Code)
			}
		}
		if w := ask(s, "/sandbox/assets/app-1.js"); w.Code != http.StatusNotFound {
			t.Errorf("%s: a file: HTTP %d", name, w.Code)
		}
	}
}
