package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"

	"github.com/posthouse/posthouse/internal/errs"
)

const (
	// sqliteReaders is the size of the read pool.
	sqliteReaders = 4
	// checkUpTo is the size in bytes up to which a file is checked whole when opened; beyond it the
	// check would take longer than a start may. Damage met later is reported as store.damaged too.
	checkUpTo = 8 << 20
	// sqliteHeader is what every database file begins with.
	sqliteHeader = "SQLite format 3\x00"
)

func openSQLite(ctx context.Context, c Config) (*DB, error) {
	path, err := filepath.Abs(c.DSN)
	if err != nil {
		return nil, ErrAddress.WithMessage("The database path %q is not valid.", c.DSN).WithCause(err)
	}
	if err := prepareFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	db := newDB(SQLite, c)
	if err := db.openFile(ctx, c, path); err != nil {
		// Close gives the lock back; what it says besides cannot matter any more.
		_ = db.Close()
		return nil, explainSQLite(err, path)
	}
	return db, nil
}

func (db *DB) openFile(ctx context.Context, c Config, path string) (err error) {
	if !c.Shared {
		if db.unlock, err = lockFolder(path); err != nil {
			return err
		}
	}
	size, err := prepareFile(path)
	if err != nil {
		return err
	}
	if db.writer, err = openPool(sqliteDSN(path, c, false), 1); err != nil {
		return err
	}
	if err := db.checkFile(ctx, path, size); err != nil {
		return err
	}
	alone := func() error {
		if !c.Shared {
			return nil
		}
		unlock, err := lockFolder(path)
		db.unlock = unlock
		return err
	}
	if err := db.migrate(ctx, path, alone); err != nil {
		return err
	}
	db.reader, err = openPool(sqliteDSN(path, c, true), sqliteReaders)
	return err
}

// openPool opens connections that live as long as the pool: their prepared statements and page
// caches are worth keeping, and there is no server that could tire of them.
func openPool(dsn string, conns int) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

// sqliteDSN has busy_timeout first, so that the pragmas after it wait as well.
func sqliteDSN(path string, c Config, readOnly bool) string {
	pragmas := []string{
		fmt.Sprintf("busy_timeout(%d)", c.BusyTimeout.Milliseconds()),
		"journal_mode(WAL)", "foreign_keys(1)", "synchronous(FULL)",
	}
	if readOnly {
		pragmas = append(pragmas, "query_only(1)")
	} else {
		pragmas = append(pragmas, "cache_size(-8192)") // KiB; readers have the default of 2 MiB each
	}
	values := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}, "_dqs": {"0"}}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/… on Windows
	}
	return "file://" + (&url.URL{Path: slashed}).EscapedPath() + "?" + values.Encode()
}

// checkFile refuses what is damaged or not ours, before anything is written to it.
func (db *DB) checkFile(ctx context.Context, path string, size int64) error {
	if size == 0 {
		return db.writer.PingContext(ctx)
	}
	var tables, ours int
	err := db.writer.QueryRowContext(ctx,
		"SELECT COUNT(*), COUNT(CASE WHEN name = 'goose_db_version' THEN 1 END) FROM sqlite_master WHERE type = 'table'").Scan(&tables, &ours)
	if err != nil {
		return err
	}
	if tables > 0 && ours == 0 {
		return ErrForeign.WithMessage("%s is the database of another program. Name another file.", path)
	}
	if size > checkUpTo {
		return nil
	}
	var verdict string
	if err := db.writer.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return ErrDamaged.WithCause(errors.New(verdict))
	}
	return nil
}

// prepareFolder makes the folder if only it is missing.
func prepareFolder(folder string) error {
	info, err := os.Stat(folder)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return ErrUnreachable.WithMessage("%s is not a folder, so no database can be kept in it. Name another path.", folder)
	}
	err = os.Mkdir(folder, 0o700)
	if err == nil || errors.Is(err, os.ErrExist) {
		return nil
	}
	if known := explainFile(err, folder); known != nil {
		return known
	}
	return ErrUnreachable.WithMessage("The folder %s does not exist and could not be made. Create it first, or name another path.", folder).WithCause(err)
}

var errNotDatabase = errors.New("the file does not begin as a database does")

// prepareFile makes the file readable by its owner alone, which SQLite would not, and gives its size.
func prepareFile(path string) (int64, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return 0, ErrUnreachable.WithMessage("%s is a folder. Name a file in it, such as %s.", path, filepath.Join(path, DefaultFile))
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	header := make([]byte, len(sqliteHeader))
	n, err := io.ReadFull(file, header)
	info, statErr := file.Stat()
	if err := errors.Join(statErr, file.Close()); err != nil {
		return 0, err
	}
	if n > 0 && string(header) != sqliteHeader {
		// SQLite itself takes a very short file for an empty database and writes over it.
		return 0, ErrDamaged.WithCause(errors.Join(errNotDatabase, err))
	}
	return info.Size(), nil
}

// explainSQLite says in one line why the file could not be opened and what to do.
func explainSQLite(err error, path string) error {
	own, ok := errors.AsType[*errs.Error](err)
	if ok && own.Reason != ErrDamaged.Reason {
		return own
	}
	if known := explainFile(err, path); known != nil {
		return known
	}
	known := own
	if !ok {
		known = classify(err)
	}
	if known == nil {
		return errs.Wrap(err, "open the database "+path)
	}
	switch known.Reason {
	case ErrDamaged.Reason:
		known = ErrDamaged.WithMessage("%s is damaged or not a database. Move it (with its -wal and -shm files) away and restore a backup.", path)
	case ErrBusy.Reason:
		known = ErrLocked.WithMessage("Another process is writing to the database %s. Stop it, or wait until it has finished.", path)
	case ErrReadOnly.Reason, ErrUnreachable.Reason:
		known = readOnly(path)
	case ErrDiskFull.Reason:
		known = diskFull(path)
	case ErrDiskFailed.Reason:
		known = ErrDiskFailed.WithMessage("The disk that holds %s refuses to work. Look for a quota or limit that has been reached, and at the system's log for a failing disk.", path)
	}
	if own != nil && own.Unwrap() != nil {
		err = own.Unwrap() // the rest of it has been said
	}
	return known.WithCause(err)
}

// explainFile is explainSQLite for what the operating system said; nil when it said nothing known.
func explainFile(err error, path string) *errs.Error {
	if _, ok := errors.AsType[*sqlite.Error](err); ok {
		return nil
	}
	switch {
	case errors.Is(err, os.ErrPermission), isReadOnlyDisk(err):
		return readOnly(path).WithCause(err)
	case isDiskFull(err):
		return diskFull(path).WithCause(err)
	}
	return nil
}

func readOnly(path string) *errs.Error {
	return ErrReadOnly.WithMessage("%s cannot be written to. Give the user that runs Posthouse the right to write to the file and its folder, or name another path.", path)
}

func diskFull(path string) *errs.Error {
	return ErrDiskFull.WithMessage("The disk that holds %s is full. Make room and start again.", path)
}
