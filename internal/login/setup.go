package login

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/secret"
)

const (
	// SetUpTTL is how long a set-up token is good for.
	SetUpTTL = 24 * time.Hour

	setUpPrefix  = "setup"
	purposeSetUp = "login.set_up"
)

// Errors of the set-up.
var (
	ErrSetUpDone    = errs.New(errs.Conflict, "setup.done", "This Posthouse has an owner already. Please sign in.")
	ErrSetUpInvalid = errs.New(errs.Forbidden, "setup.token_invalid", "This set-up link is no longer good. Restart the server: it prints a new one.")
)

// SetUpStore keeps the one set-up token that may be out, by its hash.
type SetUpStore interface {
	// LockOwners keeps others from making or suspending owners until the transaction of the context ends.
	LockOwners(ctx context.Context) error
	// OfferSetUp replaces whatever token was out.
	OfferSetUp(ctx context.Context, hash string, expiresAt time.Time) error
	// SetUpOffered gives the hash of the token that is out and good at now; empty when there is none.
	SetUpOffered(ctx context.Context, now time.Time) (hash string, err error)
	// TakeSetUp uses the token up, and tells whether it was out and good at now.
	TakeSetUp(ctx context.Context, hash string, now time.Time) (bool, error)
}

// OfferSetUp gives a new token with which the first owner can be made, and voids the one before. ok is
// false when there is an owner already. The token is a secret: whoever has it becomes the owner.
func (s *Service) OfferSetUp(ctx context.Context) (token secret.Text, ok bool, err error) {
	err = s.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.SetUps.LockOwners(ctx); err != nil {
			return err
		}
		owned, err := s.Accounts.HasOwner(ctx)
		if err != nil || owned {
			ok = false
			return err
		}
		ok, token = true, secret.NewText(secret.NewToken(setUpPrefix))
		return s.SetUps.OfferSetUp(ctx, s.Ring.Hash(purposeSetUp, token.Reveal()), s.Clock.Now().Add(SetUpTTL))
	})
	if err != nil || !ok {
		return secret.Text{}, false, err
	}
	return token, true, nil
}

// SetUpInput is the first owner, and the token of the link.
type SetUpInput struct {
	Token    string
	Username string
	Password string
	Phone    string
}

// SetUpOwner makes the first owner and signs it in, both or neither. Of many who come at once exactly one
// does. Faults of the fields leave the token good. Reasons: setup.done, setup.token_invalid, rate.limited,
// account.username_invalid, account.phone_invalid, account.password_weak, account.username_taken,
// account.phone_taken, login.busy.
func (s *Service) SetUpOwner(ctx context.Context, actor authz.Actor, in SetUpInput) (Result, error) {
	if err := s.takeByAddress(ctx, s.rules.setUp, actor); err != nil {
		return Result{}, err
	}
	hash, err := s.setUpHash(ctx, in.Token)
	if err != nil {
		return Result{}, err
	}
	prepared, err := s.Accounts.Prepare(ctx, account.Draft{
		Username: in.Username, Phone: in.Phone, Password: in.Password, Roles: []authz.Role{authz.Owner},
	})
	if err != nil {
		return Result{}, err
	}
	var out Result
	err = s.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.useSetUp(ctx, hash); err != nil {
			return err
		}
		var err error
		if out.Account, err = s.Accounts.Insert(ctx, prepared); err != nil {
			return err
		}
		out.Grant, err = s.Sessions.CreateToken(ctx, actor, out.Account)
		return err
	})
	if err != nil {
		return Result{}, err
	}
	return out, nil
}

// setUpHash finds the token's hash before anything costly is done for whoever sent it.
func (s *Service) setUpHash(ctx context.Context, token string) (string, error) {
	owned, err := s.Accounts.HasOwner(ctx)
	if err != nil {
		return "", err
	}
	if owned {
		return "", ErrSetUpDone
	}
	offered, err := s.SetUps.SetUpOffered(ctx, s.Clock.Now())
	if err != nil {
		return "", err
	}
	if offered == "" || len(token) > 128 {
		return "", ErrSetUpInvalid
	}
	for _, hash := range s.Ring.Hashes(purposeSetUp, token) {
		if secret.Equal(hash, offered) {
			return hash, nil
		}
	}
	return "", ErrSetUpInvalid
}

// useSetUp looks again, now with nobody beside.
func (s *Service) useSetUp(ctx context.Context, hash string) error {
	if err := s.SetUps.LockOwners(ctx); err != nil {
		return err
	}
	owned, err := s.Accounts.HasOwner(ctx)
	if err != nil {
		return err
	}
	if owned {
		return ErrSetUpDone
	}
	taken, err := s.SetUps.TakeSetUp(ctx, hash, s.Clock.Now())
	if err == nil && !taken {
		err = ErrSetUpInvalid
	}
	return err
}
