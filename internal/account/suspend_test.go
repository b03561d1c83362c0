package account_test

import (
	"errors"
	"testing"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/inmem"
)

// administered is a service that can suspend.
func administered(t *testing.T) fixture {
	t.Helper()
	f := newFixture(t)
	cfg := f.Config
	cfg.Tx, cfg.Memo = f.db, inmem.NewMemo(f.clk, 1000)
	f.Service = account.New(cfg)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestWhoMaySuspendWhom(t *testing.T) {
	t.Parallel()
	f := administered(t)
	owner, second := create(t, f.Service, draft(1, authz.Owner)), create(t, f.Service, draft(2, authz.Owner))
	admin, other := create(t, f.Service, draft(3, authz.Admin)), create(t, f.Service, draft(4, authz.Admin))
	member := create(t, f.Service, draft(5))
	for name, c := range map[string]struct {
		by   authz.Actor
		whom id.Account
		want error
	}{
		"nobody":                {authz.Actor{}, member.ID, authz.ErrSignInRequired},
		"a member":              {actor(member), admin.ID, authz.ErrForbidden},
		"a member himself":      {actor(member), member.ID, authz.ErrForbidden},
		"an admin an owner":     {actor(admin), owner.ID, authz.ErrForbidden},
		"an admin himself":      {actor(admin), admin.ID, account.ErrSuspendSelf},
		"an admin an admin":     {actor(admin), other.ID, nil},
		"an admin a member":     {actor(admin), member.ID, nil},
		"an owner himself":      {actor(owner), owner.ID, account.ErrSuspendSelf},
		"an owner an owner":     {actor(owner), second.ID, nil},
		"an owner nobody":       {actor(owner), "acct_missing", account.ErrNotFound},
		"the program an admin":  {authz.System(), other.ID, nil},
		"the program an owner":  {authz.System(), second.ID, nil},
		"the program nobody":    {authz.System(), "acct_missing", account.ErrNotFound},
		"suspended once before": {actor(owner), member.ID, nil},
	} {
		if _, err := f.Suspend(t.Context(), c.by, c.whom); !errors.Is(err, c.want) {
			t.Errorf("%s: suspending gave %v", name, err)
		}
		if c.want == nil {
			if a, err := f.Current(t.Context(), c.whom); err != nil || a.Active() {
				t.Errorf("%s: still active: %+v, %v", name, a, err)
			}
		}
		want := c.want
		if errors.Is(want, account.ErrSuspendSelf) {
			want = nil // whoever is suspended cannot act, and whoever is not loses nothing
		}
		if a, err := f.Restore(t.Context(), c.by, c.whom); !errors.Is(err, want) || err == nil && !a.Active() {
			t.Errorf("%s: restoring gave %+v, %v", name, a, err)
		}
	}
}

func TestTheLastActiveOwnerStays(t *testing.T) {
	t.Parallel()
	f := administered(t)
	first, second := create(t, f.Service, draft(1, authz.Owner)), create(t, f.Service, draft(2, authz.Owner))
	if _, err := f.Suspend(t.Context(), actor(first), second.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Suspend(t.Context(), authz.System(), first.ID); !errors.Is(err, account.ErrLastOwner) {
		t.Fatalf("got %v", err)
	}
	if _, err := f.Restore(t.Context(), actor(first), second.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Suspend(t.Context(), actor(second), first.ID); err != nil {
		t.Fatal(err)
	}
}
