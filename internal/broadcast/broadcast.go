package broadcast

import (
	"time"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
)

// Limits of the platform (protocols.md §1.5, §1.6).
const (
	// WindowMax messages may reach a robot in any sliding Window.
	WindowMax = 20
	Window    = time.Minute
	// Rest is how long a robot is silent after the platform said it spoke too fast.
	Rest = 10 * time.Minute
	// MaxBody is the largest message in bytes on the wire, a margin below the platform's 20,000.
	MaxBody = 19_500
	// MaxMentions is how many people one message may mention.
	MaxMentions = 50
)

// Priority decides who goes first when a robot's budget is short.
type Priority int

// The priorities. Smaller goes first.
const (
	Urgent Priority = iota
	Normal
	Bulk
)

// Broadcast is one message asked for, to one or more robots.
type Broadcast struct {
	ID       id.Broadcast
	Author   id.Account // empty when the embedding program asked
	Message  Message
	Mentions Mentions
	Priority Priority
	// IdempotencyKey is the author's own; asking again with it gives this broadcast. RequestHash tells
	// whether the same was asked.
	IdempotencyKey string
	RequestHash    string
	// SendAt is the earliest time of sending.
	SendAt    time.Time
	CreatedAt time.Time
}

// Status of a delivery.
type Status string

// The states. Sent, Failed and Expired are final.
const (
	Queued  Status = "QUEUED"
	Sending Status = "SENDING"
	Sent    Status = "SENT"
	Failed  Status = "FAILED"
	// Expired means its time passed before the robot could speak (login codes).
	Expired Status = "EXPIRED"
)

// Final tells whether nothing more will happen.
func (s Status) Final() bool { return s == Sent || s == Failed || s == Expired }

// Delivery is one message to one robot, and the outbox entry that sends it.
type Delivery struct {
	ID id.Delivery
	// Broadcast is empty for a notice (a login code).
	Broadcast id.Broadcast
	Robot     id.Robot
	Priority  Priority
	Status    Status
	// MsgUUID is the same for every attempt, so that the platform drops a repetition.
	MsgUUID string
	// SealedNotice is a notice's message and mentions, sealed; emptied when the delivery is final.
	SealedNotice string
	// Attempts counts the HTTP calls begun.
	Attempts  int
	CreatedAt time.Time
	// DueAt is when it was first due; it never changes. Giving up is counted from it.
	DueAt         time.Time
	NextAttemptAt time.Time
	// ExpiresAt is when sending no longer makes sense; zero for never.
	ExpiresAt  time.Time
	FinishedAt time.Time
}

// Outcome of an attempt.
type Outcome string

// The outcomes.
const (
	// Pending: the call has begun and its end is not recorded.
	Pending Outcome = "PENDING"
	// Accepted: the platform took the message.
	Accepted Outcome = "ACCEPTED"
	// Throttled: the robot spoke too fast and must rest.
	Throttled Outcome = "THROTTLED"
	// Retryable: the platform could not for now.
	Retryable Outcome = "RETRYABLE"
	// Refused: repeating it cannot help; the code says why.
	Refused Outcome = "REFUSED"
	// Unknown: no answer came; the message may have arrived.
	Unknown Outcome = "UNKNOWN"
)

// Attempt is one HTTP call.
type Attempt struct {
	ID        id.Attempt
	Delivery  id.Delivery
	Robot     id.Robot
	StartedAt time.Time
	EndedAt   time.Time
	Outcome   Outcome
	// PlatformCode is the platform's errcode as text; empty when none came.
	PlatformCode string
	// PlatformMessage is the platform's errmsg, cut to 500 bytes, without secrets.
	PlatformMessage string
}

// Update is an entry of the delivery feed: a broadcast's delivery was queued or came to its end.
// Notices do not appear in the feed.
type Update struct {
	Delivery id.Delivery
	Status   Status
	At       time.Time
}

// Errors of this package. robot.ErrNotFound comes through for an unknown robot.
var (
	ErrNotFound            = errs.New(errs.NotFound, "broadcast.not_found", "There is no such broadcast.")
	ErrTooLong             = errs.New(errs.Invalid, "broadcast.too_long", "The message is too long: DingTalk takes at most 20,000 bytes. Please shorten it or split it.")
	ErrTooManyMentions     = errs.New(errs.Invalid, "broadcast.too_many_mentions", "One message can mention at most 50 people.")
	ErrMentionsUnsupported = errs.New(errs.Invalid, "broadcast.mentions_unsupported", "Links and feed cards cannot mention people.")
	ErrMessageInvalid      = errs.New(errs.Invalid, "broadcast.message_invalid", "A part of the message is missing or not valid.")
	ErrNoRobots            = errs.New(errs.Invalid, "broadcast.no_robots", "Name at least one and at most 100 different robots.")
	ErrSendAtInvalid       = errs.New(errs.Invalid, "broadcast.send_at_invalid", "A broadcast can be scheduled at most 90 days ahead.")
	ErrIdempotencyConflict = errs.New(errs.Conflict, "broadcast.idempotency_conflict", "This idempotency key was used for a different broadcast.")
	ErrKeyInvalid          = errs.New(errs.Invalid, "broadcast.idempotency_key_invalid", "An idempotency key has 1 to 128 characters.")
)
