package login

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/cache"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/limit"
	"github.com/posthouse/posthouse/internal/lock"
	"github.com/posthouse/posthouse/internal/platform"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/session"
)

// FactorName is one proof that a sign-in wants.
type FactorName string

// The factors.
const (
	Password FactorName = "PASSWORD"
	OTP      FactorName = "OTP"
)

// Errors of this package.
var (
	ErrInvalidCredentials = errs.New(errs.Unauthenticated, "login.invalid_credentials", "The username or the password is wrong.")
	ErrFactorRequired     = errs.New(errs.Unauthenticated, "login.factor_required", "One more proof is needed: please ask for a code and enter it.")
	ErrRegistrationClosed = errs.New(errs.Forbidden, "login.registration_closed", "Accounts cannot be registered here. Please ask an administrator for one.")
	ErrWechatAppUnknown   = errs.New(errs.Invalid, "wechat.app_unknown", "No mini-program with this appid has been set up here.")
)

// Transactor runs work in a transaction.
type Transactor interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

// Config is what the service is made of. Wechat, Apps, Cache and Lock are needed for WechatLogin only.
type Config struct {
	Accounts *account.Service
	Sessions *session.Service
	OTP      *factor.OTP
	Tx       Transactor
	Limits   limit.Counter
	Clock    clock.Clock
	Wechat   WechatClient
	Apps     *platform.Apps
	// Cache keeps the answer to a WeChat code for a moment, sealed with Ring.
	Cache cache.Cache
	Lock  lock.Locker
	// SetUps is needed for the set-up of the first owner only.
	SetUps SetUpStore
	Ring   *secret.Ring
	// Factors that Login wants: default password and one-time code. CheckFactors refuses others.
	Factors []FactorName
	// RegistrationClosed refuses Register.
	RegistrationClosed bool
	// RegisterRole is what those who register become: default MEMBER.
	RegisterRole authz.Role
	Ceilings     Ceilings
}

// Ceilings are how often something may be tried. Zero means the default, a negative number no limit.
type Ceilings struct {
	// RegisterPerAddress: default 60 an hour.
	RegisterPerAddress int
	// FailuresPerAccount counts passwords tried for a username, whether or not it exists, since the
	// last right one: default 10 in 15 minutes.
	FailuresPerAccount int
	// FailuresPerAddress counts wrong passwords: default 100 in 15 minutes.
	FailuresPerAddress int
	// WechatPerAddress: default 600 an hour; mobile networks put many people behind one address.
	WechatPerAddress int
}

// Service signs people in. Safe for concurrent use.
type Service struct {
	Config
	rules rules
}

type rules struct{ register, setUp, accountFailures, addressFailures, wechat limit.Rule }

// New makes the service.
func New(cfg Config) *Service {
	if len(cfg.Factors) == 0 {
		cfg.Factors = []FactorName{Password, OTP}
	}
	orDefault(&cfg.RegisterRole, authz.Member)
	c := &cfg.Ceilings
	orDefault(&c.RegisterPerAddress, 60)
	orDefault(&c.FailuresPerAccount, 10)
	orDefault(&c.FailuresPerAddress, 100)
	orDefault(&c.WechatPerAddress, 600)
	return &Service{Config: cfg, rules: rules{
		register:        limit.Rule{Name: "login.register", Max: c.RegisterPerAddress, Window: time.Hour},
		setUp:           limit.Rule{Name: "login.set_up", Max: c.RegisterPerAddress, Window: time.Hour},
		accountFailures: limit.Rule{Name: "login.account", Max: c.FailuresPerAccount, Window: 15 * time.Minute},
		addressFailures: limit.Rule{Name: "login.address", Max: c.FailuresPerAddress, Window: 15 * time.Minute},
		wechat:          limit.Rule{Name: "login.wechat", Max: c.WechatPerAddress, Window: time.Hour},
	}}
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// CheckFactors refuses a list of factors that a sign-in cannot ask for: it must begin with the
// password, and only known ones may follow, each once.
func CheckFactors(factors []FactorName) error {
	seen := map[FactorName]bool{}
	for i, f := range factors {
		switch {
		case f != Password && f != OTP:
			return fmt.Errorf("login: unknown factor %q (known: %s, %s)", f, Password, OTP)
		case seen[f]:
			return fmt.Errorf("login: factor %s is listed twice", f)
		case i == 0 && f != Password:
			return fmt.Errorf("login: the factors must begin with %s", Password)
		}
		seen[f] = true
	}
	return nil
}

// CodesDelivered tells whether login codes reach people: they can be sent, or signing in asks for none.
// Where it is false, nobody gets in with a password.
func (s *Service) CodesDelivered(ctx context.Context) (bool, error) {
	if !slices.Contains(s.Factors, OTP) {
		return true, nil
	}
	ok, err := s.OTP.Delivers(ctx)
	if err != nil {
		return false, errs.Wrap(err, "find out whether codes can be sent")
	}
	return ok, nil
}

// takeByAddress counts a use against the client's network; Posthouse itself is not counted.
func (s *Service) takeByAddress(ctx context.Context, rule limit.Rule, actor authz.Actor) error {
	if actor.IsSystem() {
		return nil
	}
	return limit.Take(ctx, s.Limits, rule, limit.AddressSubject(actor.Address), s.Clock.Now(), limit.ErrLimited)
}

func (s *Service) checkByAddress(ctx context.Context, rule limit.Rule, actor authz.Actor) error {
	if actor.IsSystem() {
		return nil
	}
	return limit.Check(ctx, s.Limits, rule, limit.AddressSubject(actor.Address), s.Clock.Now(), limit.ErrLimited)
}
