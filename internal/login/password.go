package login

import (
	"context"
	"slices"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/limit"
)

// LoginInput is what a person signs in with.
type LoginInput struct {
	Username string
	Password string
	// OTP is the code asked for before; nil when there is none (yet).
	OTP *OTPInput
}

// OTPInput is a code and the challenge it belongs to.
type OTPInput struct {
	Challenge id.Challenge
	Code      string
}

// Login signs in with a password and, where configured, a one-time code. A wrong password, an unknown
// username and an impossible one are refused alike, after the same work and without touching the
// code. Passwords are counted before they are checked, so that trying many at once gains nothing; a
// right one closes the count of its account. Once the password is right the answer may say more: that
// the account is suspended, or that a code is wanted (Factors then lists it).
//
// Reasons: rate.limited, login.busy, login.invalid_credentials, account.suspended,
// login.factor_required, otp.invalid, otp.expired, otp.too_many_tries.
func (s *Service) Login(ctx context.Context, actor authz.Actor, in LoginInput) (Result, error) {
	a, err := s.byPassword(ctx, actor, in.Username, in.Password)
	if err != nil {
		return Result{}, err
	}
	if err := s.secondFactor(ctx, actor, a, in.OTP); err != nil {
		return Result{}, err
	}
	grant, err := s.Sessions.CreateToken(ctx, actor, a)
	if err != nil {
		return Result{}, err
	}
	return Result{Grant: grant, Account: a}, nil
}

// byPassword gives the account that the username and the password belong to, without its hash.
func (s *Service) byPassword(ctx context.Context, actor authz.Actor, username, password string) (account.Account, error) {
	if err := s.checkByAddress(ctx, s.rules.addressFailures, actor); err != nil {
		return account.Account{}, err
	}
	key := account.LookupKey(username)
	if err := limit.Take(ctx, s.Limits, s.rules.accountFailures, key, s.Clock.Now(), limit.ErrLimited); err != nil {
		return account.Account{}, err
	}
	a, found, err := s.Accounts.FindByUsername(ctx, username)
	if err != nil {
		return account.Account{}, err
	}
	checked, err := s.Accounts.CheckPassword(ctx, a, found, password)
	if err != nil {
		return account.Account{}, err
	}
	if !checked.OK {
		// A refusal by the limit is for the next one to see: this one was counted too late to be it.
		if err := s.takeByAddress(ctx, s.rules.addressFailures, actor); err != nil && !limited(err) {
			return account.Account{}, err
		}
		return account.Account{}, ErrInvalidCredentials
	}
	if err := s.Limits.Forget(ctx, s.rules.accountFailures.Name, key); err != nil {
		return account.Account{}, err
	}
	if !a.Active() {
		return account.Account{}, account.ErrSuspended
	}
	if checked.Outdated {
		// Whoever fails to get a better hash now gets it at the next sign-in.
		_ = s.Accounts.Rehash(ctx, a, password)
	}
	a.PasswordHash = ""
	return a, nil
}

func (s *Service) secondFactor(ctx context.Context, actor authz.Actor, a account.Account, otp *OTPInput) error {
	if !slices.Contains(s.Factors, OTP) {
		return nil
	}
	if otp == nil {
		return ErrFactorRequired.WithFactors(string(OTP))
	}
	return s.OTP.Verify(ctx, actor, a, otp.Challenge, otp.Code)
}
