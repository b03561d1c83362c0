package login_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func setUpInput(token secret.Text, n int) login.SetUpInput {
	return login.SetUpInput{
		Token: token.Reveal(), Username: fmt.Sprintf("Owner%d", n), Phone: fmt.Sprintf("1390000%04d", n), Password: password,
	}
}

func sessionOf(r login.Result) session.Credentials {
	return session.Credentials{Bearer: r.Grant.AccessToken}
}

func (f fixture) offer(t *testing.T) secret.Text {
	t.Helper()
	token, ok, err := f.OfferSetUp(t.Context())
	if err != nil || !ok {
		t.Fatalf("offered %v, %v", ok, err)
	}
	return token
}

func TestTheSetUpTokenMakesTheFirstOwnerAndSignsHimIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	token := f.offer(t)
	done, err := f.SetUpOwner(t.Context(), someone, setUpInput(token, 1))
	if err != nil || !slices.Equal(done.Account.Roles, []authz.Role{authz.Owner}) || done.Account.PasswordHash != "" {
		t.Fatalf("got %+v, %v", done.Account, err)
	}
	who, err := f.sessions.Authenticate(t.Context(), sessionOf(done), "", "")
	if err != nil || who.Account != done.Account.ID || !who.Has(authz.Owner) {
		t.Fatalf("signed in as %+v, %v", who, err)
	}
	if _, err := f.SetUpOwner(t.Context(), someone, setUpInput(token, 2)); !errors.Is(err, login.ErrSetUpDone) {
		t.Fatalf("the second time: %v", err)
	}
	if _, ok, err := f.OfferSetUp(t.Context()); ok || err != nil {
		t.Fatalf("with an owner a token is offered: %v, %v", ok, err)
	}
}

func TestASetUpTokenThatIsNoLongerGoodMakesNobody(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(f fixture, token secret.Text) secret.Text{
		"none":       func(fixture, secret.Text) secret.Text { return secret.Text{} },
		"wrong":      func(_ fixture, token secret.Text) secret.Text { return secret.NewText(token.Reveal() + "x") },
		"very long":  func(fixture, secret.Text) secret.Text { return secret.NewText(strings.Repeat("x", 1<<16)) },
		"too old":    func(f fixture, token secret.Text) secret.Text { f.clk.Advance(login.SetUpTTL); return token },
		"replaced":   func(f fixture, token secret.Text) secret.Text { f.offer(t); return token },
		"never made": func(fixture, secret.Text) secret.Text { return secret.NewText(secret.NewToken("setup")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, nil)
			token := spoil(f, f.offer(t))
			before := f.hashes.n.Load()
			if _, err := f.SetUpOwner(t.Context(), someone, setUpInput(token, 1)); !errors.Is(err, login.ErrSetUpInvalid) {
				t.Fatalf("got %v", err)
			}
			if f.db.CountAccounts() != 0 || f.hashes.n.Load() != before {
				t.Fatal("an account was made, or a password hashed, for a token that is not good")
			}
		})
	}
}

func TestFaultsOfTheFormLeaveTheTokenGood(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	token := f.offer(t)
	bad := setUpInput(token, 1)
	bad.Password = "x"
	if _, err := f.SetUpOwner(t.Context(), someone, bad); errs.ReasonOf(err) != "account.password_weak" {
		t.Fatalf("got %v", err)
	}
	f.register(t, 1)
	taken := setUpInput(token, 1)
	taken.Username = "alice1"
	if _, err := f.SetUpOwner(t.Context(), someone, taken); !errors.Is(err, account.ErrUsernameTaken) {
		t.Fatalf("got %v", err)
	}
	f.clk.Advance(login.SetUpTTL - time.Second)
	if _, err := f.SetUpOwner(t.Context(), someone, setUpInput(token, 1)); err != nil {
		t.Fatal(err)
	}
}

func TestTriesAtTheSetUpAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *login.Config) { c.Ceilings.RegisterPerAddress = 2 })
	for range 2 {
		if _, err := f.SetUpOwner(t.Context(), someone, login.SetUpInput{}); !errors.Is(err, login.ErrSetUpInvalid) {
			t.Fatal(err)
		}
	}
	if _, err := f.SetUpOwner(t.Context(), someone, setUpInput(f.offer(t), 1)); errs.ReasonOf(err) != "rate.limited" {
		t.Fatalf("got %v", err)
	}
}

// Two processes on one database, as with Postgres; with SQLite they are two callers.
func TestOfManyWhoSetUpAtOnceExactlyOneBecomesOwner(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		clk := clock.NewFake(start)
		key := secret.NewKey()
		p := parts{db, db.Accounts(), db.Sessions(), db.Challenges(), db.Limits()}
		processes := []fixture{assemble(t, clk, key, p, nil), assemble(t, clk, key, p, nil)}
		token := processes[0].offer(t)
		failures := make([]error, 8)
		var all sync.WaitGroup
		for i := range failures {
			all.Go(func() {
				_, failures[i] = processes[i%2].SetUpOwner(t.Context(), someone, setUpInput(token, i))
			})
		}
		all.Wait()
		won := 0
		for _, err := range failures {
			switch reason := errs.ReasonOf(err); {
			case err == nil:
				won++
			case reason != "setup.done" && reason != "setup.token_invalid" && reason != "login.busy":
				t.Errorf("a loser was told %v", err)
			}
		}
		owners, err := db.Accounts().CountOwners(t.Context())
		if won != 1 || owners != 1 || err != nil {
			t.Fatalf("%d won, %d owners, %v", won, owners, err)
		}
	})
}

func TestSuspendingEndsTheSessionsAtOnceAndRestoringLetsInAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *login.Config) { c.Factors = []login.FactorName{login.Password} })
	owner, err := f.SetUpOwner(t.Context(), someone, setUpInput(f.offer(t), 1))
	if err != nil {
		t.Fatal(err)
	}
	boss := authz.Actor{Account: owner.Account.ID, Roles: owner.Account.Roles}
	member := f.register(t, 1)
	var told []string
	cancel := f.sessions.OnEnded(func(ended id.Session) { told = append(told, string(ended)) })
	defer cancel()

	suspended, err := f.Suspend(t.Context(), boss, member.Account.ID)
	if err != nil || suspended.Active() || suspended.PasswordHash != "" {
		t.Fatalf("got %+v, %v", suspended, err)
	}
	if len(told) != 1 || told[0] != string(member.Grant.Session.ID) {
		t.Fatalf("sockets were told of %v", told)
	}
	if _, err := f.sessions.Authenticate(t.Context(), sessionOf(member), "", ""); errs.CodeOf(err) != errs.Unauthenticated {
		t.Fatalf("the token still gives %v", err)
	}
	if _, err := f.login(t, "alice1", password, nil); !errors.Is(err, account.ErrSuspended) {
		t.Fatalf("signing in gives %v", err)
	}
	if _, err := f.accounts.Restore(t.Context(), boss, member.Account.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.login(t, "alice1", password, nil); err != nil {
		t.Fatalf("after restoring: %v", err)
	}
	if _, err := f.sessions.Authenticate(t.Context(), sessionOf(member), "", ""); errs.ReasonOf(err) != "session.expired" {
		t.Fatalf("the old session came back: %v", err)
	}
}

func TestASuspensionThatFailsEndsNoSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	member := f.register(t, 1)
	f.db.Fail("Sessions.EndAll", errors.New("disk"))
	if _, err := f.Suspend(t.Context(), authz.System(), member.Account.ID); err == nil {
		t.Fatal("it succeeded")
	}
	if _, err := f.sessions.Authenticate(t.Context(), sessionOf(member), "", ""); err != nil {
		t.Fatalf("the session ended: %v", err)
	}
	if a, err := f.accounts.Current(t.Context(), member.Account.ID); err != nil || !a.Active() {
		t.Fatalf("got %+v, %v", a, err)
	}
}
