package login

import (
	"context"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/session"
)

// Suspend shuts an account out and ends its sessions, both or neither. Reasons: those of
// account.Service.Suspend.
func (s *Service) Suspend(ctx context.Context, actor authz.Actor, who id.Account) (account.Account, error) {
	var a account.Account
	err := s.Tx.InTx(ctx, func(ctx context.Context) error {
		var err error
		if a, err = s.Accounts.Suspend(ctx, actor, who); err != nil {
			return err
		}
		return s.Sessions.EndAll(ctx, actor, who, "", session.ReasonSuspended)
	})
	return a, err
}
