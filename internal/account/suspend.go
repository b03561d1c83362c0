package account

import (
	"context"
	"slices"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
)

// Suspend shuts an account out; its sessions are for the caller to end in the same transaction
// (login.Suspend does). One that is shut out already stays as it is. Reasons: session.missing,
// authz.forbidden (also when one who is no owner suspends an owner), account.not_found,
// account.suspend_self, account.last_owner.
func (s *Service) Suspend(ctx context.Context, actor authz.Actor, account id.Account) (Account, error) {
	if err := actor.RequireAdmin(); err != nil {
		return Account{}, err
	}
	if actor.Account == account {
		return Account{}, ErrSuspendSelf
	}
	return s.setSuspended(ctx, actor, account, s.now())
}

// Restore lets a suspended account sign in again. Reasons: session.missing, authz.forbidden (also when
// one who is no owner restores an owner), account.not_found.
func (s *Service) Restore(ctx context.Context, actor authz.Actor, account id.Account) (Account, error) {
	if err := actor.RequireAdmin(); err != nil {
		return Account{}, err
	}
	return s.setSuspended(ctx, actor, account, time.Time{})
}

func (s *Service) setSuspended(ctx context.Context, actor authz.Actor, account id.Account, at time.Time) (Account, error) {
	var a Account
	err := s.Tx.InTx(ctx, func(ctx context.Context) error {
		var err error
		if a, err = s.Store.Get(ctx, account); err != nil {
			return err
		}
		if err := MayManage(actor, a); err != nil {
			return err
		}
		if err := s.Store.SetSuspended(ctx, account, at); err != nil {
			return err
		}
		if a, err = s.Store.Get(ctx, account); err != nil {
			return err
		}
		s.Tx.AfterCommit(ctx, func() { s.announce(ctx, account) })
		return nil
	})
	a.PasswordHash = ""
	return a, err
}

// MayManage tells whether the actor may change the account of somebody else: administrators may, but only
// owners touch owners. Reasons: session.missing, authz.forbidden.
func MayManage(actor authz.Actor, a Account) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	if slices.Contains(a.Roles, authz.Owner) && !actor.IsSystem() && !actor.Has(authz.Owner) {
		return authz.ErrForbidden
	}
	return nil
}
