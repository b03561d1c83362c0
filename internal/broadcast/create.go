package broadcast

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/secret"
)

// Limits of a request.
const (
	maxRobots = 100
	maxAhead  = 90 * 24 * time.Hour
	maxKey    = 128 // characters
)

// Request asks for a broadcast.
type Request struct {
	// Robots are 1 to 100 different robots.
	Robots   []id.Robot
	Message  Message
	Mentions Mentions
	Priority Priority
	// IdempotencyKey makes asking again harmless: the same author, key and content give the broadcast
	// that is there. 1 to 128 characters; empty for none.
	IdempotencyKey string
	// SendAt is the earliest time of sending, at most 90 days ahead. Zero or past means now.
	SendAt time.Time
}

// Create takes a broadcast: when it returns, the broadcast is stored and will be sent; within a
// transaction of the context, once that has been committed. A key that is there already dooms such a
// transaction, so callers that have one pass no key. Reasons:
// session.missing, authz.forbidden, broadcast.no_robots, broadcast.message_invalid,
// broadcast.mentions_unsupported, broadcast.too_many_mentions, broadcast.too_long,
// broadcast.send_at_invalid, broadcast.idempotency_key_invalid, broadcast.idempotency_conflict,
// robot.not_found.
func (s *Service) Create(ctx context.Context, actor authz.Actor, r Request) (Broadcast, error) {
	if err := actor.RequireAdmin(); err != nil {
		return Broadcast{}, err
	}
	now := s.now()
	r, err := s.checked(r, now)
	if err != nil {
		return Broadcast{}, err
	}
	if err := s.requireRobots(ctx, r.Robots); err != nil {
		return Broadcast{}, err
	}
	b, deliveries := build(actor.Account, r, now)
	err = s.tx.InTx(ctx, func(ctx context.Context) error { return s.store.Create(ctx, b, deliveries) })
	if errors.Is(err, ErrIdempotencyConflict) {
		return s.asAskedBefore(ctx, b)
	}
	if err != nil {
		return Broadcast{}, errs.Wrap(err, "create broadcast")
	}
	s.nudge(ctx)
	s.tx.AfterCommit(ctx, func() { s.tell(ctx, TopicUpdated) })
	return b, nil
}

// asAskedBefore gives the broadcast that holds the key already, if it is the one that b asks for. It
// comes after the insert: looking first would let two callers through at once.
func (s *Service) asAskedBefore(ctx context.Context, b Broadcast) (Broadcast, error) {
	there, ok, err := s.store.FindByKey(ctx, b.Author, b.IdempotencyKey)
	if err != nil {
		return Broadcast{}, errs.Wrap(err, "find broadcast by idempotency key")
	}
	if !ok || !secret.Equal(there.RequestHash, b.RequestHash) {
		return Broadcast{}, ErrIdempotencyConflict
	}
	return there, nil
}

// checked gives the request in its normal form, or says what is wrong with it.
func (s *Service) checked(r Request, now time.Time) (Request, error) {
	if len(r.Robots) == 0 || len(r.Robots) > maxRobots || repeats(r.Robots) {
		return r, ErrNoRobots.WithField("robotIds", "1–100")
	}
	if err := checkMessage(r.Message); err != nil {
		return r, err
	}
	mentions, err := checkMentions(r.Message, r.Mentions)
	if err != nil {
		return r, err
	}
	r.Mentions = mentions
	if s.sender.Size(r.Message, r.Mentions) > MaxBody {
		return r, ErrTooLong
	}
	if r.Priority < Urgent || r.Priority > Bulk {
		return r, ErrMessageInvalid.WithField("priority", fieldInvalid)
	}
	if r.IdempotencyKey != "" && !cleanLine(r.IdempotencyKey, maxKey) {
		return r, ErrKeyInvalid.WithField("idempotencyKey", "1–128")
	}
	if r.SendAt.After(now.Add(maxAhead)) {
		return r, ErrSendAtInvalid.WithField("sendAt", "≤ 90 d")
	}
	return r, nil
}

func repeats(robots []id.Robot) bool {
	seen := make(map[id.Robot]bool, len(robots))
	for _, r := range robots {
		if seen[r] {
			return true
		}
		seen[r] = true
	}
	return false
}

func (s *Service) requireRobots(ctx context.Context, robots []id.Robot) error {
	found, err := s.robots.Load(ctx, robots)
	if err != nil {
		return errs.Wrap(err, "load robots of a broadcast")
	}
	for _, r := range robots {
		if _, ok := found[r]; !ok {
			return robot.ErrNotFound.WithField("robotIds", string(r))
		}
	}
	return nil
}

// build makes the rows of a checked request.
func build(author id.Account, r Request, now time.Time) (Broadcast, []Delivery) {
	sendAt := clock.FromMillis(clock.Millis(r.SendAt))
	if sendAt.Before(now) {
		sendAt = now
	}
	b := Broadcast{
		ID:     id.Broadcast(id.New(id.BroadcastPrefix, now)),
		Author: author, Message: r.Message, Mentions: r.Mentions, Priority: r.Priority,
		IdempotencyKey: r.IdempotencyKey, RequestHash: requestHash(r),
		SendAt: sendAt, CreatedAt: now,
	}
	deliveries := make([]Delivery, len(r.Robots))
	for i, to := range r.Robots {
		deliveries[i] = newDelivery(to, r.Priority, sendAt, now)
		deliveries[i].Broadcast = b.ID
	}
	return b, deliveries
}

func newDelivery(to id.Robot, p Priority, due, now time.Time) Delivery {
	d := id.Delivery(id.New(id.DeliveryPrefix, now))
	return Delivery{
		ID: d, Robot: to, Priority: p, Status: Queued,
		// The delivery's own id is unique and reveals nothing, which is all that is asked of it.
		MsgUUID:   string(d),
		CreatedAt: now, DueAt: due, NextAttemptAt: due,
	}
}

// requestHash tells apart what was asked, in whatever order robots were named. The time counts as it
// was asked: "now" is the same request a minute later.
func requestHash(r Request) string {
	robots := slices.Clone(r.Robots)
	slices.Sort(robots)
	content, err := json.Marshal(struct {
		Robots   []id.Robot
		Message  Message
		Mentions Mentions
		Priority Priority
		SendAt   int64
	}{robots, r.Message, r.Mentions, r.Priority, clock.Millis(r.SendAt)})
	if err != nil {
		panic("broadcast: a request of strings and numbers cannot fail to encode: " + err.Error())
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// cleanLine tells whether s has 1 to limit characters, all of them fit for one line.
func cleanLine(s string, limit int) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit && !hasControls(s, "")
}
