package account

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// Account is a person who can sign in.
type Account struct {
	ID id.Account
	// Username as the person wrote it; empty for one who came through a platform and chose none.
	Username string
	// Phone in E.164 ("+8613800000001"); empty when unknown.
	Phone string
	// PasswordHash in PHC form; empty when no password was set. Never leaves the server.
	PasswordHash string
	Roles        []authz.Role
	CreatedAt    time.Time
	// SuspendedAt is when an administrator shut the account out; zero for an active account.
	SuspendedAt time.Time
}

// Active tells whether the account may sign in.
func (a Account) Active() bool { return a.SuspendedAt.IsZero() }

// Provider is the platform that gave an identity.
type Provider string

// The providers.
const (
	Wechat   Provider = "WECHAT"
	Dingtalk Provider = "DINGTALK"
)

// Identity is a platform's name for an account. (Provider, Realm, Subject) is unique.
type Identity struct {
	Account  id.Account
	Provider Provider
	// Realm is where Subject is unique: the appid for WeChat, the corpId for DingTalk.
	Realm string
	// Subject is the openid (WeChat) or userid (DingTalk).
	Subject string
	// Unionid is the platform's name across the apps of one owner; empty when not given.
	Unionid   string
	CreatedAt time.Time
}

// Errors of this package.
var (
	ErrUsernameTaken   = errs.New(errs.Conflict, "account.username_taken", "This username is taken. Please choose another.")
	ErrPhoneTaken      = errs.New(errs.Conflict, "account.phone_taken", "This phone number belongs to another account.")
	ErrUsernameInvalid = errs.New(errs.Invalid, "account.username_invalid", "A username has 2 to 32 letters, digits, dots, dashes or underscores and begins with a letter or digit.")
	ErrPhoneInvalid    = errs.New(errs.Invalid, "account.phone_invalid", "This is not a phone number that can receive messages. Write it as 13800000001 or +8613800000001.")
	ErrPasswordWeak    = errs.New(errs.Invalid, "account.password_weak", "Choose a password of 8 to 256 characters that is not a common one and not your username or phone number.")
	ErrNotFound        = errs.New(errs.NotFound, "account.not_found", "There is no such account.")
	ErrSuspendSelf     = errs.New(errs.Conflict, "account.suspend_self", "You cannot suspend your own account.")
	ErrLastOwner       = errs.New(errs.Conflict, "account.last_owner", "This is the last active owner. Make another owner first.")
	ErrSuspended       = errs.New(errs.Forbidden, "account.suspended", "This account has been suspended. Please ask your administrator.")
)

// Match is an account that a search has found, and the name by which it did.
type Match struct {
	Account
	// Key is the folded username or the phone.
	Key string
}

// Store keeps accounts and identities. Times come in from the caller. Inside a transaction of the
// context the methods take part in it.
type Store interface {
	// Create inserts without reading first. folded is the case-folded username, unique like the phone.
	// An empty username or phone is none, and any number of accounts may have none.
	// Reasons: account.username_taken, account.phone_taken.
	Create(ctx context.Context, a Account, folded string) error
	// Get reasons: account.not_found.
	Get(ctx context.Context, account id.Account) (Account, error)
	// GetMany gives those that exist, in no particular order.
	GetMany(ctx context.Context, accounts []id.Account) ([]Account, error)
	// FindByUsername looks up the case-folded username; false when there is none.
	FindByUsername(ctx context.Context, folded string) (Account, bool, error)
	// List pages by id, newest first.
	List(ctx context.Context, p page.Request) (page.Of[Account], error)
	// ListByUsername pages those whose folded username begins with prefix, by folded username: the key of
	// a match and of p.After.
	ListByUsername(ctx context.Context, prefix string, p page.Request) (page.Of[Match], error)
	// ListByPhone pages those whose phone begins with prefix, by phone, and leaves out those whose folded
	// username begins with notUsername, unless that is empty.
	ListByPhone(ctx context.Context, prefix, notUsername string, p page.Request) (page.Of[Match], error)
	// SetSuspended records when an account was shut out, unless it is already; a zero time lets it in.
	// However many are shut out at once, one owner who is not stays. Reasons: account.not_found,
	// account.last_owner.
	SetSuspended(ctx context.Context, account id.Account, at time.Time) error
	// SetPasswordHash replaces the hash if it is still old. It tells whether it did.
	SetPasswordHash(ctx context.Context, account id.Account, old, hash string) (bool, error)

	// CreateIdentity inserts the identity unless (provider, realm, subject) is there already, and
	// gives the account that owns it now and whether it was this insert that made it.
	CreateIdentity(ctx context.Context, identity Identity) (owner id.Account, created bool, err error)
	FindIdentity(ctx context.Context, provider Provider, realm, subject string) (Identity, bool, error)
	// FindByUnionid gives the oldest identity of the provider with that unionid.
	FindByUnionid(ctx context.Context, provider Provider, unionid string) (Identity, bool, error)
	// SetUnionid records a unionid that the platform gave later.
	SetUnionid(ctx context.Context, provider Provider, realm, subject, unionid string) error
	// Identities lists those of the given accounts, oldest first.
	Identities(ctx context.Context, accounts []id.Account) ([]Identity, error)
	// CountOwners tells how many accounts hold the role OWNER.
	CountOwners(ctx context.Context) (int, error)
}
