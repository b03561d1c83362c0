package factor

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/limit"
	"github.com/posthouse/posthouse/internal/secret"
)

// Purposes of the key ring.
const (
	purposeCode        = "factor.otp"
	purposeDestination = "factor.destination"
	purposeDecoy       = "factor.decoy"
)

// RequestInput asks for a code.
type RequestInput struct {
	Username string
	// Channel the code shall come through; empty means the best there is.
	Channel ChannelName
}

// Issued is what may be said about a code: where it went, roughly, and until when it is good.
type Issued struct {
	ID      id.Challenge
	Channel ChannelName
	// Destination is a masked phone number.
	Destination string
	ExpiresAt   time.Time
	// ResendAt is when the next code may be asked for.
	ResendAt time.Time
}

// Request issues a code and hands it to a channel. For a username that does not exist, has no phone
// or is suspended it does the same work, gives an answer of the same shape and delivers nothing.
//
// Refusals come in this order, and each leaves what follows untouched: a ceiling that has been
// reached (otp.limit), the cool-down of the username (otp.cooldown); both tell when to ask again.
// So asking too early uses nothing up. Every challenge stands on its own: asking again does not spoil
// the code that is already on its way, since a stranger could then keep anyone from signing in.
// Reasons: otp.no_channel, otp.limit, otp.cooldown.
func (o *OTP) Request(ctx context.Context, actor authz.Actor, in RequestInput) (Issued, error) {
	channel, err := o.channel(in.Channel)
	if err != nil {
		return Issued{}, err
	}
	// Found out first, so that a code that cannot be sent uses nothing up.
	if err := channel.Ready(ctx); err != nil {
		return Issued{}, err
	}
	username := account.LookupKey(in.Username)
	to, err := o.recipient(ctx, username, in.Username)
	if err != nil {
		return Issued{}, err
	}
	now := o.now()
	resendAt, err := o.admit(ctx, actor, username, to.phone, now)
	if err != nil {
		return Issued{}, err
	}
	code := secret.Digits(CodeDigits)
	c := Challenge{
		ID: id.Challenge(id.New(id.ChallengePrefix, now)), UsernameFolded: username, Channel: channel.Name(),
		CreatedAt: now, ExpiresAt: now.Add(o.TTL),
	}
	c.CodeHash = o.Ring.Hash(purposeCode, bound(c.ID, code))
	if to.account != nil {
		c.Account = to.account.ID
	}
	err = o.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := o.Store.Create(ctx, c); err != nil {
			return err
		}
		return channel.Deliver(ctx, Message{Challenge: c.ID, Account: to.account, Code: code, ExpiresAt: c.ExpiresAt})
	})
	if err != nil {
		return Issued{}, err
	}
	return Issued{
		ID: c.ID, Channel: c.Channel, Destination: account.MaskPhone(to.phone),
		ExpiresAt: c.ExpiresAt, ResendAt: resendAt,
	}, nil
}

// Delivers tells whether a code that is asked for now can be sent.
func (o *OTP) Delivers(ctx context.Context) (bool, error) {
	channel, err := o.channel("")
	if err == nil {
		err = channel.Ready(ctx)
	}
	if errors.Is(err, ErrNoChannel) {
		return false, nil
	}
	return err == nil, err
}

func (o *OTP) channel(name ChannelName) (Channel, error) {
	for _, c := range o.Channels {
		if name == "" || c.Name() == name {
			return c, nil
		}
	}
	return nil, ErrNoChannel
}

// recipient is whom a code goes to: a person, or nobody at a phone that looks like somebody's.
type recipient struct {
	account *account.Account
	phone   string
}

func (o *OTP) recipient(ctx context.Context, folded, username string) (recipient, error) {
	// The decoy is made for everyone, so that making it tells nothing.
	decoy := o.decoyPhone(folded)
	a, found, err := o.Accounts.FindByUsername(ctx, username)
	if err != nil {
		return recipient{}, err
	}
	if !found || !a.Active() || a.Phone == "" {
		return recipient{phone: decoy}, nil
	}
	a.PasswordHash = ""
	return recipient{account: &a, phone: a.Phone}, nil
}

// decoyPhone makes up the phone of a username that has none: always the same one, and one that a
// Chinese mobile number could be. It comes from the oldest key, so that it does not change when a key
// is added while real ones stay as they are.
func (o *OTP) decoyPhone(folded string) string {
	keys := o.Ring.Derivations(purposeDecoy)
	mac := hmac.New(sha256.New, keys[len(keys)-1])
	mac.Write([]byte(folded))
	sum := mac.Sum(nil)
	prefixes := [...]int{130, 131, 132, 133, 135, 136, 137, 138, 139, 150, 151, 152, 155, 156, 157, 158, 159, 176, 177, 180, 181, 182, 183, 185, 186, 187, 188, 189, 198, 199}
	prefix := prefixes[binary.BigEndian.Uint32(sum)%uint32(len(prefixes))]
	return fmt.Sprintf("+86%d%08d", prefix, binary.BigEndian.Uint64(sum[8:])%100_000_000)
}

// use is one thing a code is counted against.
type use struct {
	rule    limit.Rule
	subject string
}

// admit checks the ceilings, begins the cool-down and only then counts.
func (o *OTP) admit(ctx context.Context, actor authz.Actor, username, phone string, now time.Time) (resendAt time.Time, err error) {
	destination := o.Ring.Hash(purposeDestination, phone)
	uses := []use{
		{o.rules.account, username},
		{o.rules.destination, destination},
		{o.rules.destinationDaily, destination},
	}
	if !actor.IsSystem() {
		uses = append(uses, use{o.rules.address, limit.AddressSubject(actor.Address)})
	}
	for _, u := range uses {
		if err := limit.Check(ctx, o.Limits, u.rule, u.subject, now, ErrLimit); err != nil {
			return time.Time{}, err
		}
	}
	resendAt = now.Add(o.Cooldown)
	ok, ends, err := o.Store.StartCooldown(ctx, username, now, resendAt)
	if err != nil {
		return time.Time{}, err
	}
	if !ok {
		return time.Time{}, ErrCooldown.WithRetryAfter(ends.Sub(now))
	}
	for _, u := range uses {
		if err := limit.Take(ctx, o.Limits, u.rule, u.subject, now, ErrLimit); err != nil {
			return time.Time{}, err
		}
	}
	return resendAt, nil
}

// bound ties a code to its challenge, so that equal codes have different hashes and none serves
// another challenge.
func bound(challenge id.Challenge, code string) string { return string(challenge) + ":" + code }
