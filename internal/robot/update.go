package robot

import (
	"context"
	"slices"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/secret"
)

// Update describes what to change of a robot. What is nil or empty stays.
type Update struct {
	Name    *string
	Webhook secret.Text
	Secret  secret.Text
	// RemoveSecret makes the robot stop signing; not together with Secret.
	RemoveSecret bool
	// Keywords replace all there are; nil leaves them.
	Keywords []string
}

// Update changes a robot. Reasons: session.missing, authz.forbidden, robot.not_found,
// robot.name_invalid, robot.webhook_invalid, robot.secret_invalid, robot.keyword_invalid,
// robot.name_taken, robot.webhook_taken, robot.sends_codes for another name of the robot that sends login codes.
func (s *Service) Update(ctx context.Context, actor authz.Actor, robot id.Robot, in Update) (Robot, error) {
	if err := actor.RequireAdmin(); err != nil {
		return Robot{}, err
	}
	change, err := s.change(ctx, robot, in)
	if err != nil {
		return Robot{}, err
	}
	if err := s.store.Update(ctx, robot, change); err != nil {
		return Robot{}, errs.Wrap(err, "update robot")
	}
	r, err := s.store.Get(ctx, robot)
	if err != nil {
		return Robot{}, errs.Wrap(err, "read the robot updated")
	}
	return r, nil
}

func (s *Service) change(ctx context.Context, robot id.Robot, in Update) (Change, error) {
	var c Change
	if in.Name != nil {
		name, err := cleanName(*in.Name)
		if err != nil {
			return Change{}, err
		}
		if err := s.keepsName(ctx, robot, name); err != nil {
			return Change{}, err
		}
		c.Name = &name
	}
	if !in.Webhook.IsZero() {
		token, err := s.changeToken(ctx, robot, in.Webhook)
		if err != nil {
			return Change{}, err
		}
		c.Token = &token
	}
	signing, err := cleanSecret(in.Secret)
	switch {
	case err != nil:
		return Change{}, err
	case signing != "" && in.RemoveSecret:
		return Change{}, ErrSecretInvalid.WithField("removeSecret", "secret")
	case signing != "":
		sealed := s.sealSecret(robot, signing)
		c.SealedSecret = &sealed
	case in.RemoveSecret:
		c.SealedSecret = &signing
	}
	if in.Keywords != nil {
		keywords, err := cleanKeywords(in.Keywords)
		if err != nil {
			return Change{}, err
		}
		c.Keywords = &keywords
	}
	return c, nil
}

// keepsName refuses to take the name from the robot that is found by it when a login code is to be sent.
func (s *Service) keepsName(ctx context.Context, robot id.Robot, name string) error {
	if s.codes == "" || name == s.codes {
		return nil
	}
	before, err := s.store.Get(ctx, robot)
	if err != nil {
		return errs.Wrap(err, "read the robot to rename or delete")
	}
	if before.Name == s.codes {
		return ErrSendsCodes
	}
	return nil
}

func (s *Service) changeToken(ctx context.Context, robot id.Robot, webhook secret.Text) (Token, error) {
	token, err := ParseWebhook(webhook.Reveal(), s.hosts)
	if err != nil {
		return Token{}, err
	}
	if err := s.freeUnderOlderKeys(ctx, token, robot); err != nil {
		return Token{}, err
	}
	before, err := s.store.Get(ctx, robot)
	if err != nil {
		return Token{}, errs.Wrap(err, "read the robot to update")
	}
	sealed := s.sealToken(robot, token)
	sealed.Another = !slices.Contains(s.ring.Hashes(tokenPurpose, token), before.TokenHash)
	return sealed, nil
}

// Delete forgets a robot; inside a transaction of the context it takes part. What waits for the robot is
// not touched: broadcast.Service.DeleteRobot does both. Reasons: session.missing, authz.forbidden,
// robot.not_found, robot.sends_codes for the robot that sends login codes.
func (s *Service) Delete(ctx context.Context, actor authz.Actor, robot id.Robot) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	if err := s.keepsName(ctx, robot, ""); err != nil {
		return err
	}
	if err := s.store.Delete(ctx, robot, s.clock.Now()); err != nil {
		return errs.Wrap(err, "delete robot")
	}
	return nil
}

// Blocked lists robots that may not speak at now, the one longest blocked first. It asks nobody's leave.
func (s *Service) Blocked(ctx context.Context, now time.Time, limit int) ([]Robot, error) {
	robots, err := s.store.Blocked(ctx, now, limit)
	if err != nil {
		return nil, errs.Wrap(err, "list blocked robots")
	}
	return robots, nil
}
