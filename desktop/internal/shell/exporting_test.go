package shell_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var nonceIn = regexp.MustCompile(`nonce: "([^"]+)"`)

// pageOf lets the window's page answer for who is signed in.
func pageOf(t *testing.T, client *http.Client, origin, token string) func(string) {
	t.Helper()
	return func(script string) {
		m := nonceIn.FindStringSubmatch(script)
		if m == nil {
			return
		}
		status, _ := ask(t, client, http.MethodPost, origin+"/.desktop/token", fmt.Sprintf(`{"nonce":%q,"token":%q}`, m[1], token))
		if status != http.StatusNoContent {
			t.Errorf("the token was answered %d", status)
		}
	}
}

func TestTheEventLogIsExportedAsWhoeverIsSignedIn(t *testing.T) {
	t.Parallel()
	var seen []string
	server := elsewhere(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		_, _ = io.WriteString(w, `{"data":{"callbackEventLog":{"nodes":[{"cursor":"1","receivedAt":"2026-03-01T08:00:00Z","payload":{}}],"pageInfo":{"hasNextPage":false}}}}`)
	})
	o := open(t, nil)
	client, origin := o.enter(t, remote(server.URL))
	o.window.page = pageOf(t, client, origin, "secret-token")
	path, offered := filepath.Join(t.TempDir(), "log"), ""
	o.window.save = func(name string) string {
		offered = name
		return path
	}
	o.Export()
	if offered != "posthouse-events-20260301-0930.jsonl" {
		t.Errorf("offered %s", offered)
	}
	if len(seen) != 1 || seen[0] != "Bearer secret-token" {
		t.Errorf("the server saw %v", seen)
	}
	text, err := os.ReadFile(path + ".jsonl")
	if err != nil || string(text) != `{"cursor":"1","receivedAt":"2026-03-01T08:00:00Z","payload":{}}`+"\n" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if told := o.window.last(&o.window.told); !strings.Contains(told, "1 events exported") || !strings.Contains(told, path) {
		t.Errorf("told %q", told)
	}
	if title := o.Title(); strings.Contains(title, "Exporting") {
		t.Errorf("title %q afterwards", title)
	}
}

func TestALongExportGoesOnWithTheTokenThatThePageHasRenewed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		renewed, told string
		left          int
	}{
		"renewed": {"second", "2 events exported", 1},
		"ended":   {"first", "Sign in again, then export the event log once more", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var pages int
			server := elsewhere(t, func(w http.ResponseWriter, r *http.Request) {
				switch token := r.Header.Get("Authorization"); {
				case pages == 0 && token == "Bearer first", pages == 1 && token == "Bearer second":
					pages++
					_, _ = fmt.Fprintf(w, `{"data":{"callbackEventLog":{"nodes":[{"receivedAt":"2026-03-01T08:00:00Z"}],"pageInfo":{"hasNextPage":%t,"endCursor":"x"}}}}`, pages == 1)
				default:
					_, _ = io.WriteString(w, `{"errors":[{"message":"no","extensions":{"code":"UNAUTHENTICATED","reason":"session.expired"}}]}`)
				}
			})
			o := open(t, nil)
			client, origin := o.enter(t, remote(server.URL))
			before, after := pageOf(t, client, origin, "first"), pageOf(t, client, origin, c.renewed)
			o.window.page = func(script string) {
				if pages == 0 {
					before(script)
				} else {
					after(script)
				}
			}
			dir := t.TempDir()
			o.window.save = func(string) string { return filepath.Join(dir, "log.jsonl") }
			o.Export()
			if told := o.window.last(&o.window.told); !strings.Contains(told, c.told) {
				t.Errorf("told %q", told)
			}
			if left, _ := os.ReadDir(dir); len(left) != c.left {
				t.Errorf("in the folder: %v", left)
			}
		})
	}
}

func TestWhoMayNotExportIsTold(t *testing.T) {
	t.Parallel()
	server := elsewhere(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"errors":[{"message":"no","extensions":{"code":"FORBIDDEN","reason":"authz.forbidden"}}]}`)
	})
	o := open(t, nil)
	o.Export()
	if told := o.window.last(&o.window.told); !strings.Contains(told, "Open a posthouse and sign in first") {
		t.Errorf("with nothing open: %q", told)
	}
	client, origin := o.enter(t, remote(server.URL))
	path := filepath.Join(t.TempDir(), "log.jsonl")
	dialogs := 0
	o.window.save = func(string) string {
		dialogs++
		return path
	}
	o.window.page = pageOf(t, client, origin, "")
	o.Export()
	if told := o.window.last(&o.window.told); !strings.Contains(told, "Sign in first") || dialogs != 0 {
		t.Errorf("signed out: %q after %d dialogs", told, dialogs)
	}
	o.window.page = pageOf(t, client, origin, "member")
	o.Export()
	if told := o.window.last(&o.window.told); !strings.Contains(told, "Only owners and administrators") {
		t.Errorf("a member: %q", told)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was written")
	}
	o.window.save = func(string) string { return "" }
	before := len(o.window.told)
	o.Export()
	if len(o.window.told) != before {
		t.Errorf("a cancelled dialog: %q", o.window.last(&o.window.told))
	}
}

func TestARunningExportCanBeStopped(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 99)
	goOn := make(chan struct{})
	pages := 0
	server := elsewhere(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the client is gone
		pages++
		if pages > 1 {
			asked <- struct{}{}
			select {
			case <-goOn:
			case <-r.Context().Done():
				return
			}
		}
		_, _ = io.WriteString(w, `{"data":{"callbackEventLog":{"nodes":[{"receivedAt":"2026-03-01T08:00:00Z"}],"pageInfo":{"hasNextPage":true,"endCursor":"x"}}}}`)
	})
	o := open(t, nil)
	client, origin := o.enter(t, remote(server.URL))
	o.window.page = pageOf(t, client, origin, "token")
	dir := t.TempDir()
	o.window.save = func(string) string { return filepath.Join(dir, "log.jsonl") }
	done := make(chan struct{})
	go func() {
		o.Export()
		close(done)
	}()
	<-asked
	if title := o.Title(); title != "Exporting, 1 events · Posthouse" {
		t.Errorf("title %q", title)
	}
	o.window.yes = true
	o.Export() // asks whether to stop
	<-done
	if told := o.window.last(&o.window.told); !strings.Contains(told, "was stopped") {
		t.Errorf("told %q", told)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTokensAreTakenOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	client, origin := o.enter(t, remote(elsewhere(t, nil).URL))
	for _, body := range []string{`{"nonce":"","token":"x"}`, `{"nonce":"guess","token":"x"}`} {
		if status, _ := ask(t, client, http.MethodPost, origin+"/.desktop/token", body); status != http.StatusForbidden {
			t.Errorf("%s: %d", body, status)
		}
	}
	for _, body := range []string{``, `no`, strings.Repeat("x", 100_000)} {
		if status, _ := ask(t, client, http.MethodPost, origin+"/.desktop/token", body); status != http.StatusBadRequest {
			t.Errorf("%.20s: %d", body, status)
		}
	}
}
