package store

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
)

// DefaultFile is the SQLite file used when Config.DSN is empty.
const DefaultFile = "posthouse.db"

// Config says which database to open and how.
type Config struct {
	// DSN is the path of a SQLite file, or the URL of a Postgres database
	// ("postgres://user:password@host:5432/name"). Default: DefaultFile in the working directory.
	// The folder of the file is made if only it is missing.
	DSN string
	// Clock is what limits are counted by. Default: the machine's.
	Clock clock.Clock
	// Logger hears of migrations. It never hears the DSN. Default: silence.
	Logger *slog.Logger
	// Shared opens a SQLite file that a server may be using at the same time, for a short visit such
	// as making an account. Without it the folder is locked, so that two servers never share one.
	// Postgres is always shared.
	Shared bool
	// BusyTimeout is how long SQLite waits for another process's write. Default 5 s.
	BusyTimeout time.Duration
	// MaxConns bounds the connections to Postgres. Default 16.
	MaxConns int
}

// Open opens the database, brings its schema up to date and prepares the stores. It refuses what it
// would harm. Reasons: store.newer_schema (written by a newer version), store.damaged, store.read_only,
// store.locked (another process uses it), store.foreign (another program's file), store.disk_full, store.disk_failed,
// store.unreachable, store.address_invalid. The messages name the path or the server and what to do.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Clock == nil {
		c.Clock = clock.Real()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.DSN == "" {
		c.DSN = DefaultFile
	}
	c.BusyTimeout = durationOr(c.BusyTimeout, 5*time.Second)
	if c.MaxConns <= 0 {
		c.MaxConns = 16
	}
	open := openSQLite
	scheme, _, isURL := strings.Cut(c.DSN, "://")
	switch {
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		open = openPostgres
	case isURL, strings.HasPrefix(c.DSN, "file:"), strings.HasPrefix(c.DSN, "sqlite:"), strings.HasPrefix(c.DSN, ":memory:"):
		return nil, ErrAddress.WithMessage("The database address must be a plain file path or begin with postgres://.")
	}
	db, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	db.group = openGroup(db)
	return db, nil
}
