package server

import (
	"context"
	"errors"
	"slices"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/store"
)

// platformNote is the note in the database that tells whether its platforms are real.
const platformNote = "platforms"

// keepApart refuses to serve a sandbox's database for real, where everybody who registered would be an
// administrator whose password may stand in a README, and the other way round.
func keepApart(ctx context.Context, cfg Config, db *store.DB) error {
	mode := "real"
	if cfg.Sandbox {
		mode = "sandbox"
	}
	kept, err := db.KeepNote(ctx, platformNote, mode)
	switch {
	case err != nil || kept == mode:
		return err
	case cfg.Sandbox:
		return errors.New("this database is used with the real DingTalk and WeChat; give the sandbox a data folder of its own (--data)")
	default:
		return errors.New("this database belongs to a sandbox, whose accounts and robots are playthings; choose another data folder (--data) for real work, or run with --sandbox")
	}
}

// warn tells of settings that work and yet are seldom meant.
func (s *Server) warn(ctx context.Context) {
	robot := s.cfg.OTP.GroupRobot
	if robot != "" {
		s.log.Warn("login codes are sent into a group, where everyone can read them; meant for trying out and very small teams", "robot", robot)
		if _, there, err := s.house.robots.FindByName(ctx, robot); err == nil && !there {
			s.log.Warn("the robot that shall deliver login codes does not exist; name it under robots in the configuration, or no code can be sent", "robot", robot)
		}
	} else if slices.Contains(s.cfg.factors(), login.OTP) {
		s.log.Warn("signing in with a password wants a code too, and no way of delivering codes is set up: set otp.group_robot, or login.factors to [PASSWORD]")
	}
	if role := authz.Role(s.cfg.Login.RegisterRole); role != "" && role != authz.Member {
		s.log.Warn("everyone who registers gets more rights than a member; meant for sandboxes", "role", role)
	}
}
