package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/inmem"
	"github.com/posthouse/posthouse/internal/robot"
)

// AnyEvent is the event type of a handler that wants every event.
const AnyEvent = event.AnyType

// CallbackEvent is one event that a platform pushed.
type CallbackEvent struct {
	// ID is Posthouse's own and constant: a handler that must not act twice remembers it.
	ID string
	// App is the platform app's name in the configuration.
	App string
	// Type is the platform's word, such as "user_add_org".
	Type string
	// CorpID is the company; empty when the push names none.
	CorpID string
	// OccurredAt is when it happened, as the platform says, or zero; ReceivedAt when it was stored.
	OccurredAt time.Time
	ReceivedAt time.Time
	// Payload is the decrypted JSON object as it was pushed.
	Payload json.RawMessage
}

// OnCallbackEvent calls handle for every event of the type (or AnyEvent), at least once, in the order
// in which they were stored. The position is kept across restarts; a type handled for the first time
// begins with what comes after New. An error makes the same event come again after a pause of one second
// that grows to five minutes, and holds back later ones of the type. Call it before Run.
func (s *Server) OnCallbackEvent(eventType string, handle func(ctx context.Context, e CallbackEvent) error) {
	s.house.events.Handle(eventType, func(ctx context.Context, e event.Event) error {
		return handle(ctx, CallbackEvent{
			ID: string(e.ID), App: e.App, Type: e.Type, CorpID: e.CorpID,
			OccurredAt: e.OccurredAt, ReceivedAt: e.ReceivedAt, Payload: e.Payload,
		})
	})
}

// Account is who has signed in.
type Account struct {
	ID string
	// Session is the id of the session the request came under.
	Session string
	// Roles are OWNER, ADMIN or MEMBER.
	Roles []string
}

// AccountFrom tells who sent a request that passed RequireAccount.
func AccountFrom(ctx context.Context) (Account, bool) {
	actor := authz.From(ctx)
	if !actor.SignedIn() {
		return Account{}, false
	}
	a := Account{ID: string(actor.Account), Session: string(actor.Session), Roles: make([]string, len(actor.Roles))}
	for i, r := range actor.Roles {
		a.Roles[i] = string(r)
	}
	return a, true
}

// NewAccount is an account to make without the API.
type NewAccount struct {
	Username string
	Phone    string
	Password Secret
	// Role is OWNER, ADMIN or MEMBER.
	Role string
}

// CreateAccount makes an account and gives its id. Errors carry reasons such as
// account.username_taken; see Reason.
func (s *Server) CreateAccount(ctx context.Context, a NewAccount) (string, error) {
	return createAccount(ctx, s.house.accounts, a)
}

// CreateAccount makes an account in the database of a Posthouse that need not run, and may: how the
// first owner comes to be.
func CreateAccount(ctx context.Context, cfg Config, a NewAccount) (_ string, err error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return "", fmt.Errorf("the configuration is not valid:\n%w", err)
	}
	db, err := openStore(ctx, cfg, true)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.store.Close()) }()
	accounts, err := newAccounts(cfg, db.store, clock.Real(), inmem.NewBus())
	if err != nil {
		return "", err
	}
	made, err := createAccount(ctx, accounts, a)
	return made, errors.Join(err, accounts.Close())
}

func createAccount(ctx context.Context, accounts *account.Service, a NewAccount) (string, error) {
	made, err := accounts.Create(ctx, authz.System(), account.Draft{
		Username: a.Username, Phone: a.Phone, Password: a.Password.Reveal(), Roles: []authz.Role{authz.Role(a.Role)},
	})
	return string(made.ID), err
}

// NewRobot is a custom group robot to add without the API.
type NewRobot struct {
	Name string `yaml:"name"`
	// Webhook is the whole URL or the access_token alone.
	Webhook Secret `yaml:"webhook"`
	// Secret signs (SEC…), when the robot's security setting is signing.
	Secret   Secret   `yaml:"secret"`
	Keywords []string `yaml:"keywords"`
}

// EnsureRobot adds the robot unless one of this name is there already.
func (s *Server) EnsureRobot(ctx context.Context, r NewRobot) error {
	_, there, err := s.house.robots.FindByName(ctx, r.Name)
	if err != nil || there {
		return err
	}
	_, err = s.house.robots.Create(ctx, authz.System(), robot.Input{Name: r.Name, Webhook: r.Webhook, Secret: r.Secret, Keywords: r.Keywords})
	return err
}

// Reason gives the stable, dotted reason of an error that Posthouse returned, such as
// "account.username_taken"; "internal" for any other.
func Reason(err error) string { return errs.ReasonOf(err) }
