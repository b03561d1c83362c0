package account

import (
	"context"
	"errors"
	"slices"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
)

// ErrRolesInvalid: INVALID, account.roles_invalid.
var ErrRolesInvalid = errs.New(errs.Invalid, "account.roles_invalid", "A role is OWNER, ADMIN or MEMBER.")

// Draft is what an account is made of.
type Draft struct {
	Username string
	// Phone as people write it, or in E.164.
	Phone    string
	Password string
	// Roles default to MEMBER.
	Roles []authz.Role
}

// Prepared is a Draft that has been checked and whose password has been hashed. Only Prepare makes one.
type Prepared struct {
	account Account
	folded  string
}

// Create makes an account. Administrators and the system may; only owners and the system may make
// owners. It inserts without reading first, so of two who want one username exactly one gets it.
// Reasons: session.missing, authz.forbidden, those of Prepare, account.username_taken,
// account.phone_taken.
func (s *Service) Create(ctx context.Context, actor authz.Actor, in Draft) (Account, error) {
	if err := actor.RequireAdmin(); err != nil {
		return Account{}, err
	}
	if slices.Contains(in.Roles, authz.Owner) && !actor.IsSystem() && !actor.Has(authz.Owner) {
		return Account{}, authz.ErrForbidden
	}
	p, err := s.Prepare(ctx, in)
	if err != nil {
		return Account{}, err
	}
	return s.Insert(ctx, p)
}

// Prepare checks every field at once and hashes the password. It costs what a hash costs, so it
// belongs before a transaction, never inside one. The error is that of the first field at fault and
// names them all in Fields. Reasons: account.username_invalid, account.phone_invalid,
// account.password_weak, account.roles_invalid, login.busy.
func (s *Service) Prepare(ctx context.Context, in Draft) (Prepared, error) {
	p, err := s.check(in)
	if err != nil {
		return Prepared{}, err
	}
	p.account.PasswordHash, err = s.Hasher.Hash(ctx, in.Password)
	return p, err
}

func (s *Service) check(in Draft) (Prepared, error) {
	var faults faults
	shown, folded, err := prepareUsername(in.Username)
	faults.add("username", err)
	phone, err := ParsePhone(in.Phone, s.DefaultRegion)
	faults.add("phone", err)
	faults.add("password", CheckPassword(in.Password, folded, phone))
	roles := slices.Clone(in.Roles)
	if len(roles) == 0 {
		roles = []authz.Role{authz.Member}
	}
	slices.Sort(roles)
	roles = slices.Compact(roles)
	if slices.ContainsFunc(roles, func(r authz.Role) bool { return !r.Valid() }) {
		faults.add("roles", ErrRolesInvalid)
	}
	return Prepared{account: Account{Username: shown, Phone: phone, Roles: roles}, folded: folded}, faults.err()
}

// Insert stores a prepared account and gives it without its hash. Inside a transaction of the context
// it takes part. Reasons: account.username_taken, account.phone_taken.
func (s *Service) Insert(ctx context.Context, p Prepared) (Account, error) {
	now := s.now()
	a := p.account
	a.ID, a.CreatedAt = id.Account(id.New(id.AccountPrefix, now)), now
	if err := s.Store.Create(ctx, a, p.folded); err != nil {
		return Account{}, named(err)
	}
	a.PasswordHash = ""
	return a, nil
}

// named adds the field to an error about something taken, so that a form can show it in its place.
func named(err error) error {
	for field, taken := range map[string]*errs.Error{"username": ErrUsernameTaken, "phone": ErrPhoneTaken} {
		if errors.Is(err, taken) {
			return taken.WithField(field, taken.Message)
		}
	}
	return err
}

// faults gathers what is wrong with a form: the first error decides the reason, all name their field.
type faults struct {
	first  *errs.Error
	fields map[string]string
}

func (f *faults) add(field string, err error) {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok {
		return
	}
	if f.first == nil {
		f.first, f.fields = e, map[string]string{}
	}
	message := e.Message
	if why, ok := e.Fields[field]; ok {
		message = why
	}
	f.fields[field] = message
}

func (f *faults) err() error {
	if f.first == nil {
		return nil
	}
	out := f.first
	for field, message := range f.fields {
		out = out.WithField(field, message)
	}
	return out
}
