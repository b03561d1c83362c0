package account

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/bus"
	"github.com/posthouse/posthouse/internal/cache"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// TopicChanged is the bus topic that names, as its message, an account whose row has changed.
const TopicChanged = "account.changed"

// snapshotTTL bounds how long a snapshot outlives a change whose message was lost.
const snapshotTTL = time.Minute

// Passwords makes and checks password hashes; Hasher is the one there is.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error)
	// VerifyDecoy does the work of Verify without a hash.
	VerifyDecoy(ctx context.Context, password string) error
}

// Transactor runs work in a transaction, and other work after it has been committed.
type Transactor interface {
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	AfterCommit(ctx context.Context, fn func())
}

// Config is what the service is made of. All are needed but Tx and DefaultRegion.
type Config struct {
	Store  Store
	Hasher Passwords
	Clock  clock.Clock
	// Memo keeps snapshots of accounts in this process.
	Memo cache.Memo
	Bus  bus.Bus
	// Tx is needed to suspend and restore only.
	Tx Transactor
	// DefaultRegion is whose phone numbers are meant when no country code is written: ISO 3166,
	// default "CN".
	DefaultRegion string
}

// Service makes and finds accounts. Safe for concurrent use.
type Service struct {
	Config
	// epoch counts the changes heard of, so that a snapshot read before one is not kept after it.
	epoch  atomic.Uint64
	cancel func()
}

// New makes the service and listens for changes until Close.
func New(cfg Config) *Service {
	if cfg.DefaultRegion == "" {
		cfg.DefaultRegion = DefaultRegion
	}
	s := &Service{Config: cfg}
	s.cancel = cfg.Bus.Subscribe(TopicChanged, func(message []byte) { s.forget(id.Account(message)) })
	return s
}

// Close stops listening. Calling it again does nothing.
func (s *Service) Close() error {
	s.cancel()
	return nil
}

// Current gives a snapshot of an account, from memory where possible: it is asked on every request.
// The snapshot follows changes at once within this process, and within a minute where the bus lost
// the message. It carries no password hash, and its roles must not be changed. Reason:
// account.not_found.
func (s *Service) Current(ctx context.Context, account id.Account) (Account, error) {
	if v, ok := s.Memo.Get(string(account)); ok {
		if snapshot, ok := v.(*Account); ok {
			return *snapshot, nil
		}
	}
	before := s.epoch.Load()
	a, err := s.Store.Get(ctx, account)
	if err != nil {
		return Account{}, err
	}
	a.PasswordHash = ""
	s.Memo.Set(string(account), &a, snapshotTTL)
	if s.epoch.Load() != before {
		s.Memo.Delete(string(account))
	}
	return a, nil
}

func (s *Service) forget(account id.Account) {
	s.epoch.Add(1)
	s.Memo.Delete(string(account))
	s.Memo.Delete(identitiesKey(account))
}

// Changed tells every process that the account's row or its identities have changed. Services call it
// after the commit of a transaction in which they used Adopt.
func (s *Service) Changed(ctx context.Context, account id.Account) { s.announce(ctx, account) }

// announce tells every process that the account's row has changed. Call it after the commit. A lost
// message costs at most snapshotTTL, so a failing bus is no reason to fail.
func (s *Service) announce(ctx context.Context, account id.Account) {
	s.forget(account)
	_ = s.Bus.Publish(ctx, TopicChanged, []byte(account))
}

// Get gives an account to itself or to an administrator, without its password hash. To everyone else
// no account exists. Reasons: session.missing, account.not_found.
func (s *Service) Get(ctx context.Context, actor authz.Actor, account id.Account) (Account, error) {
	if err := s.mayRead(actor, account); err != nil {
		return Account{}, err
	}
	a, err := s.Store.Get(ctx, account)
	a.PasswordHash = ""
	return a, err
}

// Load gives those of the accounts that exist, without password hashes. It is for batch loaders: who
// may see an account is for them to have decided.
func (s *Service) Load(ctx context.Context, accounts []id.Account) (map[id.Account]Account, error) {
	rows, err := s.Store.GetMany(ctx, accounts)
	if err != nil {
		return nil, err
	}
	found := make(map[id.Account]Account, len(rows))
	for _, a := range rows {
		a.PasswordHash = ""
		found[a.ID] = a
	}
	return found, nil
}

// List pages all accounts, newest first, without password hashes. Administrators only. Reasons:
// session.missing, authz.forbidden.
func (s *Service) List(ctx context.Context, actor authz.Actor, p page.Request) (page.Of[Account], error) {
	if err := actor.RequireAdmin(); err != nil {
		return page.Of[Account]{}, err
	}
	rows, err := s.Store.List(ctx, p)
	for i := range rows.Items {
		rows.Items[i].PasswordHash = ""
	}
	return rows, err
}

// Identities gives the platform identities of an account, oldest first, to itself or to an
// administrator, from memory where possible. Reasons: session.missing, account.not_found.
func (s *Service) Identities(ctx context.Context, actor authz.Actor, account id.Account) ([]Identity, error) {
	if err := s.mayRead(actor, account); err != nil {
		return nil, err
	}
	if v, ok := s.Memo.Get(identitiesKey(account)); ok {
		if known, ok := v.([]Identity); ok {
			return slices.Clone(known), nil
		}
	}
	before := s.epoch.Load()
	identities, err := s.Store.Identities(ctx, []id.Account{account})
	if err != nil {
		return nil, err
	}
	s.Memo.Set(identitiesKey(account), identities, snapshotTTL)
	if s.epoch.Load() != before {
		s.Memo.Delete(identitiesKey(account))
	}
	return slices.Clone(identities), nil
}

func identitiesKey(account id.Account) string { return "i" + string(account) }

// FindByUsername finds an account however its username is cased, with its password hash: for sign-in.
// A name that can be no username finds nothing, after the same lookup.
func (s *Service) FindByUsername(ctx context.Context, name string) (Account, bool, error) {
	return s.Store.FindByUsername(ctx, LookupKey(name))
}

// HasOwner tells whether anyone holds the role OWNER: a server nobody owns says so when it starts.
func (s *Service) HasOwner(ctx context.Context) (bool, error) {
	n, err := s.Store.CountOwners(ctx)
	return n > 0, err
}

// CheckPassword verifies the password of an account, or does the same work for one that was not found
// (exists false) or has none. Whoever calls limits how often. Reasons: login.busy.
func (s *Service) CheckPassword(ctx context.Context, a Account, exists bool, password string) (Checked, error) {
	switch {
	case PasswordTooLong(password):
		// The work must not grow with what a stranger sends.
		return Checked{}, s.Hasher.VerifyDecoy(ctx, "")
	case !exists || a.PasswordHash == "":
		return Checked{}, s.Hasher.VerifyDecoy(ctx, password)
	}
	ok, outdated, err := s.Hasher.Verify(ctx, a.PasswordHash, password)
	return Checked{OK: ok, Outdated: ok && outdated}, err
}

// Checked is what a password check found.
type Checked struct {
	OK bool
	// Outdated means that the stored hash was made with other parameters than today's.
	Outdated bool
}

// Rehash stores the password anew with today's parameters, unless the account's hash has changed
// since it was read. Call it with a password that was just verified. Reasons: login.busy.
func (s *Service) Rehash(ctx context.Context, a Account, password string) error {
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	replaced, err := s.Store.SetPasswordHash(ctx, a.ID, a.PasswordHash, hash)
	if err != nil || !replaced {
		return err
	}
	s.announce(ctx, a.ID)
	return nil
}

// now is the time as it will be read back from the store.
func (s *Service) now() time.Time { return clock.FromMillis(clock.Millis(s.Clock.Now())) }

// mayRead hides other people's accounts from all but administrators.
func (s *Service) mayRead(actor authz.Actor, account id.Account) error {
	err := actor.RequireAdmin()
	if err == nil || actor.SignedIn() && actor.Account == account {
		return nil
	}
	if errors.Is(err, authz.ErrSignInRequired) {
		return err
	}
	return ErrNotFound
}
