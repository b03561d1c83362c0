package authz

import (
	"slices"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
)

// Role is what an account may do in this Posthouse.
type Role string

// The roles. Owner may do everything; Admin everything but make owners; Member reads and changes only
// what is their own.
const (
	Owner  Role = "OWNER"
	Admin  Role = "ADMIN"
	Member Role = "MEMBER"
)

// Valid tells whether r is one of the roles.
func (r Role) Valid() bool { return r == Owner || r == Admin || r == Member }

// Errors of the checks.
var (
	// ErrSignInRequired: UNAUTHENTICATED, session.missing.
	ErrSignInRequired = errs.New(errs.Unauthenticated, "session.missing", "Please sign in first.")
	// ErrForbidden: FORBIDDEN, authz.forbidden.
	ErrForbidden = errs.New(errs.Forbidden, "authz.forbidden", "Your role does not allow this.")
)

// Actor is on whose behalf something is done. The zero Actor is an anonymous one from nowhere. It is
// a value: copy it freely, never change one in use.
type Actor struct {
	Account id.Account
	Session id.Session
	Roles   []Role
	// Address is the client's IP address, for limits and the session list; never for authentication.
	Address string
	// UserAgent is what the client calls itself, for the session list.
	UserAgent string

	system bool
	denied error
}

// Denied is someone who showed a token that is not good: anonymous, and told why as soon as signing
// in is required. Requests that need no account go on.
func Denied(why error) Actor { return Actor{denied: why} }

// System is Posthouse itself, or the program that embeds it: allowed everything.
func System() Actor { return Actor{system: true} }

// IsSystem tells whether Posthouse itself acts.
func (a Actor) IsSystem() bool { return a.system }

// SignedIn tells whether a person acts under a session.
func (a Actor) SignedIn() bool { return a.Account != "" }

// Has tells whether the actor holds the role.
func (a Actor) Has(r Role) bool { return slices.Contains(a.Roles, r) }

// RequireAccount refuses those who have not signed in. Reasons: session.missing; of a
// Denied actor, its own.
func (a Actor) RequireAccount() error {
	switch {
	case a.system || a.SignedIn():
		return nil
	case a.denied != nil:
		return a.denied
	default:
		return ErrSignInRequired
	}
}

// RequireAdmin refuses everyone but owners, admins and the system itself. Reasons: session.missing,
// authz.forbidden.
func (a Actor) RequireAdmin() error {
	if err := a.RequireAccount(); err != nil {
		return err
	}
	if a.system || a.Has(Owner) || a.Has(Admin) {
		return nil
	}
	return ErrForbidden
}
