package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func TestAFullDiskIsReportedAndNothingIsHalfWritten(t *testing.T) {
	t.Parallel()
	db := dbkit.Open(t, store.Config{DSN: dbkit.SQLite(t)})
	appendEvents(t, db, anEvent(1))
	var pages int
	must(t, db.Writer().QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages))
	limit := func(n int) {
		_, err := db.Writer().ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", n))
		must(t, err)
	}
	limit(pages) // the disk has room for what is there
	big := anEvent(2)
	big.Payload = []byte(strings.Repeat("x", 100_000))
	_, _, err := db.Events().Append(t.Context(), big)
	wantReason(t, err, "store.disk_full")
	want(t, "code", errs.CodeOf(err), errs.Unavailable)
	err = db.InTx(t.Context(), func(ctx context.Context) error {
		must(t, create(ctx, db, "half"))
		return create(ctx, db, strings.Repeat("long", 50_000))
	})
	wantReason(t, err, "store.disk_full")
	want(t, "half exists", exists(t, db, "half"), false)
	wantBounds(t, db.Events(), 1, 1)

	limit(pages + 1000) // somebody made room
	position, isNew, err := db.Events().Append(t.Context(), big)
	if err != nil || !isNew || position != 2 {
		t.Fatal(position, isNew, err)
	}
}

func TestAnotherProcessWritingIsWaitedForAndThenReported(t *testing.T) {
	t.Parallel()
	path := dbkit.SQLite(t)
	db := dbkit.Open(t, store.Config{DSN: path, BusyTimeout: time.Millisecond})
	other := dbkit.Open(t, store.Config{DSN: path, Shared: true})
	must(t, other.InTx(t.Context(), func(ctx context.Context) error {
		must(t, create(ctx, other, "other"))
		wantReason(t, create(t.Context(), db, "mine"), "store.busy")
		_, _, err := db.Events().Append(t.Context(), anEvent(1))
		wantReason(t, err, "store.busy")
		want(t, "reads go on: other exists", exists(t, db, "other"), false)
		return nil
	}))
	must(t, create(t.Context(), db, "mine"))
	want(t, "other exists", exists(t, db, "other"), true)
}

func TestALostConnectionIsReportedAndMadeAnew(t *testing.T) {
	t.Parallel()
	address := dbkit.Postgres(t)
	if address == "" {
		return
	}
	db := dbkit.Open(t, store.Config{DSN: address})
	admin, err := pgx.Connect(t.Context(), address)
	must(t, err)
	defer func() { _ = admin.Close(context.WithoutCancel(t.Context())) }()
	cut := func() {
		_, err := admin.Exec(t.Context(),
			"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		must(t, err)
	}
	// Each dead connection that was idle may fail one more caller; then all are new.
	soon := func(call func() error) {
		t.Helper()
		for range 17 {
			if err = call(); err == nil {
				return
			}
			wantReason(t, err, "store.unreachable")
		}
		t.Fatal("no new connection was made")
	}

	err = db.InTx(t.Context(), func(ctx context.Context) error {
		must(t, create(ctx, db, "half"))
		cut()
		return create(ctx, db, "other")
	})
	wantReason(t, err, "store.unreachable")
	soon(func() error { return db.Ping(t.Context()) })
	soon(func() error {
		_, err := db.Accounts().Get(t.Context(), "acct_nobody")
		if errs.ReasonOf(err) == "account.not_found" {
			return nil
		}
		return err
	})
	want(t, "half exists", exists(t, db, "half"), false)

	_, err = store.Grouped(t.Context(), db, func(ctx context.Context) (int, error) {
		cut()
		return 0, create(ctx, db, "grouped")
	})
	wantReason(t, err, "store.unreachable")
	soon(func() error {
		_, _, err := db.Events().Append(t.Context(), anEvent(1))
		return err
	})
	wantBounds(t, db.Events(), 1, 1)
}

func TestDriverErrorsAreTranslatedByCode(t *testing.T) {
	t.Parallel()
	db := dbkit.Open(t, store.Config{DSN: dbkit.SQLite(t)})
	tests := []struct {
		err    error
		reason string
	}{
		{&pgconn.PgError{Code: "53100"}, "store.disk_full"},
		{&pgconn.PgError{Code: "40P01"}, "store.busy"},
		{&pgconn.PgError{Code: "55P03"}, "store.busy"},
		{&pgconn.PgError{Code: "25006"}, "store.read_only"},
		{&pgconn.PgError{Code: "XX001"}, "store.damaged"},
		{&pgconn.PgError{Code: "08006"}, "store.unreachable"},
		{&pgconn.PgError{Code: "57P01"}, "store.unreachable"},
		{&pgconn.PgError{Code: "53300"}, "store.unreachable"},
		{&pgconn.PgError{Code: "42601"}, "internal"},
		{&net.OpError{Op: "read", Err: errors.New("reset")}, "store.unreachable"},
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), "store.unreachable"},
		{errors.New("something else"), "internal"},
	}
	for _, test := range tests {
		err := db.Fail(t.Context(), fmt.Errorf("wrapped: %w", test.err))
		wantReason(t, err, test.reason)
		if !errors.Is(err, test.err) {
			t.Errorf("%v lost its cause", err)
		}
	}
	want(t, "nil stays nil", db.Fail(t.Context(), nil), nil)
}
