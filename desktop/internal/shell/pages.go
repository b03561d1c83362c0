package shell

import (
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"path"

	"github.com/posthouse/posthouse/desktop/internal/backend"
)

//go:embed pages
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "pages/shell.html"))

// maxBody bounds what a page may send to the program, in bytes.
const maxBody = 64 << 10

// pagePolicy of the shell's pages. They are not served over a network; the policy keeps an address or a
// message of an error from ever becoming more than text.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'"

// Handler serves the shell's own pages under the web view's own scheme. Other pages can send requests to
// that scheme too, so whatever changes something wants the key that stands in the page.
func (s *Shell) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.servePage)
	for _, name := range []string{"shell.css", "shell.js", "icon.svg"} {
		mux.Handle("GET /"+name, asset(name))
	}
	mux.HandleFunc("POST /open", s.keyed(s.serveOpen))
	mux.HandleFunc("POST /choose", s.keyed(func(w http.ResponseWriter, _ *http.Request) {
		s.Choose()
		w.WriteHeader(http.StatusNoContent)
	}))
	mux.HandleFunc("POST /language", s.keyed(s.serveLanguage))
	mux.HandleFunc("POST /quit", s.keyed(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		s.window.Quit()
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

// asset serves a file of the pages.
func asset(name string) http.Handler {
	kinds := map[string]string{".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, err := pageFiles.ReadFile("pages/" + name)
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", kinds[path.Ext(name)]+"; charset=utf-8")
		_, _ = w.Write(text)
	})
}

func (s *Shell) keyed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Posthouse-Key")), []byte(s.key)) != 1 {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next(w, r)
	}
}

// pageData is what the template shows.
type pageData struct {
	Key, Language, View, Version string
	// Base is where the assets are.
	Base                       string
	Choice                     Choice
	Place, DataDir, SandboxDir string
	Recent                     []string
	Last                       string
	// Main is the mode whose button stands out.
	Main    backend.Mode
	Problem *backend.Problem
	// Field is set when the problem is about what was typed and is told beside it.
	Field bool
	// Gone is set on the page that a server's absence puts in the place of the server's own.
	Gone  bool
	texts texts
}

// T gives words.
func (d pageData) T(key string, pairs ...string) string { return d.texts.say(key, pairs...) }

func (s *Shell) data() pageData {
	language := s.Language()
	s.mu.Lock()
	defer s.mu.Unlock()
	d := pageData{
		Key: s.key, Base: "/", Language: language, View: string(s.view), Version: s.cfg.Version, Choice: s.choice, Problem: s.problem,
		Place: s.placeOf(s.choice), DataDir: s.cfg.DataDir, SandboxDir: s.sandboxDir(),
		Recent: s.settings.Recent, Last: string(s.settings.Mode), texts: textsOf(language),
	}
	if d.Main = s.settings.Mode; d.Main == "" {
		d.Main = backend.Local
	}
	if s.problem != nil {
		d.Place = s.problem.Place
		if k := s.problem.Kind; k == backend.AddressInvalid || k == backend.AddressInsecure {
			d.View, d.Field, d.Main = string(viewStart), true, backend.Remote
		}
	}
	if d.Choice.Address == "" {
		d.Choice.Address = s.settings.Address
	}
	return d
}

func (s *Shell) servePage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	s.render(w, s.data())
}

func (s *Shell) render(w io.Writer, d pageData) {
	if err := pageTemplate.Execute(w, d); err != nil {
		s.log.Error("a page of the window cannot be drawn", "error", err)
	}
}

// serveOpen answers with the address to go to, or with nothing: then the page is to be loaded again, and
// says why.
func (s *Shell) serveOpen(w http.ResponseWriter, r *http.Request) {
	var choice Choice
	if !readBody(w, r, &choice) {
		return
	}
	if choice.Mode == "" {
		choice = s.chosen() // again
	}
	if !choice.Mode.Valid() {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	entrance, _ := s.Open(choice)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"go": entrance})
}

func (s *Shell) serveLanguage(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Language string `json:"language"`
	}
	if !readBody(w, r, &body) {
		return
	}
	s.ChooseLanguage(body.Language)
	w.WriteHeader(http.StatusNoContent)
}

// serveGone stands in for a page of a server that cannot be reached.
func (s *Shell) serveGone(w http.ResponseWriter, _ *http.Request, p *backend.Problem) {
	d := s.data()
	d.View, d.Problem, d.Place, d.Field, d.Gone, d.Key, d.Base = string(viewProblem), p, p.Place, false, true, "", "/.desktop/"
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusBadGateway)
	s.render(w, d)
}

func readBody(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(into)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
	return err == nil
}

func random() string {
	raw := make([]byte, 24)
	_, _ = rand.Read(raw) // never fails, as its documentation promises
	return base64.RawURLEncoding.EncodeToString(raw)
}

// quoted makes a value of a script from a string.
func quoted(text string) string {
	raw, _ := json.Marshal(text) // a string can always be encoded; < > & and the line separators are escaped
	return string(raw)
}
