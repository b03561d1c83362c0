package backend_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	_ "modernc.org/sqlite"

	"github.com/posthouse/posthouse/desktop/internal/backend"
)

var (
	silent = slog.New(slog.DiscardHandler)
	app    = fstest.MapFS{"index.html": {Data: []byte(`<meta name="posthouse-root" content="./">`)}}
)

// folder opens a Posthouse in a folder once, so that it is there.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	b, err := backend.OpenLocal(t.Context(), backend.LocalConfig{DataDir: dir, UI: app, Logger: silent})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func problem(t *testing.T, err error) *backend.Problem {
	t.Helper()
	p, ok := errors.AsType[*backend.Problem](err)
	if !ok {
		t.Fatalf("no problem: %v", err)
	}
	return p
}

func TestAFreshFolderIsMadeAndServed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	b, err := backend.OpenLocal(t.Context(), backend.LocalConfig{DataDir: dir, UI: app, Logger: silent})
	if err != nil {
		t.Fatal(err)
	}
	running := run(t, b)
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	if w.Code != http.StatusOK || b.Place() != dir {
		t.Errorf("readyz: %d, place %s", w.Code, b.Place())
	}
	running.stop(t)
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the folder is open to others: %v %v", info.Mode(), err)
	}
}

type running struct {
	cancel context.CancelFunc
	ended  chan error
	b      backend.Backend
}

func run(t *testing.T, b backend.Backend) running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := running{cancel, make(chan error, 1), b}
	go func() { r.ended <- b.Run(ctx) }()
	return r
}

func (r running) stop(t *testing.T) {
	t.Helper()
	r.cancel()
	if err := errors.Join(<-r.ended, r.b.Close()); err != nil {
		t.Error(err)
	}
}

func TestFoldersThatCannotBeOpenedSayWhy(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	cases := map[backend.Kind]func(t *testing.T, dir string) string{
		backend.DataLocked: func(t *testing.T, dir string) string {
			other, err := backend.OpenLocal(t.Context(), backend.LocalConfig{DataDir: dir, UI: app, Logger: silent})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = other.Close() })
			return dir
		},
		backend.DataNewer: func(t *testing.T, dir string) string {
			change(t, dir, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
			return dir
		},
		backend.DataForeign: func(t *testing.T, dir string) string {
			for _, name := range []string{"posthouse.db", "posthouse.db-wal", "posthouse.db-shm"} {
				_ = os.Remove(filepath.Join(dir, name))
			}
			change(t, dir, `CREATE TABLE somebody_elses (x)`)
			return dir
		},
		backend.DataDamaged: func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "posthouse.db"), strings.Repeat("no database ", 4096))
			return dir
		},
		backend.KeysMissing: func(t *testing.T, dir string) string {
			if err := os.Remove(filepath.Join(dir, "keys")); err != nil {
				t.Fatal(err)
			}
			return dir
		},
		backend.KeysInvalid: func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "keys"), "not a key\n")
			return dir
		},
		backend.SettingsInvalid: func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, backend.SettingsFile), "login:\n  factors: [GUESS]\n")
			return dir
		},
		backend.PortTaken: func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, backend.SettingsFile), "listen: "+taken.Addr().String()+"\n")
			return dir
		},
		backend.DataReadOnly: func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "a-file"), "")
			return filepath.Join(dir, "a-file", "data")
		},
	}
	for kind, prepare := range cases {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			dir := prepare(t, folder(t))
			b, err := backend.OpenLocal(t.Context(), backend.LocalConfig{DataDir: dir, UI: app, Logger: silent})
			if err == nil {
				_ = b.Close()
				t.Fatal("it opened")
			}
			p := problem(t, err)
			if p.Kind != kind || !strings.HasPrefix(p.Place, dir) || p.Detail() == "" {
				t.Errorf("kind %s at %s: %v", p.Kind, p.Place, p)
			}
		})
	}
}

func change(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "posthouse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheFirstPageMakesTheOwner(t *testing.T) {
	t.Parallel()
	b, err := backend.OpenLocal(t.Context(), backend.LocalConfig{DataDir: t.TempDir(), UI: app, Logger: silent})
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, b)
	defer r.stop(t)
	first, err := b.FirstPage(t.Context())
	path, token, found := strings.Cut(first, "#token=")
	if err != nil || path != "/setup" || !found {
		t.Fatalf("%s, %v", first, err)
	}
	ask := func(body string) string {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		b.Handler().ServeHTTP(w, request)
		return w.Body.String()
	}
	answer := ask(`{"query":"mutation($i: SetUpOwnerInput!) { setUpOwner(input: $i) { account { roles } } }","variables":{"i":` +
		`{"token":"` + token + `","username":"owner","password":"correct horse 9","phone":"+8613800000001"}}}`)
	if !strings.Contains(answer, "OWNER") {
		t.Fatalf("set up: %s", answer)
	}
	if first, err := b.FirstPage(t.Context()); first != "/" || err != nil {
		t.Errorf("with an owner: %s, %v", first, err)
	}
	// No robot is there that could bring a code, so the password suffices here.
	if answer := ask(`{"query":"mutation { login(input: {username: \"owner\", password: \"correct horse 9\"}) { account { roles } } }"}`); !strings.Contains(answer, "OWNER") {
		t.Errorf("sign in: %s", answer)
	}
}

func TestWithoutTheAppThereIsNothingToShow(t *testing.T) {
	t.Parallel()
	_, err := backend.OpenLocal(t.Context(), backend.LocalConfig{DataDir: t.TempDir(), UI: fstest.MapFS{}, Logger: silent})
	if p := problem(t, err); p.Kind != backend.BuiltWithoutApp {
		t.Error(p)
	}
}

func TestSettingsNeverShowWhatTheyHold(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an unknown key":  "dingtalk:\n  apps:\n    - app_secret: hush-hush\n      colour: red\n",
		"another folder":  "data: /elsewhere\n",
		"no YAML":         "\t: hush-hush",
		"a list":          "- hush-hush\n",
		"the wrong shape": "login: hush-hush\n",
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, backend.SettingsFile), text)
		_, err := backend.OpenLocal(t.Context(), backend.LocalConfig{DataDir: dir, UI: app, Logger: silent})
		p := problem(t, err)
		if p.Kind != backend.SettingsInvalid || strings.Contains(p.Error(), "hush-hush") {
			t.Errorf("%s: %v", name, p)
		}
	}
}

func TestTheSandboxPushesToTheAddressItWasTold(t *testing.T) {
	t.Parallel()
	b, err := backend.OpenLocal(t.Context(), backend.LocalConfig{DataDir: t.TempDir(), Sandbox: true, UI: app, Logger: silent})
	if err != nil {
		t.Fatal(err)
	}
	pushed := make(chan string, 4)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pushed <- r.URL.Path
		http.StripPrefix("/secret", b.Handler()).ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	err = b.Introduce(t.Context(), func(app string) string { return web.URL + "/secret/callbacks/dingtalk/" + app })
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, b)
	defer r.stop(t)

	// The control API lies behind the same handler; it wants to be asked as 127.0.0.1.
	body := bytes.NewBufferString(`{"eventType":"user_add_org","data":{"userId":["zhangsan"]}}`)
	ask := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:1/sandbox/api/events", body)
	ask.RemoteAddr = "127.0.0.1:5"
	ask.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, ask)
	var answer struct {
		Delivered bool `json:"delivered"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || !answer.Delivered {
		t.Errorf("push: %d %s", w.Code, w.Body)
	}
	if got := <-pushed; got != "/secret/callbacks/dingtalk/sandbox" {
		t.Errorf("pushed to %s", got)
	}
}

func TestTheSandboxIsMarkedAsOneInTheAppAndInItsFolder(t *testing.T) {
	t.Parallel()
	for name, sandbox := range map[string]bool{"the sandbox": true, "this computer": false} {
		cfg := backend.LocalConfig{DataDir: t.TempDir(), Sandbox: sandbox, UI: app, Logger: silent}
		b, err := backend.OpenLocal(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		r := run(t, b)
		ask := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(`{"query":"{ house { sandbox } }"}`))
		ask.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		b.Handler().ServeHTTP(w, ask)
		if want := fmt.Sprintf(`{"data":{"house":{"sandbox":%t}}}`, sandbox); strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%s: %s", name, w.Body)
		}
		r.stop(t)
		cfg.Sandbox = !sandbox
		if b, err := backend.OpenLocal(t.Context(), cfg); err == nil {
			_ = b.Close()
			t.Errorf("the folder of %s was opened as the other", name)
		}
	}
}
