package sandbox

import (
	"embed"
	"net/http"
)

//go:embed page
var pageFiles embed.FS

// pageCSP lets the page load its own three files and call its own API, nothing
// else: what a message says cannot run, load or send anything.
const pageCSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pageHandler serves the embedded page under /sandbox/.
func pageHandler() http.Handler {
	files := map[string]struct{ name, contentType string }{
		"/sandbox/":          {"page/index.html", "text/html; charset=utf-8"},
		"/sandbox/app.js":    {"page/app.js", "text/javascript; charset=utf-8"},
		"/sandbox/draw.js":   {"page/draw.js", "text/javascript; charset=utf-8"},
		"/sandbox/words.js":  {"page/words.js", "text/javascript; charset=utf-8"},
		"/sandbox/style.css": {"page/style.css", "text/css; charset=utf-8"},
		"/sandbox/icon.svg":  {"page/icon.svg", "image/svg+xml"},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sandbox" {
			http.Redirect(w, r, "/sandbox/", http.StatusFound)
			return
		}
		file, ok := files[r.URL.Path]
		if !ok {
			writeControlError(w, &controlError{status: http.StatusNotFound, code: controlNotFound, msg: "there is no such page"})
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			writeControlError(w, &controlError{status: http.StatusMethodNotAllowed, code: controlMethod, msg: "this page takes GET", allow: "GET, HEAD"})
			return
		}
		body, err := pageFiles.ReadFile(file.name)
		if err != nil {
			writeControlError(w, &controlError{status: http.StatusInternalServerError, code: controlNotFound, msg: "the page is missing from this build"})
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", pageCSP)
		h.Set("Referrer-Policy", "no-referrer")
		write(w, http.StatusOK, file.contentType, body)
	})
}
