package session_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/session"
)

func TestARefreshTokenGivesTheNext(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t)
	g := f.token(t, a)
	for range 3 {
		f.clk.Advance(20 * time.Minute)
		next, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken})
		if err != nil || next.RefreshToken == g.RefreshToken || next.Session.ID != g.Session.ID || !next.ExpiresAt.After(f.clk.Now()) {
			t.Fatalf("got %+v, %v", next, err)
		}
		if got, err := f.bearer(t, next.AccessToken); err != nil || got.Account != a.ID {
			t.Fatalf("the new access token: %+v, %v", got, err)
		}
		g = next
	}
}

func TestAnExchangeWhoseAnswerWasLostIsRepeatedWithItsKey(t *testing.T) {
	t.Parallel()
	const key = "a key of the client's own"
	f := newFixture(t)
	a := f.account(t)
	exchange := func(token, key string) (session.Grant, error) {
		return f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: token, RetryKey: key})
	}
	g := f.token(t, a)
	lost, err := exchange(g.RefreshToken, key)
	if err != nil {
		t.Fatal(err)
	}
	f.clk.Advance(time.Minute - time.Millisecond)
	again, err := exchange(g.RefreshToken, key)
	if err != nil || again.RefreshToken == lost.RefreshToken || again.Session.ID != g.Session.ID {
		t.Fatalf("got %+v, %v", again, err)
	}
	for name, next := range map[string]session.Grant{"the page that asked again": again, "a copy of it": lost} {
		if _, err := exchange(next.RefreshToken, ""); err != nil {
			t.Errorf("%s cannot go on: %v", name, err)
		}
	}

	for name, c := range map[string]struct {
		first, second string
		after         time.Duration
	}{
		"another key":            {key, "a key of somebody else's", 0},
		"no key":                 {key, "", 0},
		"a key, and none before": {"", key, 0},
		"too late":               {key, key, time.Minute},
	} {
		g := f.token(t, a)
		if _, err := exchange(g.RefreshToken, c.first); err != nil {
			t.Fatal(err)
		}
		f.clk.Advance(c.after)
		if _, err := exchange(g.RefreshToken, c.second); !errors.Is(err, session.ErrReused) {
			t.Errorf("%s: %v", name, err)
		}
	}

	g = f.token(t, a)
	for _, key := range []string{"short", strings.Repeat("x", 129)} {
		if _, err := exchange(g.RefreshToken, key); !errors.Is(err, session.ErrRetryKey) {
			t.Errorf("a key of %d: %v", len(key), err)
		}
	}
	if _, err := exchange(g.RefreshToken, strings.Repeat("x", 128)); err != nil {
		t.Errorf("a refused key used the token up: %v", err)
	}
}

func TestAReusedRefreshTokenEndsTheWholeSession(t *testing.T) {
	t.Parallel()
	h := newHouse()
	f := h.process(t, nil)
	var heard []id.Session
	defer f.OnEnded(func(s id.Session) { heard = append(heard, s) })()
	g := f.token(t, f.account(t))
	if _, err := f.bearer(t, g.AccessToken); err != nil {
		t.Fatal(err)
	}
	next, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken}); !errors.Is(err, session.ErrReused) {
			t.Fatalf("reuse gives %v", err)
		}
	}
	for name, token := range map[string]string{"the old access token": g.AccessToken, "the new one": next.AccessToken} {
		if _, err := f.bearer(t, token); !errors.Is(err, session.ErrExpired) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := h.process(t, nil).bearer(t, token); !errors.Is(err, session.ErrExpired) {
			t.Errorf("%s in another process: %v", name, err)
		}
	}
	if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: next.RefreshToken}); !errors.Is(err, session.ErrExpired) {
		t.Errorf("the token that grew from it: %v", err)
	}
	if row, err := h.db.Sessions().Get(t.Context(), g.Session.ID); err != nil || row.EndedAt.IsZero() || row.EndReason != session.ReasonReused {
		t.Errorf("the ending was not committed: %+v, %v", row, err)
	}
	if len(heard) != 1 || heard[0] != g.Session.ID {
		t.Errorf("listeners heard %v", heard)
	}
}

func TestOfManyWhoPresentOneRefreshTokenOneSucceeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g := f.token(t, f.account(t))
	var succeeded, reused atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken})
			switch {
			case err == nil:
				succeeded.Add(1)
			case errors.Is(err, session.ErrReused):
				reused.Add(1)
			default:
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if succeeded.Load() != 1 || reused.Load() != 15 {
		t.Fatalf("%d succeeded, %d were refused", succeeded.Load(), reused.Load())
	}
	if alive, err := f.Alive(t.Context(), g.Session.ID); alive || err != nil {
		t.Fatalf("the session must be ended: %v, %v", alive, err)
	}
}

func TestARefreshTokenWaitsThirtyDaysAndASessionLastsNinety(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	f := newFixture(t)
	g := f.token(t, f.account(t))
	for i := range 3 {
		f.clk.Advance(30*day - time.Second)
		next, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken})
		if err != nil {
			t.Fatalf("refresh %d: %v", i, err)
		}
		g = next
	}
	if left := g.ExpiresAt.Sub(f.clk.Now()); left > 3*time.Second || left <= 0 {
		t.Fatalf("the last access token must end with the session: %s left", left)
	}
	f.clk.Advance(3 * time.Second)
	if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken}); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("after ninety days: %v", err)
	}
	g = f.token(t, f.account(t))
	f.clk.Advance(30 * day)
	for range 2 {
		if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken}); !errors.Is(err, session.ErrExpired) {
			t.Fatalf("after thirty days: %v", err)
		}
	}
}

func TestAFailedRefreshLeavesTheTokenUnused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g := f.token(t, f.account(t))
	broken := errors.New("disk full")
	for _, method := range []string{"Sessions.CreateRefreshToken", "Commit"} {
		f.db.Fail(method, broken)
		if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken}); !errors.Is(err, broken) {
			t.Fatalf("%s: got %v", method, err)
		}
		f.db.Fail(method, nil)
	}
	if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken}); err != nil {
		t.Fatalf("after the trouble: %v", err)
	}
}

func TestWhatIsNoRefreshTokenCostsNoLookup(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g, s := f.token(t, f.account(t)), f.skey(t, f.account(t))
	f.db.TakeCalls()
	for _, token := range []string{"", "phr_", g.AccessToken, s.Skey, g.RefreshToken + "A", strings.Repeat("phr_", 1<<18), "phr_" + strings.Repeat("\x00", 43)} {
		if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: token}); !errors.Is(err, session.ErrExpired) {
			t.Errorf("%.20q: got %v", token, err)
		}
		if err := f.bySkey(t, token+" "); !errors.Is(err, session.ErrExpired) {
			t.Errorf("%.20q as skey: got %v", token, err)
		}
	}
	if calls := f.db.TakeCalls(); len(calls) != 0 {
		t.Fatalf("the store was asked: %v", calls)
	}
	if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: "phr_" + strings.Repeat("A", 43)}); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("an unknown one: %v", err)
	}
}

func TestLogoutMakesTheRefreshTokenUseless(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t)
	g := f.token(t, a)
	used, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Logout(t.Context(), authz.Actor{Account: a.ID, Session: g.Session.ID}); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"the unused": used.RefreshToken, "the used": g.RefreshToken} {
		if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: token}); !errors.Is(err, session.ErrExpired) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
