package broadcast

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/secret"
)

// windowMargin is added to the platform's window, since clocks drift and answers travel.
const windowMargin = time.Second

// storeTries is how often an outcome is offered to a failing store after shutdown has begun.
const storeTries = 5

// robotDeleted is why nothing more reaches a robot that was deleted here.
const robotDeleted = "Posthouse: the robot has been deleted / 机器人已被删除"

// turn is what a robot's turn came to.
type turn struct {
	robot id.Robot
	// more says that the robot may have something else to say at once.
	more bool
	// again is when it may speak again, when that is known; zero otherwise.
	again time.Time
	// next is when the delivery just tried is due again; zero when it has ended.
	next time.Time
	// failed says that the store did.
	failed bool
}

// takeTurn sends the robot's next delivery, if there is one and the robot has budget for it. It runs
// to its end also when ctx ends meanwhile: what has been claimed is sent and recorded.
func (s *Service) takeTurn(ctx context.Context, to id.Robot) turn {
	// Cancelling a claim could leave it committed without our knowing.
	plain := context.WithoutCancel(ctx)
	credentials, unreadable, err := s.credentials(plain, to)
	if err != nil {
		s.log.ErrorContext(ctx, "robot not read", "robot", to, "error", err)
		return turn{robot: to, failed: true}
	}
	now := s.now()
	again, err := s.budget(plain, to, now)
	if err != nil {
		s.log.ErrorContext(ctx, "robot's budget not read", "robot", to, "error", err)
		return turn{robot: to, failed: true}
	}
	if !again.IsZero() {
		return turn{robot: to, again: again}
	}
	attempt := Attempt{ID: id.Attempt(id.New(id.AttemptPrefix, now)), Robot: to, StartedAt: now}
	claim, ok, err := s.store.Claim(plain, ClaimRequest{
		Attempt: attempt.ID, Robot: to, Now: now, LeaseUntil: now.Add(s.lease),
		Since: now.Add(-Window - windowMargin), Max: WindowMax,
	})
	if err != nil {
		s.log.ErrorContext(ctx, "delivery not claimed", "robot", to, "error", err)
		return turn{robot: to, failed: true}
	}
	if !ok {
		s.tell(plain, TopicUpdated) // some may have expired on the way
		return turn{robot: to}
	}
	attempt.Delivery = claim.Delivery.ID
	receipt := s.attempt(plain, claim.Delivery, credentials, unreadable)
	attempt.EndedAt = s.clock.Now()
	attempt.Outcome = receipt.Outcome
	attempt.PlatformCode, attempt.PlatformMessage = receipt.PlatformCode, cut(receipt.PlatformMessage)
	c := judge(claim.Delivery, attempt, s.jitter())
	s.record(ctx, c)
	s.tell(plain, TopicUpdated)
	return turn{robot: to, more: c.RobotBlockedUntil.IsZero(), again: c.RobotBlockedUntil, next: c.NextAttemptAt}
}

// budget gives zero when the robot may speak, else when it may again. An attempt counts from its start
// until a window after its end, since it may have reached the platform as late as that.
func (s *Service) budget(ctx context.Context, r id.Robot, now time.Time) (time.Time, error) {
	count, earliest, err := s.store.Load(ctx, r, now.Add(-Window-windowMargin))
	if err != nil || count < WindowMax {
		return time.Time{}, err
	}
	if earliest.IsZero() {
		return now.Add(windowMargin), nil // every one is open: look again soon
	}
	if earliest.After(now) {
		earliest = now // recorded before the wall clock was set back and the process started anew
	}
	return ceilMilli(earliest.Add(Window + windowMargin)), nil
}

// credentials opens what sending to the robot needs. Unreadable says why that will never succeed; err
// is a failure that passes.
func (s *Service) credentials(ctx context.Context, to id.Robot) (c robot.Credentials, unreadable string, err error) {
	found, err := s.robots.Load(ctx, []id.Robot{to})
	if err != nil {
		return robot.Credentials{}, "", err
	}
	r, ok := found[to]
	if !ok {
		return robot.Credentials{}, robotDeleted, nil
	}
	c, err = s.robots.Open(ctx, r)
	if errors.Is(err, secret.ErrOpen) {
		return robot.Credentials{}, "Posthouse: the robot's webhook was sealed with a key that is missing; create the robot anew / 缺少封存该机器人地址的密钥，请重新创建机器人", nil
	}
	return c, "", err
}

// attempt makes the one call of an attempt. It does not fail: what cannot be sent has a receipt too.
func (s *Service) attempt(ctx context.Context, d Delivery, c robot.Credentials, unreadable string) Receipt {
	if unreadable != "" {
		return Receipt{Outcome: Refused, PlatformMessage: unreadable}
	}
	message, mentions, err := s.content(ctx, d)
	if errors.Is(err, secret.ErrOpen) || errors.Is(err, ErrNotFound) {
		return Receipt{Outcome: Refused, PlatformMessage: "Posthouse: the message can no longer be read / 消息已无法读取"}
	}
	if err != nil {
		s.log.ErrorContext(ctx, "message not read", "delivery", d.ID, "error", err)
		return Receipt{Outcome: Retryable, PlatformMessage: "Posthouse: the message could not be read for now / 暂时无法读取消息"}
	}
	return s.send(ctx, c, message, mentions, d.MsgUUID)
}

func (s *Service) content(ctx context.Context, d Delivery) (Message, Mentions, error) {
	if d.Broadcast == "" {
		n, err := s.openNotice(d)
		return n.Message, n.Mentions, err
	}
	b, err := s.store.Get(ctx, d.Broadcast)
	if err != nil {
		return Message{}, Mentions{}, errs.Wrap(err, "read broadcast to send")
	}
	return b.Message, b.Mentions, nil
}

// send survives a Sender that panics: the call may have been made, so its outcome is Unknown.
func (s *Service) send(ctx context.Context, c robot.Credentials, m Message, mentions Mentions, msgUUID string) (r Receipt) {
	defer func() {
		if p := recover(); p != nil {
			s.log.ErrorContext(ctx, "sender panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			r = Receipt{Outcome: Unknown}
		}
	}()
	return s.sender.Send(ctx, c, m, mentions, msgUUID)
}

// record writes the outcome down, however long the store refuses: until then the robot stays silent,
// because a message whose end nobody knows would be sent again. After ctx has ended it gives up soon;
// then the lease and Recover repair it.
func (s *Service) record(ctx context.Context, c Completion) {
	s.unrecorded.Add(1)
	defer s.unrecorded.Add(-1)
	left := storeTries
	for n := 1; ; n++ {
		err := s.store.Complete(context.WithoutCancel(ctx), c)
		if err == nil {
			return
		}
		s.log.ErrorContext(ctx, "outcome not recorded", "delivery", c.Attempt.Delivery, "outcome", c.Attempt.Outcome, "try", n, "error", err)
		delay := storeDelay(n)
		if ctx.Err() != nil {
			if left--; left == 0 {
				return
			}
			delay = storeDelay(storeTries - left)
		}
		s.pause(ctx, delay)
	}
}

// pause waits. The end of ctx shortens a wait that has begun before it, and no other.
func (s *Service) pause(ctx context.Context, d time.Duration) {
	ended := ctx.Done()
	if ctx.Err() != nil {
		ended = nil
	}
	timer := s.clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
	case <-ended:
	}
}

// maxPlatformMessage is how much of an errmsg is kept, in bytes.
const maxPlatformMessage = 500

// cut shortens a platform's message without leaving half a character.
func cut(s string) string {
	if len(s) <= maxPlatformMessage {
		return s
	}
	end := maxPlatformMessage
	for end > 0 && s[end]&0xC0 == 0x80 {
		end--
	}
	return s[:end]
}
