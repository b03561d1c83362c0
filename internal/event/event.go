package event

import (
	"context"
	"encoding/json"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
)

// Event is one callback event as the log keeps it.
type Event struct {
	// Position orders the log, without gaps, in the order of commit.
	Position int64
	ID       id.Event
	// App is the platform app it was pushed to, by its name in the configuration.
	App string
	// DedupeKey is the platform's eventId, or a hash of what tells events apart when there is none.
	// Unique within App.
	DedupeKey string
	// Type is the platform's own word ("user_add_org").
	Type string
	// CorpID is the company; empty when the push names none.
	CorpID string
	// OccurredAt is when the platform says it happened; ReceivedAt when it was stored.
	OccurredAt time.Time
	ReceivedAt time.Time
	// Payload is the decrypted JSON object, byte for byte as pushed; nil in an outline.
	Payload json.RawMessage
	// PayloadBytes is its size. Append takes no notice of it.
	PayloadBytes int
}

// ErrNotFound: NOT_FOUND, event.not_found.
var ErrNotFound = errs.New(errs.NotFound, "event.not_found", "There is no such event, or it is no longer kept.")

// Filter narrows the log. Empty fields let everything through.
type Filter struct {
	Types  []string
	CorpID string
}

// ListQuery asks for a part of the log, forwards.
type ListQuery struct {
	Filter
	// After is the position that all events lie above; zero for the beginning.
	After int64
	Limit int
	// Payloads asks for whole events rather than outlines.
	Payloads bool
}

// RecentQuery asks for the newest part of the log.
type RecentQuery struct {
	Filter
	// Before is the position that all events lie below; zero for the end of the log.
	Before int64
	Limit  int
	// Payloads asks for whole events rather than outlines.
	Payloads bool
}

// Store keeps the log.
type Store interface {
	feed.Log[Event]
	// Append stores the event, unless one with the same App and DedupeKey is there already, and gives
	// its position and whether it was new. It returns only after the commit; many callers share one.
	Append(ctx context.Context, e Event) (position int64, isNew bool, err error)
	// List gives events oldest first.
	List(ctx context.Context, q ListQuery) ([]Event, error)
	// Recent gives events newest first.
	Recent(ctx context.Context, q RecentQuery) ([]Event, error)
	// Get reasons: event.not_found.
	Get(ctx context.Context, event id.Event) (Event, error)
	// DeleteBefore drops events received before the given time, oldest first, at most limit, and
	// gives how many went.
	DeleteBefore(ctx context.Context, before time.Time, limit int) (int, error)

	// Position gives how far a consumer has come; false when it was never set.
	Position(ctx context.Context, consumer string) (int64, bool, error)
	SetPosition(ctx context.Context, consumer string, position int64) error
}
