package login

import (
	"context"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/session"
)

// RegisterInput is what a person gives to get an account.
type RegisterInput struct {
	Username string
	Password string
	Phone    string
}

// Result is a token session and whose it is. The account carries no password hash.
type Result struct {
	Grant   session.Grant
	Account account.Account
}

// Register makes an account and signs it in, both or neither. It inserts without reading first, so of
// many who want one username at the same moment exactly one gets it. All fields are checked at once;
// the error is that of the first at fault and names them all. Reasons: login.registration_closed,
// rate.limited, account.username_invalid, account.phone_invalid, account.password_weak,
// account.username_taken, account.phone_taken, login.busy.
func (s *Service) Register(ctx context.Context, actor authz.Actor, in RegisterInput) (Result, error) {
	if s.RegistrationClosed {
		return Result{}, ErrRegistrationClosed
	}
	if err := s.takeByAddress(ctx, s.rules.register, actor); err != nil {
		return Result{}, err
	}
	prepared, err := s.Accounts.Prepare(ctx, account.Draft{
		Username: in.Username, Phone: in.Phone, Password: in.Password, Roles: []authz.Role{s.RegisterRole},
	})
	if err != nil {
		return Result{}, err
	}
	var out Result
	err = s.Tx.InTx(ctx, func(ctx context.Context) error {
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

// RequestOtp issues a one-time code for signing in; see factor.OTP.Request. Reasons: otp.no_channel,
// otp.limit, otp.cooldown.
func (s *Service) RequestOtp(ctx context.Context, actor authz.Actor, in factor.RequestInput) (factor.Issued, error) {
	return s.OTP.Request(ctx, actor, in)
}
