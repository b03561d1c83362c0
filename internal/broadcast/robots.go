package broadcast

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/robot"
)

// DeleteRobot forgets a robot and fails what waits for it, both or neither. A call under way ends as it
// will. What was sent stays readable. Reasons: session.missing, authz.forbidden, robot.not_found,
// robot.sends_codes.
func (s *Service) DeleteRobot(ctx context.Context, actor authz.Actor, r id.Robot) error {
	err := s.tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.robots.Delete(ctx, actor, r); err != nil {
			return err
		}
		_, err := s.store.FailQueued(ctx, r, s.now(), robotDeleted)
		return err
	})
	if err != nil {
		return errs.Wrap(err, "delete robot and what waits for it")
	}
	s.tx.AfterCommit(ctx, func() { s.tell(ctx, TopicUpdated) })
	return nil
}

// TestRobot lets a robot say a short text, with one of its keywords and before everything else. Reasons:
// session.missing, authz.forbidden, robot.not_found.
func (s *Service) TestRobot(ctx context.Context, actor authz.Actor, r id.Robot, l Language) (Broadcast, error) {
	if err := actor.RequireAdmin(); err != nil {
		return Broadcast{}, err
	}
	found, err := s.robots.Load(ctx, []id.Robot{r})
	if err != nil {
		return Broadcast{}, errs.Wrap(err, "load robot to test")
	}
	to, ok := found[r]
	if !ok {
		return Broadcast{}, robot.ErrNotFound
	}
	content := "This is a test message from Posthouse: this robot works."
	if l == Chinese {
		content = "这是来自 Posthouse 驿站的测试消息：机器人工作正常。"
	}
	return s.Create(ctx, actor, Request{
		Robots: []id.Robot{r}, Message: withKeyword(Message{Text: &Text{Content: content}}, to.Keywords), Priority: Urgent,
	})
}

// LoadBudgets tells how many messages count against each robot's budget of WindowMax now; a robot without
// any is absent. Like the other Load methods it asks nobody's leave.
func (s *Service) LoadBudgets(ctx context.Context, robots []id.Robot) (map[id.Robot]int, error) {
	counts, err := s.store.Loads(ctx, robots, s.now().Add(-Window-windowMargin))
	if err != nil {
		return nil, errs.Wrap(err, "count what robots have said")
	}
	return counts, nil
}

// LoadFailures gives deliveries, login codes' included, that failed at or after since, newest first.
func (s *Service) LoadFailures(ctx context.Context, since time.Time, limit int) ([]Delivery, error) {
	rows, err := s.store.Failures(ctx, since, limit)
	if err != nil {
		return nil, errs.Wrap(err, "list failed deliveries")
	}
	return rows, nil
}
