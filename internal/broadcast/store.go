package broadcast

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
)

// Sender speaks to the platform. Safe for concurrent use.
type Sender interface {
	// Send makes exactly one HTTP call and never retries. It returns within a time limit of its own,
	// which must be shorter than the worker's lease. The receipt carries no secret.
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

// ClaimRequest asks for a robot's next delivery.
type ClaimRequest struct {
	// Attempt is the id under which the attempt is recorded.
	Attempt id.Attempt
	Robot   id.Robot
	Now     time.Time
	// LeaseUntil is when others may conclude that whoever claimed it has died.
	LeaseUntil time.Time
	// Since and Max are the robot's budget: fewer than Max attempts may be open or have ended after
	// Since.
	Since time.Time
	Max   int
}

// Claim is a delivery taken for sending, as it stands after that: Sending, its Attempts counting the
// one now recorded.
type Claim struct {
	Delivery Delivery
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
// context Create and CreateNotice take part in it; the worker's methods commit by themselves, in
// groups. Feed entries are written only for deliveries that belong to a broadcast.
type Store interface {
	feed.Log[Update]

	// Create inserts the broadcast with its deliveries and a feed entry each. Reasons:
	// broadcast.idempotency_conflict when (author, key) is there already, whatever was asked. The
	// author may be empty and is unique with the key all the same; an empty key never conflicts.
	Create(ctx context.Context, b Broadcast, deliveries []Delivery) error
	// CreateNotice inserts a delivery without a broadcast, whatever its status.
	CreateNotice(ctx context.Context, d Delivery) error
	// Get reasons: broadcast.not_found.
	Get(ctx context.Context, broadcast id.Broadcast) (Broadcast, error)
	// GetMany gives those that exist, in no particular order.
	GetMany(ctx context.Context, broadcasts []id.Broadcast) ([]Broadcast, error)
	FindByKey(ctx context.Context, author id.Account, key string) (Broadcast, bool, error)
	// List pages all broadcasts by id, newest first.
	List(ctx context.Context, p page.Request) (page.Of[Broadcast], error)
	// Failures lists deliveries, notices included, that failed at or after since, newest first.
	Failures(ctx context.Context, since time.Time, limit int) ([]Delivery, error)
	// Statuses counts the deliveries of each broadcast by status.
	Statuses(ctx context.Context, broadcasts []id.Broadcast) (map[id.Broadcast]map[Status]int, error)
	// ListDeliveries pages a broadcast's deliveries by id, oldest first.
	ListDeliveries(ctx context.Context, broadcast id.Broadcast, p page.Request) (page.Of[Delivery], error)
	// Deliveries gives those that exist, in no particular order.
	Deliveries(ctx context.Context, deliveries []id.Delivery) ([]Delivery, error)
	// Attempts lists the attempts of the deliveries, oldest first.
	Attempts(ctx context.Context, deliveries []id.Delivery) ([]Attempt, error)

	// DueRobots lists up to limit robots that have a delivery due at now, are not blocked and have
	// none in Sending, the one with the most urgent delivery first. Next is a time after now, not
	// later than the earliest at which a queued delivery that cannot go now comes due or its robot's
	// block ends; zero when there is none. It may be early, never late.
	DueRobots(ctx context.Context, now time.Time, limit int) (due []id.Robot, next time.Time, err error)
	// Load counts the robot's attempts that are open or ended after since, and gives when the earliest
	// of those that ended did (zero when none has).
	Load(ctx context.Context, robot id.Robot, since time.Time) (count int, earliest time.Time, err error)
	// Loads is the count of Load for many robots; those without any are absent.
	Loads(ctx context.Context, robots []id.Robot, since time.Time) (map[id.Robot]int, error)
	// FailQueued ends everything queued for the robot as failed, each with an attempt that was refused
	// for the reason given and a feed entry, and tells how many there were. Inside a transaction of the
	// context it takes part in it.
	FailQueued(ctx context.Context, robot id.Robot, at time.Time, why string) (int, error)
	// Claim moves the robot's most urgent due delivery to Sending and records the attempt. False, with
	// nothing claimed, when none is due, the robot is blocked or has one in Sending, or its budget is
	// spent; atomic for a robot across processes. Deliveries of the robot whose ExpiresAt has passed
	// become Expired on the way, with a feed entry.
	Claim(ctx context.Context, r ClaimRequest) (Claim, bool, error)
	// Complete records how the attempt ended and what becomes of the delivery, with a feed entry when
	// the status is final, and blocks the robot when told to. A notice's sealed text is emptied when
	// the status is final. For an attempt that is no longer open nothing changes and nil comes back.
	Complete(ctx context.Context, c Completion) error
	// Recover puts deliveries back to Queued, due at now, that were Sending when a process died: those
	// whose lease ended before now, or all when told so. Their open attempts end now with Unknown. With
	// all, attempts and rests that end later than they can have (the wall clock was set back meanwhile)
	// end now and a Rest from now.
	Recover(ctx context.Context, now time.Time, all bool) (int, error)
	// DeleteUpdatesBefore drops feed entries older than the given time, at most limit.
	DeleteUpdatesBefore(ctx context.Context, before time.Time, limit int) (int, error)
	// DeleteNoticesBefore drops final notices with their attempts that were created before the given
	// time, at most limit. Attempts younger than a robot's window are never among them, since a notice
	// is kept far longer than that.
	DeleteNoticesBefore(ctx context.Context, before time.Time, limit int) (int, error)
}
