package authz_test

import (
	"errors"
	"testing"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
)

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	expired := errs.New(errs.Unauthenticated, "session.expired", "")
	of := func(r authz.Role) authz.Actor { return authz.Actor{Account: "acct_1", Roles: []authz.Role{r}} }
	for name, c := range map[string]struct {
		actor          authz.Actor
		account, admin error
	}{
		"nobody":          {authz.Actor{}, authz.ErrSignInRequired, authz.ErrSignInRequired},
		"a bad token":     {authz.Denied(expired), expired, expired},
		"a member":        {of(authz.Member), nil, authz.ErrForbidden},
		"an admin":        {of(authz.Admin), nil, nil},
		"an owner":        {of(authz.Owner), nil, nil},
		"Posthouse":       {authz.System(), nil, nil},
		"without a role":  {authz.Actor{Account: "acct_1"}, nil, authz.ErrForbidden},
		"an unknown role": {of("ROOT"), nil, authz.ErrForbidden},
	} {
		if err := c.actor.RequireAccount(); !errors.Is(err, c.account) {
			t.Errorf("%s: RequireAccount gave %v", name, err)
		}
		if err := c.actor.RequireAdmin(); !errors.Is(err, c.admin) {
			t.Errorf("%s: RequireAdmin gave %v", name, err)
		}
	}
}

func TestTheActorTravelsInTheContext(t *testing.T) {
	t.Parallel()
	ctx := authz.With(t.Context(), authz.Actor{Account: "acct_1"})
	if got := authz.From(ctx); got.Account != "acct_1" {
		t.Fatalf("got %+v", got)
	}
	if got := authz.From(t.Context()); got.SignedIn() || got.IsSystem() {
		t.Fatalf("got %+v", got)
	}
}

func TestRoomForTheActorIsFilledInPlace(t *testing.T) {
	t.Parallel()
	ctx := authz.Reserve(t.Context())
	if got := authz.From(ctx); got.SignedIn() || got.IsSystem() {
		t.Fatalf("before: %+v", got)
	}
	if !authz.Fill(ctx, authz.Actor{Account: "acct_1"}) || authz.From(ctx).Account != "acct_1" {
		t.Fatalf("after: %+v", authz.From(ctx))
	}
	if authz.Fill(t.Context(), authz.Actor{Account: "acct_1"}) {
		t.Fatal("filled where no room was made")
	}
}
