package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"github.com/posthouse/posthouse/internal/errs"
)

// Errors of this package. Those that Open returns name the path or the server and the remedy in
// their message; those that a request meets at work say only what its sender may know.
var (
	ErrUnreachable = errs.New(errs.Unavailable, "store.unreachable", "The database cannot be reached. Please try again in a moment.")
	ErrBusy        = errs.New(errs.Unavailable, "store.busy", "The database is busy. Please try again in a moment.")
	ErrDiskFull    = errs.New(errs.Unavailable, "store.disk_full", "The database's disk is full. Please ask your administrator.")
	ErrDiskFailed  = errs.New(errs.Unavailable, "store.disk_failed", "The database's disk refuses to work. Please ask your administrator.")
	ErrReadOnly    = errs.New(errs.Unavailable, "store.read_only", "The database cannot be written to. Please ask your administrator.")
	ErrDamaged     = errs.New(errs.Unavailable, "store.damaged", "The database is damaged. Please ask your administrator.")
	ErrClosed      = errs.New(errs.Unavailable, "store.closed", "The server is shutting down.")
	ErrLocked      = errs.New(errs.Unavailable, "store.locked", "Another process is using the database.")
	ErrNewerSchema = errs.New(errs.Unavailable, "store.newer_schema", "The database was written by a newer version.")
	ErrForeign     = errs.New(errs.Unavailable, "store.foreign", "The database belongs to another program.")
	ErrAddress     = errs.New(errs.Invalid, "store.address_invalid", "The database address is not valid.")
)

// Primary result codes of SQLite (the low byte of an extended code) and two extended ones.
const (
	sqliteBusy      = 5
	sqliteLocked    = 6
	sqliteReadOnly  = 8
	sqliteIO        = 10
	sqliteCorrupt   = 11
	sqliteFull      = 13
	sqliteCantOpen  = 14
	sqliteNotADB    = 26
	sqliteUnique    = 2067
	sqliteForeign   = 787
	sqliteInterrupt = 9
)

// SQLSTATE codes of Postgres.
const (
	pgUnique        = "23505"
	pgForeign       = "23503"
	pgSerialization = "40001"
	pgDeadlock      = "40P01"
)

// fail translates what a driver returned, by its code; doing names the step for the log. Errors of
// ours pass unchanged, nil stays nil.
func (db *DB) fail(ctx context.Context, err error, doing string) error {
	if err == nil {
		return nil
	}
	if own, ok := errors.AsType[*errs.Error](err); ok {
		return own
	}
	if db.closed.Load() {
		return ErrClosed.WithCause(err)
	}
	switch ended := ctx.Err(); {
	case errors.Is(ended, context.DeadlineExceeded):
		return ErrBusy.WithCause(errors.Join(ended, err))
	case ended != nil: // whoever asked has left
		return errs.Wrap(errors.Join(ended, err), doing)
	}
	if known := classify(err); known != nil {
		return known.WithCause(err)
	}
	return errs.Wrap(err, doing)
}

// classify gives the error that tells users what a driver error means, nil when it means nothing to
// them.
func classify(err error) *errs.Error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return classifySQLite(e.Code())
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return classifyPostgres(e.Code)
	}
	if disconnected(err) {
		return ErrUnreachable
	}
	return nil
}

func classifySQLite(code int) *errs.Error {
	switch code & 0xff {
	case sqliteBusy, sqliteLocked, sqliteInterrupt:
		return ErrBusy
	case sqliteFull:
		return ErrDiskFull
	case sqliteIO: // also what quotas and limits on the size of files come to
		return ErrDiskFailed
	case sqliteReadOnly:
		return ErrReadOnly
	case sqliteCorrupt, sqliteNotADB:
		return ErrDamaged
	case sqliteCantOpen:
		return ErrUnreachable
	}
	return nil
}

func classifyPostgres(code string) *errs.Error {
	switch code {
	case pgSerialization, pgDeadlock, "55P03", "57014": // lock not available, query cancelled
		return ErrBusy
	case "53100":
		return ErrDiskFull
	case "25006": // read-only transaction: a standby, or a server told to refuse writes
		return ErrReadOnly
	case "XX001", "XX002": // corrupted data, corrupted index
		return ErrDamaged
	case "57P01", "57P02", "57P03", "53300": // shut down, crashed, starting, too many connections
		return ErrUnreachable
	}
	if len(code) == 5 && code[:2] == "08" { // connection exceptions
		return ErrUnreachable
	}
	return nil
}

// disconnected tells whether err means that the connection to Postgres broke or could not be made.
func disconnected(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

// lostRace tells whether Postgres ended the transaction for another one's sake, so that running it
// again makes sense.
func lostRace(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == pgSerialization || e.Code == pgDeadlock)
}

// violatesUnique tells whether err is a violation of a unique constraint other than the primary key.
// Postgres names the constraint and it must be the one given; SQLite tells by the code no more than
// that, so a statement whose caller asks must leave only one that can be violated.
func violatesUnique(err error, constraint string) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqliteUnique
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == pgUnique && e.ConstraintName == constraint
}

// violatesForeign is violatesUnique for foreign keys.
func violatesForeign(err error, constraint string) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqliteForeign
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == pgForeign && e.ConstraintName == constraint
}
