package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

// wantRefused wants Open to fail with the reason and a message of one line that holds every hint.
func wantRefused(t *testing.T, c store.Config, reason string, hints ...string) {
	t.Helper()
	db, err := store.Open(t.Context(), c)
	if err == nil {
		_ = db.Close()
		t.Fatal("it was opened")
	}
	wantReason(t, err, reason)
	own, _ := errors.AsType[*errs.Error](err)
	if strings.ContainsAny(own.Message, "\n") {
		t.Errorf("more than one line: %q", own.Message)
	}
	for _, hint := range hints {
		if !strings.Contains(own.Message, hint) {
			t.Errorf("%q does not tell %q", own.Message, hint)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestWhatWasWrittenIsThereAfterAReopen(t *testing.T) {
	t.Parallel()
	dbkit.EachAddress(t, func(t *testing.T, address string) {
		db, err := store.Open(t.Context(), store.Config{DSN: address})
		must(t, err)
		must(t, create(t.Context(), db, "li"))
		appendEvents(t, db, anEvent(1))
		must(t, db.Close())
		db = dbkit.Open(t, store.Config{DSN: address})
		want(t, "li exists", exists(t, db, "li"), true)
		wantBounds(t, db.Events(), 1, 1)
	})
}

func TestTheSchemaVersionIsThatOfTheLastMigration(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		files, err := filepath.Glob("migrations/" + engine + "/*.sql")
		must(t, err)
		want(t, "migrations of "+engine, len(files), store.SchemaVersion)
	}
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		var version int
		must(t, db.Writer().QueryRowContext(t.Context(), "SELECT MAX(version_id) FROM goose_db_version").Scan(&version))
		want(t, "version", version, store.SchemaVersion)
	})
}

func TestANewerSchemaIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	dbkit.EachAddress(t, func(t *testing.T, address string) {
		db, err := store.Open(t.Context(), store.Config{DSN: address})
		must(t, err)
		_, err = db.Writer().ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, $2)", 99, true)
		must(t, err)
		must(t, db.Close())
		for range 2 {
			wantRefused(t, store.Config{DSN: address}, "store.newer_schema", "99", fmt.Sprint("up to ", store.SchemaVersion), "Run the newer version")
		}
	})
}

func TestServersStartingAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	address := dbkit.Postgres(t)
	if address == "" {
		return
	}
	must(t, errors.Join(atOnce(6, func(int) error {
		db, err := store.Open(t.Context(), store.Config{DSN: address})
		if err != nil {
			return err
		}
		return db.Close()
	})...))
}

func TestASecondServerOnTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	path := dbkit.SQLite(t)
	db, err := store.Open(t.Context(), store.Config{DSN: path})
	must(t, err)
	wantRefused(t, store.Config{DSN: path}, "store.locked", filepath.Dir(path), "Stop it first")
	wantRefused(t, store.Config{DSN: filepath.Join(filepath.Dir(path), "other.db")}, "store.locked")

	visitor := dbkit.Open(t, store.Config{DSN: path, Shared: true})
	must(t, create(t.Context(), visitor, "made"))
	want(t, "the server sees what the visitor made", exists(t, db, "made"), true)
	must(t, visitor.Close())
	must(t, db.Close())
	dbkit.Open(t, store.Config{DSN: path})
}

func TestAVisitorDoesNotMigrateUnderARunningServer(t *testing.T) {
	t.Parallel()
	path := dbkit.SQLite(t)
	db := dbkit.Open(t, store.Config{DSN: path})
	_, err := db.Writer().ExecContext(t.Context(), "DELETE FROM goose_db_version WHERE version_id > 0")
	must(t, err)
	wantRefused(t, store.Config{DSN: path, Shared: true}, "store.locked", filepath.Dir(path))
}

func TestAVisitorMayBeTheFirst(t *testing.T) {
	t.Parallel()
	path := dbkit.SQLite(t)
	visitor := dbkit.Open(t, store.Config{DSN: path, Shared: true})
	must(t, create(t.Context(), visitor, "made"))
}

func TestADamagedFileIsRefused(t *testing.T) {
	t.Parallel()
	healthy := dbkit.SQLite(t)
	db, err := store.Open(t.Context(), store.Config{DSN: healthy})
	must(t, err)
	for n := range 200 {
		appendEvents(t, db, anEvent(n))
	}
	must(t, db.Close())
	good, err := os.ReadFile(healthy)
	must(t, err)
	hole := bytes.Clone(good)
	copy(hole[len(hole)/2:], bytes.Repeat([]byte{0xAB}, 8192))
	damages := map[string][]byte{
		"text":       []byte(strings.Repeat("this is not a database\n", 100)),
		"one byte":   {'x'},
		"cut short":  good[:len(good)/2],
		"overwriten": hole,
	}
	for name, content := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := dbkit.SQLite(t)
			write(t, path, string(content))
			wantRefused(t, store.Config{DSN: path}, "store.damaged", path, "restore a backup")
			after, err := os.ReadFile(path)
			must(t, err)
			want(t, "left alone", bytes.Equal(after, content), true)
		})
	}
}

func TestAnotherProgramsDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	path := dbkit.SQLite(t)
	foreign, err := sql.Open("sqlite", "file:"+path)
	must(t, err)
	_, err = foreign.ExecContext(t.Context(), "CREATE TABLE recipes (id INTEGER)")
	must(t, errors.Join(err, foreign.Close()))
	wantRefused(t, store.Config{DSN: path}, "store.foreign", path, "Name another file")
}

func TestAPathThatCannotHoldADatabaseIsExplained(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	write(t, file, "")
	tests := map[string]struct{ path, reason, hint string }{
		"a file where a folder is wanted": {filepath.Join(file, "x.db"), "store.unreachable", "is not a folder"},
		"a folder where a file is wanted": {folder, "store.unreachable", "Name a file in it"},
		"no folder for the folder":        {filepath.Join(folder, "a", "b", "x.db"), "store.unreachable", "Create it first"},
		"an address of something else":    {"mysql://u:hunter2@h/d", "store.address_invalid", "postgres://"},
		"a file written as an address":    {"file:x.db", "store.address_invalid", "plain file path"},
		"a database in memory":            {":memory:", "store.address_invalid", "plain file path"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantRefused(t, store.Config{DSN: test.path}, test.reason, test.hint)
		})
	}
}

func TestTheFolderIsMadeAndFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "数据 data?#%20")
	path := filepath.Join(folder, "post house.db")
	db := dbkit.Open(t, store.Config{DSN: path})
	must(t, create(t.Context(), db, "li"))
	if runtime.GOOS == "windows" {
		return // permissions work otherwise there
	}
	modes := map[string]os.FileMode{
		folder: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, filepath.Join(folder, "posthouse.lock"): 0o600,
	}
	for name, wanted := range modes {
		info, err := os.Stat(name)
		must(t, err)
		want(t, name, info.Mode().Perm(), wanted)
	}
	entries, err := os.ReadDir(folder)
	must(t, err)
	want(t, "files", len(entries), 4)
}

func TestCommitsAreDurableAndReadersCannotWrite(t *testing.T) {
	t.Parallel()
	db := dbkit.Open(t, store.Config{DSN: dbkit.SQLite(t)})
	for pragma, wanted := range map[string]string{
		"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "5000",
	} {
		var got string
		must(t, db.Writer().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		want(t, pragma, got, wanted)
	}
	_, err := db.Reader().ExecContext(t.Context(), "DELETE FROM accounts")
	wantReason(t, db.Fail(t.Context(), err), "store.read_only")
}

func TestAPasswordInTheAddressIsNeverShown(t *testing.T) {
	t.Parallel()
	const password = "hunter2"
	for name, address := range map[string]string{
		"unparsable":  "postgres://user:" + password + "@host:port/name",
		"unreachable": "postgres://user:" + password + "@127.0.0.1:1/name?connect_timeout=2",
		"bad escape":  "postgres://user:" + password + "%zz@host/name",
		"unknown":     "postgrex://user:" + password + "@host/name",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var logged bytes.Buffer
			_, err := store.Open(t.Context(), store.Config{DSN: address, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
			if err == nil {
				t.Fatal("it was opened")
			}
			if strings.Contains(err.Error()+logged.String(), password) {
				t.Errorf("shown: %v %s", err, logged.String())
			}
			if name == "unreachable" {
				wantReason(t, err, "store.unreachable")
			}
		})
	}
}

func TestAMissingPostgresDatabaseIsExplained(t *testing.T) {
	t.Parallel()
	address := dbkit.Postgres(t)
	if address == "" {
		return
	}
	missing, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	missing.Path += "_missing"
	wantRefused(t, store.Config{DSN: missing.String()}, "store.unreachable", "_missing", "CREATE DATABASE")
}
