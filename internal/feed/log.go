package feed

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/posthouse/posthouse/internal/page"
)

// Entry is one record of a log with its position. Positions begin at 1, have no gaps, and follow the
// order of commit.
type Entry[T any] struct {
	Position int64
	Value    T
}

// Bounds is what a log still holds.
type Bounds struct {
	// Oldest is the position of the oldest record kept; Newest+1 when the log is empty.
	Oldest int64
	// Newest is the position of the newest record ever written; 0 when there never was one.
	Newest int64
	// Epoch names this log's life. A log that was restored or begun anew has another one.
	Epoch string
}

// Log is what a feed reads. Safe for concurrent use.
type Log[T any] interface {
	// After gives up to limit committed entries with a position greater than after, oldest first.
	After(ctx context.Context, after int64, limit int) ([]Entry[T], error)
	Bounds(ctx context.Context) (Bounds, error)
}

// Cursor is a place in a log as a client keeps it.
type Cursor struct {
	Epoch    string
	Position int64
}

// String is the opaque form.
func (c Cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte("f1:" + c.Epoch + ":" + strconv.FormatInt(c.Position, 10)))
}

// ParseCursor reads what String made. Reason: page.cursor_invalid.
func ParseCursor(s string) (Cursor, error) {
	if len(s) > 128 {
		return Cursor{}, page.ErrCursor
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Cursor{}, page.ErrCursor
	}
	parts := strings.Split(string(raw), ":")
	if len(parts) != 3 || parts[0] != "f1" || parts[1] == "" {
		return Cursor{}, page.ErrCursor
	}
	position, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || position < 0 || strconv.FormatInt(position, 10) != parts[2] {
		return Cursor{}, page.ErrCursor
	}
	return Cursor{Epoch: parts[1], Position: position}, nil
}
