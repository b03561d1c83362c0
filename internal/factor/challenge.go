package factor

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
)

// ChannelName is how a code travels.
type ChannelName string

// The channels.
const (
	DingtalkPrivate ChannelName = "DINGTALK_PRIVATE"
	DingtalkGroup   ChannelName = "DINGTALK_GROUP"
)

// Challenge is one issued code. The code itself is not in it, only its keyed hash.
type Challenge struct {
	ID id.Challenge
	// UsernameFolded is for whom it was asked, whether or not that account exists.
	UsernameFolded string
	// Account is empty for a challenge that answers for an unknown username: no code opens it.
	Account  id.Account
	Channel  ChannelName
	CodeHash string
	// Tries counts the attempts made, this one included, before the code is looked at.
	Tries     int
	CreatedAt time.Time
	ExpiresAt time.Time
	// ConsumedAt is when the code was used; zero until then.
	ConsumedAt time.Time
}

// Errors of this package.
var (
	ErrInvalid      = errs.New(errs.Unauthenticated, "otp.invalid", "The code is wrong. Please check it and try again.")
	ErrExpired      = errs.New(errs.Unauthenticated, "otp.expired", "The code has expired. Please ask for a new one.")
	ErrTooManyTries = errs.New(errs.RateLimited, "otp.too_many_tries", "Too many wrong codes. Please ask for a new one.")
	ErrCooldown     = errs.New(errs.RateLimited, "otp.cooldown", "A code was sent a moment ago. Please wait before asking for another.")
	ErrLimit        = errs.New(errs.RateLimited, "otp.limit", "Too many codes have been asked for. Please try again later.")
	ErrNoChannel    = errs.New(errs.Unavailable, "otp.no_channel", "No way of delivering codes has been set up. Ask your administrator to enable one.")
)

// Store keeps challenges and cool-downs. Inside a transaction of the context the methods take part.
type Store interface {
	Create(ctx context.Context, c Challenge) error
	// CountTry adds one to the tries of the challenge and gives it as it is then; false when there is
	// none. It commits by itself, before anyone compares a code.
	CountTry(ctx context.Context, challenge id.Challenge) (Challenge, bool, error)
	// Consume marks the challenge used, and tells whether this call was the one that did.
	Consume(ctx context.Context, challenge id.Challenge, at time.Time) (bool, error)
	// StartCooldown begins a cool-down for a username and answers ok, or gives the time at which the
	// running one ends. Atomic.
	StartCooldown(ctx context.Context, usernameFolded string, now, until time.Time) (ok bool, ends time.Time, err error)
	// DeleteExpired drops challenges and cool-downs that ended before the given time, at most limit.
	DeleteExpired(ctx context.Context, before time.Time, limit int) (int, error)
}

// Message is a code on its way to a person.
type Message struct {
	Challenge id.Challenge
	// Account is whom it is for; nil for an unknown username, when the channel does the same work
	// and delivers nothing.
	Account   *account.Account
	Code      string
	ExpiresAt time.Time
}

// Channel takes codes for delivery. Deliver enqueues within the transaction of the context and
// returns at once; it never waits for a platform.
type Channel interface {
	Name() ChannelName
	Deliver(ctx context.Context, m Message) error
	// Ready tells whether codes can be delivered now. Reason: otp.no_channel.
	Ready(ctx context.Context) error
}
