package server

import (
	"context"
)

// SetUpPath gives the path, below wherever Handler is mounted, of the page on which the first owner is
// made, with a token that works once and for 24 hours. It is a secret: whoever has it becomes the owner.
// Each call voids the token of the one before. needed is false once there is an owner.
func (s *Server) SetUpPath(ctx context.Context) (path Secret, needed bool, err error) {
	token, needed, err := s.house.login.OfferSetUp(ctx)
	if err != nil || !needed {
		return Secret{}, false, err
	}
	return NewSecret("/setup#token=" + token.Reveal()), true, nil
}

// CodesDelivered tells whether login codes reach people: the robot named by Config.OTP is there to say them,
// or signing in asks for none. Where it is false, whoever signs out cannot sign in again: whoever makes an
// owner should be told.
func (s *Server) CodesDelivered(ctx context.Context) (bool, error) {
	return s.house.login.CodesDelivered(ctx)
}

// HasUI tells whether there is an admin app to serve: none is when this program was compiled before the
// app had been built, and Config.UI names no other.
func (s *Server) HasUI() bool { return s.house.http.HasUI() }
