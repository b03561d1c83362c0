package broadcast

import (
	"context"
	"fmt"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/robot"
)

// decoyPhone stands in for the phone of somebody who does not exist: as long as a real one, so that
// the work is the same. Nothing is ever sent to it.
const decoyPhone = "13000000000"

// GroupChannel delivers login codes as messages of a group robot that mention the person. EVERYONE IN
// THAT GROUP SEES THE CODE. It exists for small teams and for the sandbox, and is therefore never a
// default: whoever wires it does so because a setting says so explicitly, and warns at the start.
type GroupChannel struct {
	service *Service
	robot   string
}

// NewGroupChannel makes a channel that speaks through the robot of that name. The robot may be created
// later; until then codes cannot be delivered.
func NewGroupChannel(s *Service, robotName string) *GroupChannel {
	return &GroupChannel{service: s, robot: robotName}
}

var _ factor.Channel = (*GroupChannel)(nil)

// Name implements factor.Channel.
func (c *GroupChannel) Name() factor.ChannelName { return factor.DingtalkGroup }

// Ready implements factor.Channel. Reason: otp.no_channel when the robot does not exist.
func (c *GroupChannel) Ready(ctx context.Context) error {
	_, err := c.speaker(ctx)
	return err
}

// speaker is the robot that says the codes.
func (c *GroupChannel) speaker(ctx context.Context) (robot.Robot, error) {
	r, ok, err := c.service.robots.FindByName(ctx, c.robot)
	if err != nil {
		return robot.Robot{}, errs.Wrap(err, "find the robot for login codes")
	}
	if !ok {
		return robot.Robot{}, factor.ErrNoChannel
	}
	return r, nil
}

// Deliver implements factor.Channel. Reason: otp.no_channel when the robot does not exist.
func (c *GroupChannel) Deliver(ctx context.Context, m factor.Message) error {
	r, err := c.speaker(ctx)
	if err != nil {
		return err
	}
	phone := decoyPhone
	if m.Account != nil {
		var ok bool
		if phone, ok = normalPhone(m.Account.Phone); !ok {
			return errs.Wrap(fmt.Errorf("account %s has a phone that cannot be mentioned", m.Account.ID), "deliver login code")
		}
	}
	return c.service.notify(ctx, r, Notice{
		Robot:     r.ID,
		Message:   Message{Text: &Text{Content: codeText(phone, m.Code, m.ExpiresAt.Sub(c.service.now()))}},
		Mentions:  Mentions{Phones: []string{phone}},
		ExpiresAt: m.ExpiresAt,
		Decoy:     m.Account == nil,
	})
}

// codeText is what the group reads. The @ with the phone must be in the text for the platform to draw
// the mention (protocols.md §1.5); it shows the person's name in its place. It comes last, so that the
// first digits a person or a program meets are those of the code.
func codeText(phone, code string, left time.Duration) string {
	minutes := max(1, int((left+time.Minute-1)/time.Minute))
	unit := "minutes"
	if minutes == 1 {
		unit = "minute"
	}
	return fmt.Sprintf("您的登录验证码是 %s ，%d 分钟内有效，只能使用一次。如非本人操作，请忽略。\n"+
		"Your sign-in code is %s. It works once, within %d %s. If this was not you, ignore it.\n@%s",
		code, minutes, code, minutes, unit, phone)
}
