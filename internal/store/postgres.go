package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/posthouse/posthouse/internal/errs"
)

// migrationLock is the advisory lock under which one of several servers starting at once migrates.
const migrationLock = 0x706f7374686f7573 // "posthous"

func openPostgres(ctx context.Context, c Config) (*DB, error) {
	settings, err := pgx.ParseConfig(c.DSN)
	if err != nil {
		// The parser's error may repeat the address, which has a password in it.
		return nil, ErrAddress.WithMessage("The database address is not a valid Postgres URL. Write it as postgres://user:password@host:5432/database, with special characters of the password percent-encoded.")
	}
	if settings.ConnectTimeout == 0 {
		settings.ConnectTimeout = 5 * time.Second
	}
	db := newDB(Postgres, c)
	pool := stdlib.OpenDB(*settings)
	pool.SetMaxOpenConns(c.MaxConns)
	pool.SetMaxIdleConns(c.MaxConns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db.reader, db.writer = pool, pool
	where := fmt.Sprintf("%q at %s:%d", settings.Database, settings.Host, settings.Port)
	if err := db.migrateAlone(ctx, where); err != nil {
		return nil, errors.Join(explainPostgres(err, where, settings.Password), db.Close())
	}
	return db, nil
}

// migrateAlone migrates while no other server does.
func (db *DB) migrateAlone(ctx context.Context, where string) (err error) {
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return err
	}
	defer func() {
		_, e := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
		err = errors.Join(err, e)
	}()
	return db.migrate(ctx, where, func() error { return nil })
}

// explainPostgres says in one line why the database could not be opened and what to do. It never
// shows the password, not even in the cause.
func explainPostgres(err error, where, password string) error {
	if own, ok := errors.AsType[*errs.Error](err); ok {
		return own
	}
	code := ""
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		code = e.Code
	}
	cause := err
	if password != "" && strings.Contains(err.Error(), password) {
		cause = errors.New("the driver's error is left out because it shows the password")
	}
	switch code {
	case "28P01", "28000":
		return ErrUnreachable.WithMessage("Postgres refused the user name or password for the database %s. Check the address.", where).WithCause(cause)
	case "3D000":
		return ErrUnreachable.WithMessage("There is no database %s. Create it first (CREATE DATABASE), or correct the address.", where).WithCause(cause)
	case "42501":
		return ErrReadOnly.WithMessage("The user may not create tables in the database %s. Grant it CREATE on the schema.", where).WithCause(cause)
	}
	switch known := classify(err); {
	case known == nil:
		return errs.Wrap(cause, "open the database "+where)
	case known.Reason == ErrUnreachable.Reason:
		return ErrUnreachable.WithMessage("The database %s cannot be reached. Check that Postgres is running and that the address is right.", where).WithCause(cause)
	case known.Reason == ErrReadOnly.Reason:
		return ErrReadOnly.WithMessage("The database %s takes no writes, so its schema cannot be brought up to date. Connect to the primary server.", where).WithCause(cause)
	default:
		return known.WithCause(cause)
	}
}
