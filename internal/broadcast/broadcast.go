package broadcast

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
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
	Attempts      int
	CreatedAt     time.Time
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

// Update is an entry of the delivery feed: a delivery changed its state.
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

// Sender speaks to the platform. Safe for concurrent use.
type Sender interface {
	// Send makes exactly one HTTP call and never retries. The receipt carries no secret.
	Send(ctx context.Context, c robot.Credentials, m Message, mentions Mentions, msgUUID string) Receipt
	// Size is how many bytes the message has on the wire, without its msgUuid.
	Size(m Message, mentions Mentions) int
}

// Receipt is what came of one call.
type Receipt struct {
	Outcome         Outcome
	PlatformCode    string
	PlatformMessage string
}

// Claim is a delivery taken for sending, with the attempt already recorded.
type Claim struct {
	Delivery Delivery
	Attempt  id.Attempt
}

// Completion is what the worker writes after a call, in one commit.
type Completion struct {
	Attempt Attempt
	Status  Status
	// NextAttemptAt is when to try again, for Status Queued.
	NextAttemptAt time.Time
	// RobotBlockedUntil is set when the robot must rest.
	RobotBlockedUntil time.Time
}

// Store keeps broadcasts, deliveries, attempts and the delivery feed. Inside a transaction of the
// context Create and CreateDelivery take part in it; the worker's methods commit by themselves, in
// groups.
type Store interface {
	feed.Log[Update]

	// Create inserts the broadcast with its deliveries and a feed entry each. Reasons:
	// broadcast.idempotency_conflict when (author, key) is there already, whatever was asked.
	Create(ctx context.Context, b Broadcast, deliveries []Delivery) error
	// CreateNotice inserts a delivery without a broadcast.
	CreateNotice(ctx context.Context, d Delivery) error
	// Get reasons: broadcast.not_found.
	Get(ctx context.Context, broadcast id.Broadcast) (Broadcast, error)
	GetMany(ctx context.Context, broadcasts []id.Broadcast) ([]Broadcast, error)
	FindByKey(ctx context.Context, author id.Account, key string) (Broadcast, bool, error)
	// Statuses counts the deliveries of each broadcast by status.
	Statuses(ctx context.Context, broadcasts []id.Broadcast) (map[id.Broadcast]map[Status]int, error)
	// ListDeliveries pages a broadcast's deliveries by id, oldest first.
	ListDeliveries(ctx context.Context, broadcast id.Broadcast, p page.Request) (page.Of[Delivery], error)
	// Deliveries gives those that exist, in no particular order.
	Deliveries(ctx context.Context, deliveries []id.Delivery) ([]Delivery, error)
	// Attempts lists the attempts of the deliveries, oldest first.
	Attempts(ctx context.Context, deliveries []id.Delivery) ([]Attempt, error)

	// DueRobots lists robots that have a delivery due at now, are not blocked and have none in
	// Sending; and, when none has, the next time at which one could (zero when nothing waits).
	DueRobots(ctx context.Context, now time.Time, limit int) (due []id.Robot, next time.Time, err error)
	// Load counts the robot's attempts that ended after since or have not ended, and gives when the
	// earliest of them ended (zero when it has not).
	Load(ctx context.Context, robot id.Robot, since time.Time) (count int, earliest time.Time, err error)
	// Claim moves the robot's most urgent due delivery to Sending and records the attempt, leased until
	// leaseUntil. Deliveries whose ExpiresAt has passed become Expired on the way, with a feed entry.
	// False when nothing is due.
	Claim(ctx context.Context, robot id.Robot, now, leaseUntil time.Time) (Claim, bool, error)
	// Complete records how the attempt ended and what becomes of the delivery, with a feed entry when
	// the status is final, and blocks the robot when told to.
	Complete(ctx context.Context, c Completion) error
	// Recover puts deliveries back to Queued that were Sending when a process died: their lease ended
	// before now. Their open attempts end now with Unknown.
	Recover(ctx context.Context, now time.Time) (int, error)
	// DeleteUpdatesBefore drops feed entries older than the given time, at most limit.
	DeleteUpdatesBefore(ctx context.Context, before time.Time, limit int) (int, error)
	// DeleteNoticesBefore drops final notices with their attempts older than the given time, at most
	// limit.
	DeleteNoticesBefore(ctx context.Context, before time.Time, limit int) (int, error)
}
