package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/posthouse/posthouse/internal/httpapi"
)

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const page = `<html><script src="./assets/app-abc.js"></script></html>`

// withApps serves two small builds.
func withApps(t *testing.T) *house {
	t.Helper()
	build := fstest.MapFS{
		"index.html": {Data: []byte(page)}, "index.html.br": {Data: []byte("br of the page")},
		"icon.svg":                  {Data: []byte("<svg/>")},
		"assets/app-abc.js":         {Data: []byte("plain")},
		"assets/app-abc.js.br":      {Data: []byte("br")},
		"assets/app-abc.js.gz":      {Data: packed(t, "plain")},
		"assets/only-gz.css.gz":     {Data: packed(t, "body{}")},
		"assets/broken.js.gz":       {Data: []byte("no gzip")},
		"assets/data.bin":           {Data: []byte{0}},
		".keep":                     {Data: []byte("x")},
		"assets/.secret/key.js":     {Data: []byte("x")},
		"nested/deep/robots.txt.gz": {Data: packed(t, "robots")},
	}
	return newHouse(t, func(c *httpapi.Config) {
		c.UI = httpapi.UI{
			Files: build, Headers: map[string]string{"Content-Security-Policy": "default-src 'self'"},
			Page: func(index []byte, path string) []byte { return append([]byte("<!-- "+path+" -->"), index...) },
		}
		c.Explorer = httpapi.UI{
			Files: fstest.MapFS{
				"index.html": {Data: []byte(page)}, "assets/app-abc.js": {Data: []byte("explorer")},
			},
			Headers: map[string]string{"Content-Security-Policy": "explorer"},
		}
	})
}

const browser = "text/html,application/xhtml+xml,*/*;q=0.8"

func TestFilesArePickedByNameAndEncoding(t *testing.T) {
	t.Parallel()
	h := withApps(t)
	const immutable = "public, max-age=31536000, immutable"
	for _, c := range []struct {
		path, accept                string
		body, contentType, encoding string
		cache                       string
	}{
		{"/assets/app-abc.js", "", "plain", "text/javascript; charset=utf-8", "", immutable},
		{"/assets/app-abc.js", "gzip, deflate, br", "br", "text/javascript; charset=utf-8", "br", immutable},
		{"/assets/app-abc.js", "gzip;q=1.0, BR;q=0.5", "br", "text/javascript; charset=utf-8", "br", immutable},
		{"/assets/app-abc.js", "br;q=0", "plain", "text/javascript; charset=utf-8", "", immutable},
		{"/assets/app-abc.js", "br; q=0.0, gzip ;q=0", "plain", "text/javascript; charset=utf-8", "", immutable},
		{"/assets/app-abc.js", "brotli, xgzip", "plain", "text/javascript; charset=utf-8", "", immutable},
		{"/assets/only-gz.css", "br", "body{}", "text/css; charset=utf-8", "", immutable},
		{"/assets/data.bin", "br, gzip", "\x00", "application/octet-stream", "", immutable},
		{"/icon.svg", "br", "<svg/>", "image/svg+xml", "", "no-cache"},
		{"/nested/deep/robots.txt", "", "robots", "text/plain; charset=utf-8", "", "no-cache"},
		{"/graphiql/assets/app-abc.js", "br", "explorer", "text/javascript; charset=utf-8", "", immutable},
	} {
		w := ask(h.api, http.MethodGet, c.path, "", "Accept-Encoding", c.accept, "Accept", "*/*")
		header := w.Result().Header
		if w.Code != 200 || w.Body.String() != c.body || header.Get("Content-Type") != c.contentType ||
			header.Get("Content-Encoding") != c.encoding || header.Get("Cache-Control") != c.cache ||
			header.Get("Vary") != "Accept-Encoding" || header.Get("ETag") == "" || header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s for %q gave %d %v %q", c.path, c.accept, w.Code, header, w.Body)
		}
		head := ask(h.api, http.MethodHead, c.path, "", "Accept-Encoding", c.accept, "Accept", "*/*")
		if head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("Content-Length") != header.Get("Content-Length") || head.Header().Get("ETag") != header.Get("ETag") {
			t.Errorf("HEAD %s gave %d %v %q", c.path, head.Code, head.Header(), head.Body)
		}
		for _, tag := range []string{header.Get("ETag"), "W/" + header.Get("ETag"), `"other", ` + header.Get("ETag"), "*"} {
			again := ask(h.api, http.MethodGet, c.path, "", "Accept-Encoding", c.accept, "If-None-Match", tag)
			if again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("Cache-Control") != c.cache || again.Header().Get("Content-Encoding") != "" {
				t.Errorf("%s again with %s gave %d %v %q", c.path, tag, again.Code, again.Header(), again.Body)
			}
		}
	}
}

func TestFormsOfOneFileHaveTagsOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := withApps(t)
	tags := map[string]bool{}
	for _, accept := range []string{"", "gzip", "br"} {
		tags[ask(h.api, http.MethodGet, "/assets/app-abc.js", "", "Accept-Encoding", accept).Header().Get("ETag")] = true
	}
	if len(tags) != 3 {
		t.Fatalf("got %v", tags)
	}
}

func TestNavigationsGetThePageAndProgramsAreToldThatThereIsNothing(t *testing.T) {
	t.Parallel()
	h := withApps(t)
	for _, c := range []struct {
		method, path, accept string
		page                 bool
	}{
		{"GET", "/", browser, true},
		{"GET", "/", "*/*", true},
		{"HEAD", "/", "", true},
		{"GET", "/accounts", browser, true},
		{"GET", "/accounts/42", browser, true},
		{"GET", "/robots/", browser, true},
		{"GET", "/robots", browser, true},
		{"GET", "/setup", browser, true},
		{"GET", "/graphql-notes", browser, true},
		{"GET", "/accounts", "*/*", false},
		{"GET", "/accounts", "", false},
		{"GET", "/accounts", "application/json", false},
		{"POST", "/accounts", browser, false},
		{"DELETE", "/", browser, false},
		{"GET", "/assets/gone-1.js", browser, false},
		{"GET", "/favicon.ico", browser, false},
		{"GET", "/index.html.br", browser, false},
		{"GET", "/assets/app-abc.js.gz", browser, false},
		{"GET", "/assets/broken.js", browser, false},
		{"GET", "/.keep", browser, false},
		{"GET", "/assets/.secret/key.js", browser, false},
		{"GET", "/callbacks/dingtalk/", browser, false},
		{"GET", "/robots/dingtalk/office", browser, false},
		{"GET", "/login/dingtalk/callback", browser, false},
		{"GET", "/.well-known/security.txt", browser, false},
		{"GET", "/metrics", browser, false},
		{"GET", "/healthz/x", browser, false},
		{"GET", "/graphiql/settings", browser, false},
		{"GET", "/graphiql/assets/gone.js", browser, false},
	} {
		w := ask(h.api, c.method, c.path, "", "Accept", c.accept)
		if !c.page {
			wantProblem(t, w, 404, "request.path_unknown")
			continue
		}
		header := w.Result().Header
		want := "<!-- " + c.path + " -->" + page
		if c.method == "HEAD" {
			want = ""
		}
		if w.Code != 200 || w.Body.String() != want || header.Get("Cache-Control") != "no-cache" || header.Get("Content-Encoding") != "" ||
			header.Get("Content-Security-Policy") != "default-src 'self'" || !strings.Contains(header.Get("Vary"), "Accept") {
			t.Errorf("%s %s for %q gave %d %v %q", c.method, c.path, c.accept, w.Code, header, w.Body)
		}
		if again := ask(h.api, "GET", c.path, "", "Accept", c.accept, "If-None-Match", header.Get("ETag")); again.Code != 304 {
			t.Errorf("%s again gave %d", c.path, again.Code)
		}
	}
}

func TestGraphiqlFindsItsFilesWithAndWithoutASlashAndBelowAPrefix(t *testing.T) {
	t.Parallel()
	h := withApps(t)
	for path, want := range map[string]string{"/graphiql": `src="./graphiql/assets/app-abc.js"`, "/graphiql/": `src="./assets/app-abc.js"`} {
		for _, handler := range []http.Handler{h.api, http.StripPrefix("/posthouse", h.api)} {
			target := path
			if handler != http.Handler(h.api) {
				target = "/posthouse" + path
			}
			w := ask(handler, http.MethodGet, target, "", "Accept", "*/*")
			if w.Code != 200 || !strings.Contains(w.Body.String(), want) || w.Header().Get("Content-Security-Policy") != "explorer" {
				t.Errorf("%s gave %d %v %s", target, w.Code, w.Header(), w.Body)
			}
		}
		if w := ask(h.api, http.MethodPost, path, "{}"); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s gave %d", path, w.Code)
		}
	}
}

func TestWithoutABuildThePagesSayHowToMakeOne(t *testing.T) {
	t.Parallel()
	for name, empty := range map[string]httpapi.UI{"nothing": {}, "a placeholder": {Files: fstest.MapFS{".keep": {}}}} {
		h := newHouse(t, func(c *httpapi.Config) { c.UI, c.Explorer = empty, empty })
		for path, status := range map[string]int{"/": 200, "/setup": 404, "/graphiql": 200, "/graphiql/": 200} {
			w := ask(h.api, http.MethodGet, path, "", "Accept", browser)
			body := w.Body.String()
			if w.Code != status || !strings.Contains(body, "make build") || !strings.Contains(body, "重新启动") || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %s gave %d %s", name, path, w.Code, body)
			}
		}
		wantProblem(t, ask(h.api, http.MethodGet, "/assets/app-abc.js", "", "Accept", "*/*"), 404, "request.path_unknown")
		wantProblem(t, ask(h.api, http.MethodGet, "/accounts", "", "Accept", "*/*"), 404, "request.path_unknown")
	}
}

func FuzzPathsOfTheApp(f *testing.F) {
	for _, path := range []string{"/", "/..", "/assets/../.keep", "/%2e%2e/x", "/graphiql/../.keep", "//", "/\x00", "/assets", "/a/.b"} {
		f.Add(path, "br;q=,gzip;;")
	}
	f.Fuzz(func(t *testing.T, path, accept string) {
		if !strings.HasPrefix(path, "/") {
			return
		}
		h := withApps(t)
		r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Path = path
		w := askWith(h.api, r, accept)
		if body := w.Body.String(); body == "x" || w.Code >= 500 {
			t.Fatalf("%q gave %d %q", path, w.Code, body)
		}
	})
}

func askWith(handler http.Handler, r *http.Request, accept string) *httptest.ResponseRecorder {
	r.Header["Accept-Encoding"] = []string{accept}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}
