package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// pageCSP lets the page load its own files and call its own API, nothing else:
// what a message says cannot run, load or send anything. Styles may be inline
// because the page's components make theirs while they run.
const pageCSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

const (
	pagePrefix = "/sandbox/"
	indexFile  = "index.html"
)

// pageHandler serves Config.Page under /sandbox/; without one, a page that says
// how to build it and what can be called instead.
func pageHandler(files fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, pagePrefix)
		switch {
		case !ok:
			http.Redirect(w, r, pagePrefix, http.StatusFound)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			writeControlError(w, &controlError{status: http.StatusMethodNotAllowed, code: controlMethod, msg: "this page takes GET", allow: "GET, HEAD"})
			return
		case name == "":
			servePage(w, r, files)
			return
		case name != indexFile && serveFile(w, r, files, name):
			return
		}
		writeControlError(w, &controlError{status: http.StatusNotFound, code: controlNotFound, msg: "there is no such page"})
	})
}

// servePage serves the page itself, which is asked for anew each time because it
// names the files of the newest build.
func servePage(w http.ResponseWriter, r *http.Request, files fs.FS) {
	h := w.Header()
	h.Set("Referrer-Policy", "no-referrer")
	if files != nil {
		if index, err := fs.ReadFile(files, indexFile); err == nil {
			h.Set("Content-Security-Policy", pageCSP)
			h.Set("Cache-Control", "no-cache")
			answerFile(w, r, "text/html; charset=utf-8", tagOf(index), index)
			return
		}
	}
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	write(w, http.StatusOK, "text/html; charset=utf-8", []byte(unbuiltPage))
}

// serveFile serves a file of the build, compressed where the client takes that
// and the file is there compressed. False means that there is none.
func serveFile(w http.ResponseWriter, r *http.Request, files fs.FS, name string) bool {
	if files == nil || !fs.ValidPath(name) || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
		return false
	}
	contentType, ok := map[string]string{
		".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	}[path.Ext(name)]
	if !ok {
		return false
	}
	var body []byte
	encoding := ""
	for _, form := range []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}} {
		if form.encoding != "" && !takes(r.Header.Values("Accept-Encoding"), form.encoding) {
			continue
		}
		var err error
		if body, err = fs.ReadFile(files, name+form.suffix); err == nil {
			encoding = form.encoding
			break
		}
	}
	if body == nil {
		return false
	}
	h := w.Header()
	h.Set("Content-Security-Policy", pageCSP)
	h.Set("Vary", "Accept-Encoding")
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		// A hash of what is in it is part of its name.
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	answerFile(w, r, contentType, tagOf(body), body)
	return true
}

// answerFile answers with a body, or says that the client has it already.
func answerFile(w http.ResponseWriter, r *http.Request, contentType, tag string, body []byte) {
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.Header().Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	write(w, http.StatusOK, contentType, body)
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// takes tells whether the client takes an encoding: by name, and not with a
// quality of zero.
func takes(accept []string, encoding string) bool {
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, attributes, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		quality, given := strings.CutPrefix(strings.ReplaceAll(attributes, " ", ""), "q=")
		q, err := strconv.ParseFloat(quality, 64)
		return !given || err != nil || q > 0
	}
	return false
}
