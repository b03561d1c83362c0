//go:build linux

package store_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

// The superuser may write everywhere, so a process that is not one has to try.
func TestAReadOnlyFolderOrFileIsRefused(t *testing.T) {
	t.Parallel()
	binary := copyOfThisBinary(t)
	tests := map[string]func(folder, path string){
		"an existing database in a read-only folder": func(folder, path string) { chmod(t, folder, 0o555) },
		"a read-only database": func(folder, path string) {
			write(t, filepath.Join(folder, "posthouse.lock"), "")
			chmod(t, filepath.Join(folder, "posthouse.lock"), 0o666)
			chmod(t, path, 0o444)
			chmod(t, folder, 0o777)
		},
		"a read-only folder without a database": func(folder, path string) {
			must(t, os.Remove(path))
			chmod(t, folder, 0o555)
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := dbkit.SQLite(t)
			db, err := store.Open(t.Context(), store.Config{DSN: path})
			must(t, err)
			must(t, db.Close())
			must(t, os.Remove(filepath.Join(filepath.Dir(path), "posthouse.lock")))
			chmod(t, path, 0o666)
			prepare(filepath.Dir(path), path)
			t.Cleanup(func() { chmod(t, filepath.Dir(path), 0o755) })
			out := runAsStranger(t, binary, path)
			if !strings.HasPrefix(out, "store.read_only ") || !strings.Contains(out, "cannot be written to") || !strings.Contains(out, filepath.Dir(path)) {
				t.Fatalf("got %s", out)
			}
		})
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	must(t, os.Chmod(path, mode))
}

// copyOfThisBinary puts the test binary where strangers may run it.
func copyOfThisBinary(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	content, err := os.ReadFile(self)
	must(t, err)
	folder := t.TempDir()
	openToStrangers(t, folder)
	binary := filepath.Join(folder, "store.test")
	must(t, os.WriteFile(binary, content, 0o755))
	chmod(t, binary, 0o755)
	return binary
}

// openToStrangers lets everyone pass through the folders down to this one.
func openToStrangers(t *testing.T, folder string) {
	t.Helper()
	for ; folder != os.TempDir() && folder != "/"; folder = filepath.Dir(folder) {
		chmod(t, folder, 0o755)
	}
}

func runAsStranger(t *testing.T, binary, path string) string {
	t.Helper()
	openToStrangers(t, filepath.Dir(filepath.Dir(path)))
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), helpOpen+"="+path)
	cmd.Dir = "/"
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}
