package dbkit

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/store"
)

// ServerVariable names the environment variable with the URL of a Postgres server.
const ServerVariable = "POSTHOUSE_TEST_POSTGRES"

// Each runs fn as a parallel sub-test on each engine, with a fresh, migrated database and the machine's
// clock. The database is closed and dropped when the sub-test ends.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachAddress(t, func(t *testing.T, address string) {
		fn(t, Open(t, store.Config{DSN: address}))
	})
}

// EachClock is Each with a clock that the test moves.
func EachClock(t *testing.T, fn func(t *testing.T, db *store.DB, clk *clock.Fake)) {
	t.Helper()
	EachAddress(t, func(t *testing.T, address string) {
		clk := clock.NewFake(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		fn(t, Open(t, store.Config{DSN: address, Clock: clk}), clk)
	})
}

// EachAddress is Each for tests that open the database themselves: fn gets the address (a DSN) of an
// empty one.
func EachAddress(t *testing.T, fn func(t *testing.T, address string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, SQLite(t))
	})
	server := server(t)
	if server == "" {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, create(t, server))
	})
}

// Open opens a database and closes it when the test ends.
func Open(t testing.TB, c store.Config) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// SQLite gives the path of a SQLite file that does not exist yet, in a folder of the test's own.
func SQLite(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "posthouse.db")
}

// Postgres gives the address of a fresh Postgres database, and "" when there is no server and none is
// required.
func Postgres(t testing.TB) string {
	t.Helper()
	if server := server(t); server != "" {
		return create(t, server)
	}
	return ""
}

func server(t testing.TB) string {
	t.Helper()
	server := os.Getenv(ServerVariable)
	if server == "" {
		if os.Getenv("CI") == "true" {
			t.Errorf("%s is not set, and under CI=true the tests must run on Postgres too", ServerVariable)
		} else {
			t.Logf("NOT TESTED ON POSTGRES: set %s to the URL of a server, or run `make test`", ServerVariable)
		}
	}
	return server
}

// create makes a database with a random name on the server and drops it when the test ends.
func create(t testing.TB, server string) string {
	t.Helper()
	name := "posthouse_test_" + strings.ToLower(rand.Text())
	command(t, t.Context(), server, `CREATE DATABASE `+name+` TEMPLATE template0`)
	t.Cleanup(func() {
		command(t, context.WithoutCancel(t.Context()), server, `DROP DATABASE `+name+` WITH (FORCE)`)
	})
	address, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not a URL", ServerVariable)
	}
	address.Path = "/" + name
	return address.String()
}

func command(t testing.TB, ctx context.Context, server, sql string) {
	t.Helper()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to the test server: %v", err)
	}
	_, err = conn.Exec(ctx, sql)
	if closeErr := conn.Close(ctx); err == nil {
		err = closeErr
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
