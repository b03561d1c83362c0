package factor

import (
	"context"
	"strings"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/secret"
)

// maxCode bounds what is compared; people add spaces.
const maxCode = 32

// Verify accepts a code once, for the account it was issued to. The try is counted and committed
// before the code is looked at, so that trying many at once gains nothing; therefore Verify must not
// run inside a transaction. Spaces around the code are no fault.
//
// Reasons: otp.invalid for a wrong code and for a challenge that is unknown or another's,
// otp.too_many_tries from the sixth try on whether or not the code is right, otp.expired for a code
// that is too old or was used: both need a new one.
func (o *OTP) Verify(ctx context.Context, _ authz.Actor, owner account.Account, challenge id.Challenge, code string) error {
	if id.Prefix(string(challenge)) != id.ChallengePrefix {
		return ErrInvalid
	}
	c, found, err := o.Store.CountTry(ctx, challenge)
	if err != nil {
		return err
	}
	now := o.now()
	switch {
	case !found || c.Account == "" || c.Account != owner.ID:
		return ErrInvalid
	case c.Tries > o.Tries:
		return ErrTooManyTries
	case !c.ConsumedAt.IsZero() || !now.Before(c.ExpiresAt):
		return ErrExpired
	case !o.matches(c, code):
		return ErrInvalid
	}
	first, err := o.Store.Consume(ctx, challenge, now)
	if err == nil && !first {
		return ErrExpired
	}
	return err
}

func (o *OTP) matches(c Challenge, code string) bool {
	code = strings.TrimSpace(code)
	if len(code) > maxCode {
		return false
	}
	ok := false
	for _, hash := range o.Ring.Hashes(purposeCode, bound(c.ID, code)) {
		ok = secret.Equal(hash, c.CodeHash) || ok
	}
	return ok
}

// sweepBatch is how many rows one step of Sweep deletes; keepPast how long challenges are kept.
const (
	sweepBatch = 500
	keepPast   = 24 * time.Hour
)

// Sweep deletes challenges and cool-downs that ended a day ago or earlier, in small steps.
func (o *OTP) Sweep(ctx context.Context) error {
	for {
		n, err := o.Store.DeleteExpired(ctx, o.now().Add(-keepPast), sweepBatch)
		if err != nil || n < sweepBatch {
			return err
		}
	}
}

// Run sweeps every hour until ctx ends. What a failing store does not delete waits for the next time.
func (o *OTP) Run(ctx context.Context) error {
	for {
		timer := o.Clock.NewTimer(time.Hour)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
		_ = o.Sweep(ctx)
	}
}
