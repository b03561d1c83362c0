package memstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// Accounts implements account.Store.
type Accounts struct{ db *DB }

type identityKey struct {
	provider       account.Provider
	realm, subject string
}

// Suspend shuts an account out, behind the services' back.
func (db *DB) Suspend(owner id.Account, at time.Time) {
	db.mu.Lock()
	defer db.mu.Unlock()
	a := db.state.accounts[owner]
	a.SuspendedAt = at
	db.state.accounts[owner] = a
}

// CountAccounts tells how many there are.
func (db *DB) CountAccounts() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return len(db.state.accounts)
}

// Race lets another process store the identity just before the next CreateIdentity does, and commit.
func (db *DB) Race(identity account.Identity) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.racing = &identity
}

// Create implements account.Store.
func (s *Accounts) Create(ctx context.Context, a account.Account, folded string) error {
	return s.db.do(ctx, "Accounts.Create", func(st *state) error {
		if _, taken := st.folded[folded]; taken && folded != "" {
			return account.ErrUsernameTaken
		}
		for _, other := range st.accounts {
			if a.Phone != "" && other.Phone == a.Phone {
				return account.ErrPhoneTaken
			}
		}
		st.accounts[a.ID] = a
		if folded != "" {
			st.folded[folded] = a.ID
		}
		return nil
	})
}

// Get implements account.Store.
func (s *Accounts) Get(ctx context.Context, owner id.Account) (a account.Account, err error) {
	err = s.db.do(ctx, "Accounts.Get", func(st *state) error {
		var ok bool
		if a, ok = st.accounts[owner]; !ok {
			return account.ErrNotFound
		}
		return nil
	})
	return a, err
}

// GetMany implements account.Store.
func (s *Accounts) GetMany(ctx context.Context, owners []id.Account) (out []account.Account, err error) {
	err = s.db.do(ctx, "Accounts.GetMany", func(st *state) error {
		for _, owner := range owners {
			if a, ok := st.accounts[owner]; ok {
				out = append(out, a)
			}
		}
		return nil
	})
	return out, err
}

// FindByUsername implements account.Store.
func (s *Accounts) FindByUsername(ctx context.Context, folded string) (a account.Account, ok bool, err error) {
	err = s.db.do(ctx, "Accounts.FindByUsername", func(st *state) error {
		a, ok = st.accounts[st.folded[folded]]
		return nil
	})
	return a, ok, err
}

// List implements account.Store.
func (s *Accounts) List(ctx context.Context, p page.Request) (out page.Of[account.Account], err error) {
	err = s.db.do(ctx, "Accounts.List", func(st *state) error {
		var rows []account.Account
		for _, a := range st.accounts {
			if p.After == "" || string(a.ID) < p.After {
				rows = append(rows, a)
			}
		}
		slices.SortFunc(rows, func(a, b account.Account) int { return cmp.Compare(b.ID, a.ID) })
		out = page.Cut(rows, p.First)
		return nil
	})
	return out, err
}

// SetPasswordHash implements account.Store.
func (s *Accounts) SetPasswordHash(ctx context.Context, owner id.Account, old, hash string) (did bool, err error) {
	err = s.db.do(ctx, "Accounts.SetPasswordHash", func(st *state) error {
		a, ok := st.accounts[owner]
		if did = ok && a.PasswordHash == old; did {
			a.PasswordHash = hash
			st.accounts[owner] = a
		}
		return nil
	})
	return did, err
}

// CreateIdentity implements account.Store.
func (s *Accounts) CreateIdentity(ctx context.Context, identity account.Identity) (owner id.Account, created bool, err error) {
	err = s.db.do(ctx, "Accounts.CreateIdentity", func(st *state) error {
		if r := s.db.racing; r != nil {
			s.db.racing = nil
			st.identities[keyOf(*r)] = *r
			if s.db.before != nil {
				s.db.before.identities[keyOf(*r)] = *r
			}
		}
		if there, ok := st.identities[keyOf(identity)]; ok {
			owner = there.Account
			return nil
		}
		st.identities[keyOf(identity)] = identity
		owner, created = identity.Account, true
		return nil
	})
	return owner, created, err
}

// FindIdentity implements account.Store.
func (s *Accounts) FindIdentity(ctx context.Context, provider account.Provider, realm, subject string) (out account.Identity, ok bool, err error) {
	err = s.db.do(ctx, "Accounts.FindIdentity", func(st *state) error {
		out, ok = st.identities[identityKey{provider, realm, subject}]
		return nil
	})
	return out, ok, err
}

// FindByUnionid implements account.Store.
func (s *Accounts) FindByUnionid(ctx context.Context, provider account.Provider, unionid string) (out account.Identity, ok bool, err error) {
	err = s.db.do(ctx, "Accounts.FindByUnionid", func(st *state) error {
		for _, i := range st.identities {
			if i.Provider == provider && i.Unionid == unionid && (!ok || i.CreatedAt.Before(out.CreatedAt)) {
				out, ok = i, true
			}
		}
		return nil
	})
	return out, ok, err
}

// SetUnionid implements account.Store.
func (s *Accounts) SetUnionid(ctx context.Context, provider account.Provider, realm, subject, unionid string) error {
	return s.db.do(ctx, "Accounts.SetUnionid", func(st *state) error {
		key := identityKey{provider, realm, subject}
		i := st.identities[key]
		i.Unionid = unionid
		st.identities[key] = i
		return nil
	})
}

// Identities implements account.Store.
func (s *Accounts) Identities(ctx context.Context, owners []id.Account) (out []account.Identity, err error) {
	err = s.db.do(ctx, "Accounts.Identities", func(st *state) error {
		for _, i := range st.identities {
			if slices.Contains(owners, i.Account) {
				out = append(out, i)
			}
		}
		slices.SortFunc(out, func(a, b account.Identity) int { return a.CreatedAt.Compare(b.CreatedAt) })
		return nil
	})
	return out, err
}

// CountOwners implements account.Store.
func (s *Accounts) CountOwners(ctx context.Context) (n int, err error) {
	err = s.db.do(ctx, "Accounts.CountOwners", func(st *state) error {
		for _, a := range st.accounts {
			if slices.Contains(a.Roles, authz.Owner) {
				n++
			}
		}
		return nil
	})
	return n, err
}

func keyOf(i account.Identity) identityKey { return identityKey{i.Provider, i.Realm, i.Subject} }
