package overview

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/robot"
)

// Kind is what something to look at is about.
type Kind string

// The kinds, the most urgent first.
const (
	// NoOTPChannel: nobody can sign in.
	NoOTPChannel Kind = "NO_OTP_CHANNEL"
	// DeliveryFailed: deliveries of a robot failed lately.
	DeliveryFailed Kind = "DELIVERY_FAILED"
	// RobotBlocked: a robot must be silent for a while.
	RobotBlocked Kind = "ROBOT_BLOCKED"
	// OTPInGroup: login codes are seen by a whole group.
	OTPInGroup Kind = "OTP_IN_GROUP"
)

const (
	// lately is how far back failures are looked for.
	lately = 24 * time.Hour
	// maxFailures and maxBlocked bound what one look takes in.
	maxFailures = 1000
	maxBlocked  = 50
)

// Attention is something that an administrator should look at.
type Attention struct {
	Kind Kind
	// Message says what is the matter, Remedy what to do about it; the latter may be empty.
	Message, Remedy string
	// Robot and Delivery (the newest of several) are nil where it is not about one.
	Robot    *robot.Robot
	Delivery *broadcast.Delivery
	// Count is how often it happened.
	Count int
	// At is when it began or was last seen.
	At time.Time
}

// Attention gives what an administrator should look at now, the most urgent first. Reasons:
// session.missing, authz.forbidden.
func (s *Service) Attention(ctx context.Context, actor authz.Actor, l broadcast.Language) ([]Attention, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	var all []Attention
	for _, look := range []func(context.Context, texts) ([]Attention, error){s.channels, s.failures, s.blocked, s.group} {
		some, err := look(ctx, textsIn(l))
		if err != nil {
			return nil, errs.Wrap(err, "look for what needs attention")
		}
		all = append(all, some...)
	}
	return all, nil
}

// channels finds out whether a wanted code can be sent at all.
func (s *Service) channels(ctx context.Context, t texts) ([]Attention, error) {
	if !s.WantsOTP || s.OtherChannels {
		return nil, nil
	}
	none := Attention{Kind: NoOTPChannel, Message: t.noChannel, Remedy: t.noChannelRemedy, Count: 1, At: s.started}
	if s.GroupRobot == "" {
		return []Attention{none}, nil
	}
	_, there, err := s.Robots.FindByName(ctx, s.GroupRobot)
	if err != nil || there {
		return nil, err
	}
	none.Message, none.Remedy = fmt.Sprintf(t.noGroupRobot, s.GroupRobot), t.noGroupRobotRemedy
	return []Attention{none}, nil
}

// failures gathers what failed by robot. Robots that were deleted since are nobody's concern any more.
func (s *Service) failures(ctx context.Context, t texts) ([]Attention, error) {
	rows, err := s.Deliveries.LoadFailures(ctx, s.Clock.Now().Add(-lately), maxFailures)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var order []id.Robot
	var newest []id.Delivery
	byRobot := map[id.Robot][]broadcast.Delivery{}
	for _, d := range rows {
		if byRobot[d.Robot] == nil {
			order, newest = append(order, d.Robot), append(newest, d.ID)
		}
		byRobot[d.Robot] = append(byRobot[d.Robot], d)
	}
	robots, err := s.Robots.Load(ctx, order)
	if err != nil {
		return nil, err
	}
	attempts, err := s.Deliveries.LoadAttempts(ctx, newest)
	if err != nil {
		return nil, err
	}
	var all []Attention
	for _, r := range order {
		one, ok := robots[r]
		if !ok {
			continue
		}
		last, count := byRobot[r][0], strconv.Itoa(len(byRobot[r]))
		if len(rows) == maxFailures {
			count += "+" // there may be more than were read
		}
		a := Attention{
			Kind: DeliveryFailed, Message: fmt.Sprintf(t.failed, one.Name, count),
			Robot: &one, Delivery: &last, Count: len(byRobot[r]), At: last.FinishedAt,
		}
		if tries := attempts[last.ID]; len(tries) > 0 {
			a.Remedy = broadcast.Remedy(tries[len(tries)-1].PlatformCode, t.language)
		}
		all = append(all, a)
	}
	return all, nil
}

func (s *Service) blocked(ctx context.Context, t texts) ([]Attention, error) {
	robots, err := s.Robots.Blocked(ctx, s.Clock.Now(), maxBlocked)
	all := make([]Attention, 0, len(robots))
	for _, r := range robots {
		all = append(all, Attention{
			Kind: RobotBlocked, Message: fmt.Sprintf(t.blocked, r.Name), Remedy: t.blockedRemedy,
			Robot: &r, Count: 1, At: r.BlockedUntil.Add(-broadcast.Rest),
		})
	}
	return all, err
}

func (s *Service) group(ctx context.Context, t texts) ([]Attention, error) {
	if s.GroupRobot == "" {
		return nil, nil
	}
	r, there, err := s.Robots.FindByName(ctx, s.GroupRobot)
	if err != nil || !there {
		return nil, err // channels tells
	}
	return []Attention{{
		Kind: OTPInGroup, Message: fmt.Sprintf(t.inGroup, r.Name), Remedy: t.inGroupRemedy, Robot: &r, Count: 1, At: s.started,
	}}, nil
}
