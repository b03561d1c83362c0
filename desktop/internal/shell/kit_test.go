package shell_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/posthouse/posthouse/desktop/internal/shell"
)

var today = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// window is a Window that only remembers, and a page in it that answers as the app would.
type window struct {
	mu       sync.Mutex
	titles   []string
	told     []string
	outside  []string
	scripts  []string
	zoom     int
	relabels int

	// shown hears of ShowShell; quit of Quit.
	shown, quit chan struct{}
	// page runs scripts; nil ignores them.
	page func(script string)
	// save is what SaveAs answers, and is told the name that was offered.
	save func(name string) string
	yes  bool
}

func newWindow() *window {
	return &window{shown: make(chan struct{}, 9), quit: make(chan struct{}, 9)}
}

func (w *window) ShowShell() { w.shown <- struct{}{} }

func (w *window) Script(text string) {
	w.mu.Lock()
	w.scripts = append(w.scripts, text)
	page := w.page
	w.mu.Unlock()
	if page != nil {
		page(text)
	}
}

func (w *window) SetTitle(title string) { w.note(&w.titles, title) }

func (w *window) SaveAs(_, name, _, _ string) (string, error) { return w.save(name), nil }

func (w *window) Tell(_ shell.Tone, _, text string) { w.note(&w.told, text) }

func (w *window) Ask(string, string) bool { return w.yes }

func (w *window) OpenOutside(address string) { w.note(&w.outside, address) }

func (w *window) Relabel() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.relabels++
}

func (w *window) Zoom(percent int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.zoom = percent
}

func (w *window) ToggleFullScreen() {}

func (w *window) Quit() { w.quit <- struct{}{} }

func (w *window) note(list *[]string, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, text)
}

func (w *window) last(list *[]string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(*list) == 0 {
		return ""
	}
	return (*list)[len(*list)-1]
}

// opened is a shell with its window.
type opened struct {
	*shell.Shell
	window *window
	dir    string
}

func open(t *testing.T, change func(*shell.Config)) opened {
	t.Helper()
	w := newWindow()
	cfg := shell.Config{
		Dir: t.TempDir(), Window: w, UI: fstest.MapFS{"index.html": {Data: []byte(`<meta name="posthouse-root" content="./">`)}}, Logger: slog.New(slog.DiscardHandler), SystemLanguages: []string{"en_GB.UTF-8"},
		Version: "v1.2.3", LogFile: "posthouse.log", Now: func() time.Time { return today },
	}
	if change != nil {
		change(&cfg)
	}
	s := shell.New(cfg)
	t.Cleanup(s.Close)
	return opened{s, w, cfg.Dir}
}

var keyMeta = regexp.MustCompile(`name="posthouse-key" content="([^"]*)"`)

// page loads the shell's page.
func (o opened) page(t *testing.T) string {
	t.Helper()
	w := httptest.NewRecorder()
	o.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("the page was answered %d", w.Code)
	}
	return w.Body.String()
}

// post does what the page's script does.
func (o opened) post(t *testing.T, path string, body any) *httptest.ResponseRecorder {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(string(raw)))
	r.Header.Set("X-Posthouse-Key", keyMeta.FindStringSubmatch(o.page(t))[1])
	w := httptest.NewRecorder()
	o.Handler().ServeHTTP(w, r)
	return w
}

// enter opens a choice and gives a browser that is inside, with the origin.
func (o opened) enter(t *testing.T, choice shell.Choice) (*http.Client, string) {
	t.Helper()
	entrance, problem := o.Open(choice)
	if problem != nil {
		t.Fatal(problem)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	if status, _ := ask(t, client, http.MethodGet, entrance, ""); status != http.StatusOK {
		t.Fatalf("the entrance was answered %d", status)
	}
	u, err := url.Parse(entrance)
	if err != nil {
		t.Fatal(err)
	}
	return client, u.Scheme + "://" + u.Host
}

func ask(t *testing.T, client *http.Client, method, address, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// elsewhere is a Posthouse on another computer, as far as a proxy can tell.
func elsewhere(t *testing.T, graphql http.HandlerFunc) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"status":"ready"}`) })
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<meta name="posthouse-root" content="./">`)
	})
	if graphql != nil {
		mux.HandleFunc("POST /graphql", graphql)
	}
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	return web
}

func remote(address string) shell.Choice { return shell.Choice{Mode: "remote", Address: address} }

func settingsFile(dir string) string { return filepath.Join(dir, "window.json") }

func postWith(t *testing.T, o opened, path, key string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("{}"))
	r.Header.Set("X-Posthouse-Key", key)
	w := httptest.NewRecorder()
	o.Handler().ServeHTTP(w, r)
	return w.Code
}
