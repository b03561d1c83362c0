package session

import (
	"context"
	"strings"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
)

// ParseCredentials reads what requests bring in their headers `Authorization` and `skey`, or sockets
// in a payload of the same names. An Authorization of another scheme than Bearer is somebody else's
// and not looked at.
func ParseCredentials(authorization, skey string) Credentials {
	scheme, token, _ := strings.Cut(authorization, " ")
	if strings.EqualFold(scheme, "Bearer") {
		return Credentials{Bearer: strings.TrimSpace(token)}
	}
	return Credentials{Skey: strings.TrimSpace(skey)}
}

// Get gives a session: one's own, or for an administrator anyone's. One that the actor may not see
// does not exist for him. Reasons: session.missing, session.not_found.
func (s *Service) Get(ctx context.Context, actor authz.Actor, session id.Session) (Session, error) {
	if err := actor.RequireAccount(); err != nil {
		return Session{}, err
	}
	row, err := s.Store.Get(ctx, session)
	if err != nil {
		return Session{}, err
	}
	if row.Account != actor.Account && actor.RequireAdmin() != nil {
		return Session{}, ErrNotFound
	}
	return row, nil
}
