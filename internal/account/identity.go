package account

import (
	"context"
	"errors"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
)

// ErrIdentityRaced is what Adopt gives when another transaction stored the same identity first. The
// caller rolls back, so that no account is left without one, and calls again.
var ErrIdentityRaced = errors.New("account: another sign-in stored this identity first")

// Adopt gives the account that a platform's person has here: the one that holds the identity, else
// the one that holds another identity with the same unionid (to which this one is added), else a new
// account without username, phone or password. created tells that the identity is new here.
//
// It must run in a transaction, which a returned error rolls back; call Changed after its commit. An account is never moved: a
// unionid that turns up later, although another account has it too, is recorded and changes nothing.
// Account and Identity.CreatedAt of the argument are filled in here. Errors: ErrIdentityRaced.
func (s *Service) Adopt(ctx context.Context, person Identity) (a Account, created bool, err error) {
	known, found, err := s.Store.FindIdentity(ctx, person.Provider, person.Realm, person.Subject)
	if err != nil {
		return Account{}, false, err
	}
	if found {
		return s.known(ctx, known, person.Unionid)
	}
	a, err = s.ownerFor(ctx, person)
	if err != nil {
		return Account{}, false, err
	}
	person.Account, person.CreatedAt = a.ID, s.now()
	_, created, err = s.Store.CreateIdentity(ctx, person)
	if err == nil && !created {
		err = ErrIdentityRaced
	}
	if err != nil {
		return Account{}, false, err
	}
	a.PasswordHash = ""
	return a, true, nil
}

func (s *Service) known(ctx context.Context, known Identity, unionid string) (Account, bool, error) {
	if unionid != "" && known.Unionid == "" {
		if err := s.Store.SetUnionid(ctx, known.Provider, known.Realm, known.Subject, unionid); err != nil {
			return Account{}, false, err
		}
	}
	a, err := s.Store.Get(ctx, known.Account)
	a.PasswordHash = ""
	return a, false, err
}

// ownerFor finds the account of the person's unionid or makes a new one.
func (s *Service) ownerFor(ctx context.Context, person Identity) (Account, error) {
	if person.Unionid != "" {
		sibling, found, err := s.Store.FindByUnionid(ctx, person.Provider, person.Unionid)
		if err != nil {
			return Account{}, err
		}
		if found {
			return s.Store.Get(ctx, sibling.Account)
		}
	}
	now := s.now()
	a := Account{ID: id.Account(id.New(id.AccountPrefix, now)), Roles: []authz.Role{authz.Member}, CreatedAt: now}
	return a, s.Store.Create(ctx, a, "")
}
