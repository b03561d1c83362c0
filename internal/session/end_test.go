package session_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/session"
)

func as(a account.Account, s id.Session) authz.Actor {
	return authz.Actor{Account: a.ID, Session: s, Roles: a.Roles}
}

func TestAnEndedSessionIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a, admin := f.account(t), f.account(t, authz.Admin)
	for name, end := range map[string]func(id.Session) error{
		"logout":   func(s id.Session) error { return f.Logout(t.Context(), as(a, s)) },
		"end":      func(s id.Session) error { return f.End(t.Context(), as(a, ""), s) },
		"by admin": func(s id.Session) error { return f.End(t.Context(), as(admin, ""), s) },
		"end all": func(id.Session) error {
			return f.EndAll(t.Context(), as(a, ""), a.ID, "", session.ReasonRevoked)
		},
	} {
		g, s := f.token(t, a), f.skey(t, a)
		if _, err := f.bearer(t, g.AccessToken); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := f.bySkey(t, s.Skey); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := errors.Join(end(g.Session.ID), end(s.Session.ID)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := f.bearer(t, g.AccessToken); !errors.Is(err, session.ErrExpired) {
			t.Errorf("%s, token: %v", name, err)
		}
		if err := f.bySkey(t, s.Skey); !errors.Is(err, session.ErrExpired) {
			t.Errorf("%s, skey: %v", name, err)
		}
		if alive, err := f.Alive(t.Context(), g.Session.ID); alive || err != nil {
			t.Errorf("%s: Alive gives %v, %v", name, alive, err)
		}
	}
}

func TestOnlyOnesOwnSessionsCanBeEnded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a, b := f.account(t), f.account(t)
	g := f.token(t, a)
	if err := f.End(t.Context(), as(b, ""), g.Session.ID); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("another's End: %v", err)
	}
	if err := f.End(t.Context(), authz.Actor{}, g.Session.ID); !errors.Is(err, authz.ErrSignInRequired) {
		t.Errorf("an anonymous End: %v", err)
	}
	if err := f.EndAll(t.Context(), as(b, ""), a.ID, "", session.ReasonRevoked); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("another's EndAll: %v", err)
	}
	if _, err := f.ListLive(t.Context(), as(b, ""), a.ID, page.Request{First: 10}); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("another's ListLive: %v", err)
	}
	if err := f.Logout(t.Context(), authz.Actor{}); !errors.Is(err, authz.ErrSignInRequired) {
		t.Errorf("an anonymous Logout: %v", err)
	}
	if _, err := f.bearer(t, g.AccessToken); err != nil {
		t.Fatalf("the session must live: %v", err)
	}
}

func TestAnAdministratorEndsAnyonesSessionButAnOwners(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	owner, another := f.account(t, authz.Owner), f.account(t, authz.Owner)
	admin, member := f.account(t, authz.Admin), f.account(t, authz.Member)
	for name, c := range map[string]struct {
		by    authz.Actor
		whose account.Account
		want  error
	}{
		"an admin a member's":    {as(admin, ""), member, nil},
		"an admin an admin's":    {as(owner, ""), admin, nil},
		"an admin an owner's":    {as(admin, ""), owner, authz.ErrForbidden},
		"an owner an owner's":    {as(another, ""), owner, nil},
		"an owner his own":       {as(owner, ""), owner, nil},
		"the program an owner's": {authz.System(), owner, nil},
	} {
		g := f.token(t, c.whose)
		if err := f.End(t.Context(), c.by, g.Session.ID); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := f.bearer(t, g.AccessToken); (err == nil) != (c.want != nil) {
			t.Errorf("%s: the session then gives %v", name, err)
		}
	}
}

func TestEndAllSparesTheSessionNamed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t)
	mine, other := f.token(t, a), f.token(t, a)
	var heard []id.Session
	cancel := f.OnEnded(func(s id.Session) { heard = append(heard, s) })
	if err := f.EndAll(t.Context(), as(a, mine.Session.ID), a.ID, mine.Session.ID, session.ReasonRevoked); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(heard, []id.Session{other.Session.ID}) {
		t.Fatalf("heard %v", heard)
	}
	cancel()
	cancel()
	if err := f.Logout(t.Context(), as(a, mine.Session.ID)); err != nil {
		t.Fatal(err)
	}
	if len(heard) != 1 {
		t.Fatal("heard after cancel")
	}
}

func TestAnEndingThatIsRolledBackIsNotAnnounced(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t)
	g := f.token(t, a)
	next, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("disk full")
	f.db.Fail("Commit", broken)
	if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken}); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if _, err := f.bearer(t, next.AccessToken); err != nil {
		t.Fatalf("refused although nothing was committed: %v", err)
	}
}

func TestAProcessThatStartsKnowsWhatEndedBefore(t *testing.T) {
	t.Parallel()
	h := newHouse()
	f := h.process(t, nil)
	a := f.account(t)
	g := f.token(t, a)
	if err := f.Logout(t.Context(), as(a, g.Session.ID)); err != nil {
		t.Fatal(err)
	}
	h.clk.Advance(14 * time.Minute)
	if _, err := h.process(t, nil).bearer(t, g.AccessToken); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("got %v", err)
	}
}

func TestAnEndingHeardOverTheBusCountsAndALostOneIsLearntWithinAMinute(t *testing.T) {
	t.Parallel()
	h := newHouse()
	f, other := h.process(t, nil), h.process(t, nil)
	a := f.account(t)
	heard, lost := f.token(t, a), f.token(t, a)
	for _, g := range []session.Grant{heard, lost} {
		if _, err := other.bearer(t, g.AccessToken); err != nil {
			t.Fatal(err)
		}
		if err := f.Logout(t.Context(), as(a, g.Session.ID)); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.bus.Publish(t.Context(), session.TopicEnded, []byte(heard.Session.ID)); err != nil {
		t.Fatal(err)
	}
	if _, err := other.bearer(t, heard.AccessToken); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("heard: %v", err)
	}
	var told []id.Session
	other.OnEnded(func(s id.Session) { told = append(told, s) })
	stop := other.run(t)
	other.minute()
	stop()
	if _, err := other.bearer(t, lost.AccessToken); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("lost: %v", err)
	}
	if !slices.Equal(told, []id.Session{lost.Session.ID}) {
		t.Fatalf("listeners were told %v", told)
	}
}

func TestLivingSessionsAreListedNewestFirstWithoutSecrets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t)
	var want []id.Session
	for i := range 3 {
		f.clk.Advance(time.Second)
		if i == 1 {
			want = append([]id.Session{f.skey(t, a).Session.ID}, want...)
			continue
		}
		want = append([]id.Session{f.token(t, a).Session.ID}, want...)
	}
	ended := f.token(t, a)
	if err := f.Logout(t.Context(), as(a, ended.Session.ID)); err != nil {
		t.Fatal(err)
	}
	f.token(t, f.account(t))
	rows, err := f.ListLive(t.Context(), as(a, ""), a.ID, page.Request{First: 10})
	if err != nil || rows.HasNext || len(rows.Items) != 3 {
		t.Fatalf("got %+v, %v", rows, err)
	}
	for i, row := range rows.Items {
		if row.ID != want[i] || row.SkeyHash != "" || row.SealedSessionKey != "" {
			t.Errorf("row %d is %+v", i, row)
		}
	}
	first, err := f.ListLive(t.Context(), authz.System(), a.ID, page.Request{First: 1, After: string(want[0])})
	if err != nil || !first.HasNext || len(first.Items) != 1 || first.Items[0].ID != want[1] {
		t.Fatalf("second page: %+v, %v", first, err)
	}
}

func TestAliveFollowsTimeAndUse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t)
	g, s := f.token(t, a), f.skey(t, a)
	want := func(when string, token, skey bool) {
		t.Helper()
		for sid, want := range map[id.Session]bool{g.Session.ID: token, s.Session.ID: skey, "sess_unknown": false} {
			if got, err := f.Alive(t.Context(), sid); got != want || err != nil {
				t.Errorf("%s: Alive(%s) = %v, %v", when, sid, got, err)
			}
		}
	}
	want("at first", true, true)
	f.clk.Advance(2*time.Hour - time.Second)
	if err := f.bySkey(t, s.Skey); err != nil {
		t.Fatal(err)
	}
	f.clk.Advance(time.Hour)
	want("used an hour ago", true, true)
	f.clk.Advance(time.Hour)
	want("used two hours ago", true, false)
	f.clk.Advance(30 * 24 * time.Hour)
	want("a month later", false, false)
}

func TestLongEndedSessionsAreSweptInSteps(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t)
	for range 1200 {
		f.skey(t, a)
	}
	f.clk.Advance(2*time.Hour + 7*24*time.Hour + time.Second)
	kept := f.skey(t, a)
	f.db.TakeCalls()
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.db.TakeCalls()["Sessions.DeleteExpired"]; n != 3 {
		t.Fatalf("%d steps", n)
	}
	if err := f.bySkey(t, kept.Skey); err != nil {
		t.Fatal(err)
	}
}

func TestImpossibleLifetimesAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, change := range map[string]func(*session.Config){
		"negative":            func(c *session.Config) { c.SkeyTTL = -time.Hour },
		"a nanosecond":        func(c *session.Config) { c.RefreshTTL = 1 },
		"access for a day":    func(c *session.Config) { c.AccessTTL = 24 * time.Hour },
		"access for a moment": func(c *session.Config) { c.AccessTTL = time.Millisecond },
	} {
		cfg := f.cfg
		change(&cfg)
		if _, err := session.New(cfg); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestManyEndingsDoNotStayInMemory(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for batch := range 3 {
		for i := range 2000 {
			if err := f.bus.Publish(t.Context(), session.TopicEnded, fmt.Appendf(nil, "sess_%d_%d", batch, i)); err != nil {
				t.Fatal(err)
			}
		}
		f.clk.Advance(time.Hour)
	}
	if n := session.EndedCount(f.Service); n > 4000 {
		t.Fatalf("%d ended sessions are remembered", n)
	}
}
