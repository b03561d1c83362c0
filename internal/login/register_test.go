package login_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/limit"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/session"
)

func TestWhoRegistersIsSignedIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	got := f.register(t, 1)
	if got.Account.Username != "Alice1" || got.Account.Phone != "+8613800000001" || got.Account.PasswordHash != "" || !slices.Equal(got.Account.Roles, []authz.Role{authz.Member}) {
		t.Fatalf("got %+v", got.Account)
	}
	actor, err := f.sessions.Authenticate(t.Context(), session.Credentials{Bearer: got.Grant.AccessToken}, "", "")
	if err != nil || actor.Account != got.Account.ID {
		t.Fatalf("got %+v, %v", actor, err)
	}
}

func TestABadFormNamesEveryFieldAndCostsNoHash(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	for name, c := range map[string]struct {
		in     login.RegisterInput
		reason string
		fields []string
	}{
		"everything":       {login.RegisterInput{}, "account.username_invalid", []string{"password", "phone", "username"}},
		"NUL and emoji":    {login.RegisterInput{Username: "ali\x00ce", Phone: "📞", Password: "x"}, "account.username_invalid", []string{"password", "phone", "username"}},
		"phone, password":  {login.RegisterInput{Username: "alice", Phone: "12345", Password: "password"}, "account.phone_invalid", []string{"password", "phone"}},
		"password":         {login.RegisterInput{Username: "alice", Phone: "13800000001", Password: "alice-alice"}, "account.password_weak", []string{"password"}},
		"megabytes":        {login.RegisterInput{Username: "alice", Phone: "13800000001", Password: strings.Repeat("aB", 1<<19)}, "account.password_weak", []string{"password"}},
		"phone left empty": {login.RegisterInput{Username: "alice", Password: password}, "account.phone_invalid", []string{"phone"}},
	} {
		_, err := f.Register(t.Context(), someone, c.in)
		e, ok := errors.AsType[*errs.Error](err)
		if !ok || e.Reason != c.reason || !slices.Equal(slices.Sorted(maps.Keys(e.Fields)), c.fields) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if n := f.hashes.n.Load(); n != 0 {
		t.Fatalf("%d hashes", n)
	}
}

func TestOfManyWhoRegisterOneNameOneSucceeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	var made atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			in := input(i)
			in.Username = []string{"alice", "ALICE"}[i%2]
			_, err := f.Register(t.Context(), someone, in)
			if err == nil {
				made.Add(1)
			} else if !errors.Is(err, account.ErrUsernameTaken) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 || f.db.CountAccounts() != 1 {
		t.Fatalf("%d succeeded, %d accounts", made.Load(), f.db.CountAccounts())
	}
}

func TestAnAccountAndItsSessionAreMadeTogether(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	broken := errors.New("disk full")
	for _, method := range []string{"Sessions.Create", "Sessions.CreateRefreshToken", "Commit"} {
		f.db.Fail(method, broken)
		if _, err := f.Register(t.Context(), someone, input(1)); !errors.Is(err, broken) {
			t.Fatalf("%s: got %v", method, err)
		}
		f.db.Fail(method, nil)
		if n := f.db.CountAccounts(); n != 0 {
			t.Fatalf("%s: %d accounts", method, n)
		}
	}
	f.register(t, 1)
}

func TestRegistrationIsLimitedPerNetwork(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *login.Config) { c.Ceilings.RegisterPerAddress = 2 })
	v6 := authz.Actor{Address: "2001:db8::1"}
	neighbour := authz.Actor{Address: "2001:db8::2"}
	for i, c := range []struct {
		actor authz.Actor
		ok    bool
	}{{v6, true}, {neighbour, true}, {v6, false}, {neighbour, false}, {someone, true}, {authz.System(), true}} {
		_, err := f.Register(t.Context(), c.actor, input(i))
		if e, _ := errors.AsType[*errs.Error](err); c.ok != (err == nil) || !c.ok && (!errors.Is(err, limit.ErrLimited) || e.RetryAfter != time.Hour) {
			t.Errorf("%d: got %v", i, err)
		}
	}
}

func TestRegistrationCanBeClosedAndGiveAnotherRole(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *login.Config) { c.RegistrationClosed = true })
	if _, err := f.Register(t.Context(), someone, input(1)); !errors.Is(err, login.ErrRegistrationClosed) {
		t.Fatalf("got %v", err)
	}
	f = newFixture(t, func(c *login.Config) { c.RegisterRole = authz.Admin })
	if got := f.register(t, 1); !slices.Equal(got.Account.Roles, []authz.Role{authz.Admin}) {
		t.Fatalf("got %v", got.Account.Roles)
	}
}
