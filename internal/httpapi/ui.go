package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// UI is the build of a web app, as it is to be served. Files may change while it is served.
type UI struct {
	// Files is the build: index.html, and whatever it loads. Beside a file may lie the same one with .br
	// and .gz behind its name, or in its place. What lies in assets/ has a hash of its content in its name
	// and never changes. Names that begin with a dot are not served. Nil means that nothing was built.
	Files fs.FS
	// Page makes the page for a path of the app out of index.html. Nil leaves it as it is.
	Page func(index []byte, path string) []byte
	// Headers go with everything that is served of the app, its content security policy among them.
	Headers map[string]string
}

const indexFile = "index.html"

// built tells whether there is a page to serve.
func (u UI) built() bool { return u.Files != nil && u.holds(indexFile) }

func (u UI) holds(name string) bool {
	info, err := fs.Stat(u.Files, name)
	return err == nil && info.Mode().IsRegular()
}

// HasUI tells whether the admin app was built.
func (a *API) HasUI() bool { return a.cfg.UI.built() }

// apiPaths begin what belongs to the API, now or later: a page there would hide a mistyped address.
var apiPaths = []string{"/graphql", "/callbacks", "/robots/dingtalk", "/login/dingtalk", "/.well-known", "/healthz", "/readyz", "/metrics"}

func isAPI(path string) bool {
	for _, p := range apiPaths {
		if rest, ok := strings.CutPrefix(path, p); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// serveUI serves the admin app: files as they are, and its page for whatever a browser navigates to, since
// the app itself knows its paths.
func (a *API) serveUI(w http.ResponseWriter, r *http.Request) {
	ui, root := a.cfg.UI, r.URL.Path == "/" || r.URL.Path == ""
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead, isAPI(r.URL.Path):
	case ui.built() && !root && ui.serveFile(w, r, strings.TrimPrefix(r.URL.Path, "/")):
		return
	case root, isNavigation(r):
		if !ui.built() {
			serveUnbuilt(w, adminUnbuilt, root)
			return
		}
		ui.servePage(w, r, ui.page(r.URL.Path))
		return
	}
	a.serveNotFound(w, r)
}

// isNavigation tells whether a person opened the path in a browser, rather than a program.
func isNavigation(r *http.Request) bool {
	return !strings.Contains(path.Base(r.URL.Path), ".") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// page gives the page for a path; nil when it cannot be read.
func (u UI) page(path string) []byte {
	index, err := fs.ReadFile(u.Files, indexFile)
	if err == nil && u.Page != nil {
		index = u.Page(index, path)
	}
	return index
}

// servePage serves a page that is asked for anew each time, since it names the assets of the newest build.
func (u UI) servePage(w http.ResponseWriter, r *http.Request, page []byte) {
	header := w.Header()
	header.Add("Vary", "Accept")
	u.write(w, r, "text/html; charset=utf-8", "no-cache", tagOf(page), page)
}

// serveFile serves a file of the build, compressed where the client takes that. False means that there is
// none of this name.
func (u UI) serveFile(w http.ResponseWriter, r *http.Request, name string) bool {
	if !fs.ValidPath(name) || name == indexFile || hidden(name) {
		return false
	}
	body, encoding, ok := u.read(name, r.Header.Values("Accept-Encoding"))
	if !ok {
		return false
	}
	header := w.Header()
	header.Add("Vary", "Accept-Encoding")
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	cache, tag := "no-cache", ""
	if strings.HasPrefix(name, "assets/") {
		// Its name is its version: there is nothing to compute or to ask again.
		cache, tag = "public, max-age=31536000, immutable", `"`+path.Base(name)+"-"+encoding+`"`
	} else {
		tag = tagOf(body)
	}
	u.write(w, r, typeOf(name), cache, tag, body)
	return true
}

// hidden names are for the build and the compression, not for clients.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") || strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz")
}

// read gives a file in the best form that the client takes. A file that is there in compressed form only
// is unpacked for those who take none.
func (u UI) read(name string, accept []string) (body []byte, encoding string, ok bool) {
	for _, form := range []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}} {
		if form.encoding != "" && !takes(accept, form.encoding) {
			continue
		}
		if body, err := fs.ReadFile(u.Files, name+form.suffix); err == nil {
			return body, form.encoding, true
		}
	}
	packed, err := u.Files.Open(name + ".gz")
	if err != nil {
		return nil, "", false
	}
	defer func() { _ = packed.Close() }() // read only: nothing is lost
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return nil, "", false
	}
	body, err = io.ReadAll(unpacked)
	return body, "", err == nil
}

// takes tells whether the client takes an encoding: by name, and not with a quality of zero.
func takes(accept []string, encoding string) bool {
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, attributes, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			quality, given := strings.CutPrefix(strings.ReplaceAll(attributes, " ", ""), "q=")
			q, err := strconv.ParseFloat(quality, 64)
			return !given || err != nil || q > 0
		}
	}
	return false
}

// write answers with a body, or says that the client has it already.
func (u UI) write(w http.ResponseWriter, r *http.Request, contentType, cache, tag string, body []byte) {
	header := w.Header()
	for name, value := range u.Headers {
		header.Set(name, value)
	}
	header.Set("Cache-Control", cache)
	header.Set("ETag", tag)
	if matches(r.Header.Values("If-None-Match"), tag) {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = bytes.NewReader(body).WriteTo(w)
	}
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

func matches(given []string, tag string) bool {
	for one := range strings.SplitSeq(strings.Join(given, ","), ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}

// typeOf does not ask the system's table, which differs from one machine to the next.
func typeOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".woff2":
		return "font/woff2"
	case ".ttf":
		return "font/ttf"
	case ".wasm":
		return "application/wasm"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}
