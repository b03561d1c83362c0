package factor

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/limit"
	"github.com/posthouse/posthouse/internal/secret"
)

// Defaults of one-time codes.
const (
	CodeDigits      = 6
	DefaultTTL      = 5 * time.Minute
	DefaultTries    = 5
	DefaultCooldown = time.Minute
)

// Accounts finds whom a code is for.
type Accounts interface {
	// FindByUsername finds nothing for a name that can be no username, after the same work.
	FindByUsername(ctx context.Context, name string) (account.Account, bool, error)
}

// Transactor runs work in a transaction.
type Transactor interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

// OTPConfig is what the service is made of. Zero durations and counts mean their defaults.
type OTPConfig struct {
	Store    Store
	Tx       Transactor
	Ring     *secret.Ring
	Clock    clock.Clock
	Accounts Accounts
	// Limits counts the codes asked for.
	Limits limit.Counter
	// Channels that may be used, the best one first. Without any, asking for a code gives
	// otp.no_channel.
	Channels []Channel
	// TTL is how long a code is good for: default 5 minutes.
	TTL time.Duration
	// Tries is how often a code may be entered: default 5.
	Tries int
	// Cooldown is how long a username waits for its next code: default a minute.
	Cooldown time.Duration
	Ceilings Ceilings
}

// Ceilings are how many codes may be asked for. Zero means the default, a negative number no limit.
type Ceilings struct {
	// PerAccount counts for a username, whether or not it exists: default 10 an hour.
	PerAccount int
	// PerDestination and PerDestinationDaily count for the phone a code goes to: default 10 an hour
	// and 20 a day.
	PerDestination, PerDestinationDaily int
	// PerAddress counts for a client's network: default 300 an hour.
	PerAddress int
}

// OTP issues and verifies one-time codes. Safe for concurrent use.
type OTP struct {
	OTPConfig
	rules rules
}

type rules struct{ account, destination, destinationDaily, address limit.Rule }

// New makes the service.
func New(cfg OTPConfig) *OTP {
	orDefault(&cfg.TTL, DefaultTTL)
	orDefault(&cfg.Tries, DefaultTries)
	orDefault(&cfg.Cooldown, DefaultCooldown)
	c := &cfg.Ceilings
	orDefault(&c.PerAccount, 10)
	orDefault(&c.PerDestination, 10)
	orDefault(&c.PerDestinationDaily, 20)
	orDefault(&c.PerAddress, 300)
	return &OTP{OTPConfig: cfg, rules: rules{
		account:          limit.Rule{Name: "otp.account", Max: c.PerAccount, Window: time.Hour},
		destination:      limit.Rule{Name: "otp.destination", Max: c.PerDestination, Window: time.Hour},
		destinationDaily: limit.Rule{Name: "otp.destination_daily", Max: c.PerDestinationDaily, Window: 24 * time.Hour},
		address:          limit.Rule{Name: "otp.address", Max: c.PerAddress, Window: time.Hour},
	}}
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// now is the time as it will be read back from the store.
func (o *OTP) now() time.Time { return clock.FromMillis(clock.Millis(o.Clock.Now())) }
