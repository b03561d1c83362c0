package server_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/testkit/dbkit"
	"github.com/posthouse/posthouse/server"
)

func keyFile(dir string) string { return filepath.Join(dir, "keys") }

func readKeys(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(keyFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeKeys(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(keyFile(dir), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newKey makes a line of a key file whose key is one byte again and again.
func newKey(b byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32)) + "\n"
}

// started opens a server on the folder and closes it again, so that there is a database.
func started(t *testing.T, dir string) {
	t.Helper()
	srv, err := server.New(t.Context(), quiet(dir))
	if err != nil {
		t.Fatal(err)
	}
	closeServer(t, srv)
}

func TestTheFirstStartMakesAKeyFileForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "below", "data")
	started(t, dir)
	made := readKeys(t, dir)
	if key, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(made, "\n")); err != nil || len(key) != 32 {
		t.Errorf("the key file holds %d bytes that decode to %d", len(made), len(key))
	}
	for _, name := range []string{"keys", "posthouse.db"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the permissions %o", name, info.Mode().Perm())
		}
	}
	started(t, dir)
	if readKeys(t, dir) != made {
		t.Error("the second start made other keys")
	}
	if drafts, _ := filepath.Glob(filepath.Join(dir, "keys.*")); len(drafts) > 0 {
		t.Errorf("drafts stay behind: %v", drafts)
	}
}

func TestADatabaseWithoutItsKeysIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"missing":                {"", "is missing"},
		"empty":                  {"\n", "there is no key in it"},
		"cut off":                {"HUNTER2HUNTER2HUNTER2\n", "key 1 is not base64 of 32 bytes"},
		"no base64":              {"HUNTER2 is not a key\n", "key 1 is not base64 of 32 bytes"},
		"broken at its end":      {newKey(1) + "HUNTER2\n", "key 2 is not base64 of 32 bytes"},
		"another installation's": {newKey(7), "not those with which this database was made"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			started(t, dir)
			right := readKeys(t, dir)
			writeKeys(t, dir, c.file)
			if c.file == "" {
				_ = os.Remove(keyFile(dir))
			}
			srv, err := server.New(t.Context(), quiet(dir))
			if err == nil {
				closeServer(t, srv)
				t.Fatal("the server starts")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), keyFile(dir)) || strings.Contains(err.Error(), "HUNTER2") {
				t.Errorf("got %v", err)
			}
			if _, err := os.Stat(keyFile(dir)); c.file == "" && err == nil {
				t.Error("a new key file took the place of the missing one")
			}
			writeKeys(t, dir, right)
			started(t, dir)
		})
	}
}

func TestAPostgresDatabaseWithoutItsKeysIsRefused(t *testing.T) {
	t.Parallel()
	cfg := quiet(t.TempDir())
	cfg.Database = server.NewSecret(dbkit.Postgres(t))
	srv, err := server.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	closeServer(t, srv)
	right := readKeys(t, cfg.DataDir)
	if err := os.Remove(keyFile(cfg.DataDir)); err != nil {
		t.Fatal(err)
	}
	if _, err := server.New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(keyFile(cfg.DataDir)); err == nil {
		t.Error("a new key file took the place of the missing one")
	}
	writeKeys(t, cfg.DataDir, right)
	srv, err = server.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	closeServer(t, srv)
}

func TestKeysAreRotatedByPuttingANewOneInFront(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := open(t, quiet(dir))
	_, token := login(t, srv, "keeper", "13800000001", "ADMIN")
	robot := server.NewRobot{Name: "ops", Webhook: server.NewSecret("a-token-of-a-robot"), Secret: server.NewSecret("SEC0123456789")}
	if err := srv.EnsureRobot(t.Context(), robot); err != nil {
		t.Fatal(err)
	}
	closeServer(t, srv)

	old := readKeys(t, dir)
	writeKeys(t, dir, newKey(9)+old)
	srv = open(t, quiet(dir))
	if answer := ask(t, srv.Handler(), token, "{ viewer { username } robots { nodes { name } } }", nil); !strings.Contains(answer, `"keeper"`) || !strings.Contains(answer, `"ops"`) {
		t.Errorf("under a new key the old session sees %s", answer)
	}
	// The same webhook again: that it is taken is found by a hash under the old key.
	robot.Name = "again"
	if err := srv.EnsureRobot(t.Context(), robot); server.Reason(err) != "robot.webhook_taken" {
		t.Errorf("the same webhook again gives %v", err)
	}
	closeServer(t, srv)

	writeKeys(t, dir, newKey(9)) // the old one may go, with what it sealed
	started(t, dir)
	writeKeys(t, dir, old)
	if _, err := server.New(t.Context(), quiet(dir)); err == nil || !strings.Contains(err.Error(), "not those with which") {
		t.Errorf("the old key alone gives %v", err)
	}
}

func TestKeysOfTheConfigurationNeedNoFile(t *testing.T) {
	t.Parallel()
	cfg := quiet(t.TempDir())
	cfg.Keys = []server.Secret{server.NewSecret(strings.TrimSpace(newKey(3)))}
	srv := open(t, cfg)
	closeServer(t, srv)
	if _, err := os.Stat(keyFile(cfg.DataDir)); err == nil {
		t.Error("a key file was made all the same")
	}
	cfg.Keys = []server.Secret{server.NewSecret(strings.TrimSpace(newKey(4)))}
	if _, err := server.New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "the keys of the configuration are not those") {
		t.Errorf("got %v", err)
	}
}

func TestAKeyFileThatOthersCanReadIsMentioned(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // its permissions say nothing there
	}
	cfg := quiet(t.TempDir())
	started(t, cfg.DataDir)
	if err := os.Chmod(keyFile(cfg.DataDir), 0o644); err != nil {
		t.Fatal(err)
	}
	var said logBook
	cfg.Logger = said.logger()
	closeServer(t, open(t, cfg))
	if !strings.Contains(said.String(), "chmod 600") {
		t.Errorf("the log says %q", said.String())
	}
}

func TestManyFirstStartsAtOnceAgreeOnOneKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made := make(chan error, 8)
	for i := range cap(made) {
		go func() {
			_, err := server.CreateAccount(t.Context(), quiet(dir), server.NewAccount{
				Username: "someone" + string(rune('a'+i)), Phone: "1380000000" + string(rune('1'+i)), Password: server.NewSecret(password), Role: "MEMBER",
			})
			made <- err
		}()
	}
	succeeded := 0
	for range cap(made) {
		if err := wait(t, "an account", made); err == nil {
			succeeded++
		} else if !strings.Contains(err.Error(), "Another Posthouse is using the folder") && !strings.Contains(err.Error(), "Another process") {
			t.Errorf("one of them says %v", err)
		}
	}
	if succeeded == 0 {
		t.Error("none of them made an account")
	}
	started(t, dir)
}
