package e2e

import (
	"bytes"
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	_ "modernc.org/sqlite"
)

// used makes a data folder that a server has used before.
func used(t *testing.T) (dir string) {
	t.Helper()
	dir = openFolder(t)
	out := posthouse(t, secret("a password", "a password to begin with")+"\n", nil,
		"account", "create", "--username", "first", "--phone", "13800000001", "--password-stdin", "--data", dir)
	if out.Code != 0 {
		t.Fatalf("account create: %s", out.Stderr)
	}
	return dir
}

// openFolder makes a folder that other users can reach, unlike those of t.TempDir.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "posthouse-e2e-data-")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755))
	return dir
}

func database(dir string) string { return filepath.Join(dir, "posthouse.db") }

// openDatabase opens a folder's database as another program would.
func openDatabase(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+database(dir)+"?_txlock=immediate&_pragma=busy_timeout(5000)")
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestAServerThatCannotStartSaysWhyInAFewLines starts servers that cannot run; each must end with a
// message that names the thing at fault and what to do.
func TestAServerThatCannotStartSaysWhyInAFewLines(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(t *testing.T) (args, env, wants []string){
		"port taken": func(t *testing.T) ([]string, []string, []string) {
			address := taken(t)
			return []string{"--listen", address}, nil, []string{address, "another program uses the port"}
		},
		"sandbox's port taken": func(t *testing.T) ([]string, []string, []string) {
			address := taken(t)
			return []string{"--sandbox", "--sandbox-listen", address}, nil, []string{address, "--sandbox-listen"}
		},
		"sandbox for everybody": func(*testing.T) ([]string, []string, []string) {
			return []string{"--sandbox", "--sandbox-listen", "0.0.0.0:0"}, nil, []string{"loopback"}
		},
		"wrong address": func(*testing.T) ([]string, []string, []string) {
			return []string{"--listen", "here"}, nil, []string{`listen: "here"`}
		},
		"unknown flag": func(*testing.T) ([]string, []string, []string) {
			return []string{"--lisen", "127.0.0.1:0"}, nil, []string{`unknown flag --lisen, did you mean "--listen"?`, "posthouse serve --help"}
		},
		"flag without its value": func(*testing.T) ([]string, []string, []string) {
			return []string{"--log-level"}, nil, []string{"--log-level: a value is missing"}
		},
		"stray word": func(*testing.T) ([]string, []string, []string) {
			return []string{"now"}, nil, []string{"unexpected argument now", "posthouse serve --help"}
		},
		"bad environment": func(*testing.T) ([]string, []string, []string) {
			return nil, []string{"POSTHOUSE_SANDBOX=maybe"}, []string{"POSTHOUSE_SANDBOX", "maybe"}
		},
		"bad log level in the environment": func(*testing.T) ([]string, []string, []string) {
			return nil, []string{"POSTHOUSE_LOG_LEVEL=loud"}, []string{`"loud" is none of debug, info, warn, error`}
		},
		"bad keys in the environment": func(*testing.T) ([]string, []string, []string) {
			return nil, []string{"POSTHOUSE_KEYS=" + secret("a key that is none", "HUNTER2-key")}, []string{"keys: key 1 is not base64 of 32 bytes"}
		},
		"bad database URL": func(*testing.T) ([]string, []string, []string) {
			return nil, []string{"POSTHOUSE_DATABASE=mysql://root:" + secret("a database password", "HUNTER2-mysql") + "@db/x"}, []string{"database: not a URL such as postgres://"}
		},
		"unreachable Postgres": func(t *testing.T) ([]string, []string, []string) {
			return nil, []string{"POSTHOUSE_DATABASE=postgres://u:" + secret("a database password", "HUNTER2-pg") + "@" + freeAddress(t) + "/x?connect_timeout=2"}, []string{"Postgres"}
		},
		"unknown key": func(t *testing.T) ([]string, []string, []string) {
			file := writeConfig(t, "listen: 127.0.0.1:0\nwechat:\n  apps:\n    - app_secrt: "+secret("an app secret", "HUNTER2-app")+"\n")
			return []string{"--config", file}, nil, []string{file, "line 4", `"wechat.apps[0].app_secrt"`}
		},
		"wrong kind of value": func(t *testing.T) ([]string, []string, []string) {
			file := writeConfig(t, "sessions:\n  access: "+secret("a misplaced secret", "HUNTER2-misplaced")+"\n")
			return []string{"--config", file}, nil, []string{"line 2: sessions.access wants a duration"}
		},
		"no configuration file": func(*testing.T) ([]string, []string, []string) {
			return []string{"--config", "/nowhere/posthouse.yaml"}, nil, []string{"/nowhere/posthouse.yaml", "no such file"}
		},
		"many wrong settings": func(t *testing.T) ([]string, []string, []string) {
			file := writeConfig(t, "sessions: {access: 5h}\nlogin: {register_role: KING}\nwechat: {apps: [{app_id: wx}]}\n")
			return []string{"--config", file}, nil, []string{"sessions.access: 5h", "login.register_role", "wechat.apps[0]"}
		},
		"key file missing": func(t *testing.T) ([]string, []string, []string) {
			dir := used(t)
			check(t, os.Remove(filepath.Join(dir, "keys")))
			return []string{"--data", dir}, nil, []string{filepath.Join(dir, "keys"), "is missing"}
		},
		"key file damaged": func(t *testing.T) ([]string, []string, []string) {
			dir := used(t)
			check(t, os.WriteFile(filepath.Join(dir, "keys"), []byte("HUNTER2 "+secret("what is left of a key", "HUNTER2-half-a-key")), 0o600))
			return []string{"--data", dir}, nil, []string{filepath.Join(dir, "keys"), "is not base64 of 32 bytes"}
		},
		"another database's key file": func(t *testing.T) ([]string, []string, []string) {
			dir, other := used(t), used(t)
			key, err := os.ReadFile(filepath.Join(other, "keys"))
			check(t, err)
			check(t, os.WriteFile(filepath.Join(dir, "keys"), key, 0o600))
			return []string{"--data", dir}, nil, []string{filepath.Join(dir, "keys"), "not those with which this database was made"}
		},
		"database of a newer version": func(t *testing.T) ([]string, []string, []string) {
			dir := used(t)
			_, err := openDatabase(t, dir).Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
			check(t, err)
			return []string{"--data", dir}, nil, []string{database(dir), "9999", "newer Posthouse"}
		},
		"another program's database": func(t *testing.T) ([]string, []string, []string) {
			dir := used(t)
			check(t, os.Remove(database(dir)))
			_, err := openDatabase(t, dir).Exec("CREATE TABLE somebodys (x)")
			check(t, err)
			return []string{"--data", dir}, nil, []string{database(dir), "another program"}
		},
		"damaged database":       damaged(func(file []byte) []byte { return spoil(file, 5, 9) }),
		"damaged first page":     damaged(func(file []byte) []byte { return spoil(file, 0, 1) }),
		"database cut off":       damaged(func(file []byte) []byte { return file[:len(file)/3] }),
		"no database but a text": damaged(func([]byte) []byte { return bytes.Repeat([]byte("not a database\n"), 1000) }),
		"data folder is a file": func(t *testing.T) ([]string, []string, []string) {
			file := writeConfig(t, "")
			return []string{"--data", file}, nil, []string{file, "not a"}
		},
		"data below a file": func(t *testing.T) ([]string, []string, []string) {
			file := writeConfig(t, "")
			return []string{"--data", filepath.Join(file, "data")}, nil, []string{file, "not a"}
		},
		"database is a folder": func(t *testing.T) ([]string, []string, []string) {
			dir := used(t)
			check(t, os.Remove(database(dir)))
			check(t, os.Mkdir(database(dir), 0o755))
			return []string{"--data", dir}, nil, []string{database(dir), "is a folder"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args, env, wants := begin(t)
			// What the case itself gives comes last and wins.
			base := []string{"serve", "--data", filepath.Join(t.TempDir(), "data"), "--listen", "127.0.0.1:0"}
			out := posthouse(t, "", env, append(base, args...)...)
			out.wantRefusal(t, wants...)
			if out.Stdout != "" {
				t.Errorf("standard output says %q", out.Stdout)
			}
			asJSON := posthouse(t, "", env, append(append(base, "--log-format", "json"), args...)...)
			if asJSON.Code != 1 {
				t.Errorf("with a JSON log the exit code is %d", asJSON.Code)
			}
		})
	}
}

// taken gives an address at which somebody listens until the test ends.
func taken(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// damaged makes a case of a database file that was changed.
func damaged(change func(file []byte) []byte) func(t *testing.T) (args, env, wants []string) {
	return func(t *testing.T) ([]string, []string, []string) {
		dir := used(t)
		before, err := os.ReadFile(database(dir))
		check(t, err)
		check(t, os.WriteFile(database(dir), change(before), 0o600))
		return []string{"--data", dir}, nil, []string{database(dir), "is damaged or not a database", "backup"}
	}
}

// spoil overwrites pages with noise.
func spoil(file []byte, from, to int) []byte {
	const page = 4096
	copy(file[from*page:to*page], bytes.Repeat([]byte{0xA5}, (to-from)*page))
	return file
}

// TestAFolderThatCannotBeWrittenToIsNamed runs as somebody without rights, whoever runs the tests.
func TestAFolderThatCannotBeWrittenToIsNamed(t *testing.T) {
	t.Parallel()
	for name, lock := range map[string]func(t *testing.T, dir string){
		"an empty folder": func(t *testing.T, dir string) { clearFolder(t, dir); check(t, os.Chmod(dir, 0o555)) },
		"the database":    func(t *testing.T, dir string) { check(t, os.Chmod(database(dir), 0o444)) },
		"folder and database": func(t *testing.T, dir string) {
			check(t, os.Chmod(database(dir), 0o444))
			check(t, os.Chmod(dir, 0o555))
		},
		"the folder alone":       func(t *testing.T, dir string) { check(t, os.Chmod(dir, 0o555)) },
		"a key file not to read": func(t *testing.T, dir string) { check(t, os.Chmod(filepath.Join(dir, "keys"), 0o000)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := used(t)
			nobody := giveAway(t, dir)
			lock(t, dir)
			t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
			p := command(t, nil, nil, "serve", "--data", dir, "--listen", "127.0.0.1:0")
			check(t, os.Chmod(scratch, 0o755))
			p.cmd.Dir = dir
			p.cmd.SysProcAttr = nobody
			out := p.finish(t)
			out.wantRefusal(t, dir)
			if !strings.Contains(out.Stderr, "permission denied") && !strings.Contains(out.Stderr, "the right to write") {
				t.Errorf("the message does not say what to do: %s", out.Stderr)
			}
		})
	}
}

func clearFolder(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	check(t, err)
	for _, e := range entries {
		check(t, os.Remove(filepath.Join(dir, e.Name())))
	}
}

// giveAway gives the folder to a user without rights and tells how to run a program as them; whoever
// has none to give away is such a user.
func giveAway(t *testing.T, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	const nobody = 65534
	entries, err := os.ReadDir(dir)
	check(t, err)
	for _, e := range entries {
		check(t, os.Chown(filepath.Join(dir, e.Name()), nobody, nobody))
	}
	check(t, os.Chown(dir, nobody, nobody))
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}}
}

func TestTwoServersCannotShareAFolder(t *testing.T) {
	t.Parallel()
	h := startHouse(t, setup{})
	posthouse(t, "", nil, "serve", "--data", h.setup.Data, "--listen", "127.0.0.1:0").
		wantRefusal(t, h.setup.Data, "Another Posthouse is using the folder")
	// The first one is none the worse for it, and its end makes room.
	h.client().refused(t, viewerOp, nil)
	h.kill()
	second := startHouse(t, setup{Data: h.setup.Data})
	if code := second.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if name := fmt.Sprintf("%s-wal", database(h.setup.Data)); fileExists(name) {
		t.Errorf("an orderly stop leaves %s behind", name)
	}
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
