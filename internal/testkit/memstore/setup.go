package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// setUp is the set-up token that is out.
type setUp struct {
	hash    string
	expires time.Time
}

// LockOwners implements login.SetUpStore: a transaction is alone anyway.
func (s *Accounts) LockOwners(ctx context.Context) error {
	return s.db.do(ctx, "Accounts.LockOwners", func(*state) error { return nil })
}

// OfferSetUp implements login.SetUpStore.
func (s *Accounts) OfferSetUp(ctx context.Context, hash string, expiresAt time.Time) error {
	return s.db.do(ctx, "Accounts.OfferSetUp", func(st *state) error {
		st.setUp = setUp{hash, expiresAt}
		return nil
	})
}

// SetUpOffered implements login.SetUpStore.
func (s *Accounts) SetUpOffered(ctx context.Context, now time.Time) (hash string, err error) {
	err = s.db.do(ctx, "Accounts.SetUpOffered", func(st *state) error {
		if now.Before(st.setUp.expires) {
			hash = st.setUp.hash
		}
		return nil
	})
	return hash, err
}

// TakeSetUp implements login.SetUpStore.
func (s *Accounts) TakeSetUp(ctx context.Context, hash string, now time.Time) (taken bool, err error) {
	err = s.db.do(ctx, "Accounts.TakeSetUp", func(st *state) error {
		if taken = st.setUp.hash != "" && st.setUp.hash == hash && now.Before(st.setUp.expires); taken {
			st.setUp = setUp{}
		}
		return nil
	})
	return taken, err
}

// SetSuspended implements account.Store.
func (s *Accounts) SetSuspended(ctx context.Context, who id.Account, at time.Time) error {
	return s.db.do(ctx, "Accounts.SetSuspended", func(st *state) error {
		a, ok := st.accounts[who]
		if !ok {
			return account.ErrNotFound
		}
		if !at.IsZero() {
			if !a.Active() {
				return nil
			}
			if isOwner(a) && !st.anotherOwner(who) {
				return account.ErrLastOwner
			}
		}
		a.SuspendedAt = at
		st.accounts[who] = a
		return nil
	})
}

func isOwner(a account.Account) bool { return slices.Contains(a.Roles, authz.Owner) }

func (s *state) anotherOwner(than id.Account) bool {
	for _, a := range s.accounts {
		if a.ID != than && a.Active() && isOwner(a) {
			return true
		}
	}
	return false
}

// ListByUsername implements account.Store.
func (s *Accounts) ListByUsername(ctx context.Context, prefix string, p page.Request) (out page.Of[account.Match], err error) {
	err = s.db.do(ctx, "Accounts.ListByUsername", func(st *state) error {
		out = st.matches(p, func(a account.Account, folded string) (string, bool) {
			return folded, strings.HasPrefix(folded, prefix)
		})
		return nil
	})
	return out, err
}

// ListByPhone implements account.Store.
func (s *Accounts) ListByPhone(ctx context.Context, prefix, notUsername string, p page.Request) (out page.Of[account.Match], err error) {
	err = s.db.do(ctx, "Accounts.ListByPhone", func(st *state) error {
		out = st.matches(p, func(a account.Account, folded string) (string, bool) {
			return a.Phone, strings.HasPrefix(a.Phone, prefix) && (notUsername == "" || !strings.HasPrefix(folded, notUsername))
		})
		return nil
	})
	return out, err
}

// matches pages the accounts that are wanted, by key.
func (s *state) matches(p page.Request, want func(a account.Account, folded string) (key string, ok bool)) page.Of[account.Match] {
	names := map[id.Account]string{}
	for folded, who := range maps.All(s.folded) {
		names[who] = folded
	}
	var rows []account.Match
	for _, a := range s.accounts {
		if key, ok := want(a, names[a.ID]); ok && key > p.After {
			rows = append(rows, account.Match{Account: a, Key: key})
		}
	}
	slices.SortFunc(rows, func(a, b account.Match) int { return cmp.Compare(a.Key, b.Key) })
	return page.Cut(rows, p.First)
}
