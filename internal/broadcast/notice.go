package broadcast

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/robot"
)

const noticePurpose = "broadcast.notice"

// Notice is a message that Posthouse itself sends to one robot, such as a login code. It is sealed at
// rest, goes before everything else, and belongs to no broadcast.
type Notice struct {
	Robot    id.Robot
	Message  Message
	Mentions Mentions
	// ExpiresAt is when it has lost its sense: it is never sent from then on. Zero for never.
	ExpiresAt time.Time
	// Decoy does the same work and sends nothing, so that nobody can tell by the time it takes
	// whether there was somebody to send to.
	Decoy bool
}

// sealedNotice is what is sealed in a delivery.
type sealedNotice struct {
	Message  Message  `json:"message"`
	Mentions Mentions `json:"mentions"`
}

// Notify enqueues a notice and returns; it never waits for the platform. Within a transaction of the
// context it takes part in it, and workers are told after its commit. When the robot's group demands
// keywords and the text has none, the text begins with the first of them. Reason: robot.not_found.
func (s *Service) Notify(ctx context.Context, n Notice) error {
	found, err := s.robots.Load(ctx, []id.Robot{n.Robot})
	if err != nil {
		return errs.Wrap(err, "load robot of a notice")
	}
	r, ok := found[n.Robot]
	if !ok {
		return robot.ErrNotFound
	}
	return s.notify(ctx, r, n)
}

func (s *Service) notify(ctx context.Context, r robot.Robot, n Notice) error {
	now := s.now()
	d := newDelivery(r.ID, Urgent, now, now)
	d.ExpiresAt = clock.FromMillis(clock.Millis(n.ExpiresAt))
	if n.Decoy {
		d.Status, d.FinishedAt = Expired, now
	}
	content, err := json.Marshal(sealedNotice{withKeyword(n.Message, r.Keywords), n.Mentions})
	if err != nil {
		return errs.Wrap(err, "encode notice")
	}
	d.SealedNotice = s.ring.Seal(noticePurpose, string(d.ID), content)
	if err := s.store.CreateNotice(ctx, d); err != nil {
		return errs.Wrap(err, "create notice")
	}
	s.nudge(ctx)
	return nil
}

// openNotice gives what notify sealed. The error is secret.ErrOpen when the key is gone.
func (s *Service) openNotice(d Delivery) (sealedNotice, error) {
	content, err := s.ring.Open(noticePurpose, string(d.ID), d.SealedNotice)
	if err != nil {
		return sealedNotice{}, err
	}
	var n sealedNotice
	if err := json.Unmarshal(content, &n); err != nil {
		return sealedNotice{}, errs.Wrap(err, "decode notice")
	}
	return n, nil
}

// withKeyword makes the message contain one of the keywords. Where the platform looks for them is not
// documented (protocols.md §1.3), so both title and text of markdown get one.
func withKeyword(m Message, keywords []string) Message {
	if m.Text != nil {
		m.Text = &Text{Content: beginning(m.Text.Content, keywords)}
	}
	if m.Markdown != nil {
		m.Markdown = &Markdown{Title: beginning(m.Markdown.Title, keywords), Text: beginning(m.Markdown.Text, keywords)}
	}
	return m
}

func beginning(text string, keywords []string) string {
	if len(keywords) == 0 {
		return text
	}
	for _, k := range keywords {
		if strings.Contains(text, k) {
			return text
		}
	}
	return keywords[0] + " " + text
}
