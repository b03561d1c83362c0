package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/posthouse/posthouse/internal/errs"
)

// SchemaVersion is the schema this program reads and writes: the number of the last migration.
const SchemaVersion = 2

//go:embed migrations
var migrations embed.FS

// migrator makes the goose provider of an engine.
func (db *DB) migrator() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+string(db.engine))
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	if db.engine == Postgres {
		dialect = goose.DialectPostgres
	}
	return goose.NewProvider(dialect, db.writer, files, goose.WithDisableGlobalRegistry(true))
}

// migrate brings the schema up to date. alone is asked for leave before anything is changed. where
// names the database in messages.
func (db *DB) migrate(ctx context.Context, where string, alone func() error) error {
	provider, err := db.migrator()
	if err != nil {
		return errs.Wrap(err, "read migrations")
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return ErrNewerSchema.WithMessage(
			"The database %s has schema %d, written by a newer Posthouse; this one knows schemas up to %d. Run the newer version, or restore the backup made before the upgrade.",
			where, current, target)
	}
	if current == target {
		return nil
	}
	if err := alone(); err != nil {
		return err
	}
	results, err := provider.Up(ctx)
	if err != nil {
		// goose's own error repeats a statement of ours and the driver's error, which carries the code.
		if partial, ok := errors.AsType[*goose.PartialError](err); ok && partial.Err != nil {
			err = partial.Err
		}
		return fmt.Errorf("migrate: %w", err)
	}
	db.log.InfoContext(ctx, "database schema is up to date", "engine", string(db.engine), "from", current, "to", target, "migrations", len(results))
	return nil
}
