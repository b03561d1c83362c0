package session_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/session"
)

func TestATokenSaysWhoActsWithoutReading(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t, authz.Admin)
	g := f.token(t, a)
	if _, err := f.bearer(t, g.AccessToken); err != nil {
		t.Fatal(err)
	}
	f.db.TakeCalls()
	for range 3 {
		got, err := f.bearer(t, g.AccessToken)
		if err != nil || got.Account != a.ID || got.Session != g.Session.ID || !slices.Equal(got.Roles, a.Roles) || got.Address != "203.0.113.7" || got.UserAgent != "test" {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if calls := f.db.TakeCalls(); len(calls) != 0 {
		t.Fatalf("the store was asked: %v", calls)
	}
}

func TestNoCredentialsAreNoError(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got, err := f.Authenticate(t.Context(), session.Credentials{}, "203.0.113.7", "test")
	if err != nil || got.SignedIn() || got.Address != "203.0.113.7" {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestATokenIsGoodUntilTheMomentItSays(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g := f.token(t, f.account(t))
	f.clk.Advance(g.ExpiresAt.Sub(f.clk.Now()) - time.Millisecond)
	if _, err := f.bearer(t, g.AccessToken); err != nil {
		t.Fatalf("a millisecond before: %v", err)
	}
	f.clk.Advance(time.Millisecond)
	if _, err := f.bearer(t, g.AccessToken); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("remembered, at the moment: %v", err)
	}
	if _, err := f.process(t, nil).bearer(t, g.AccessToken); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("verified, at the moment: %v", err)
	}
}

func TestARotatedKeyStillVerifiesAndADroppedOneDoesNot(t *testing.T) {
	t.Parallel()
	h := newHouse()
	f := h.process(t, nil)
	a := f.account(t)
	g, s := f.token(t, a), f.skey(t, a)
	h.keys = [][]byte{secret.NewKey(), h.keys[0]}
	rotated := h.process(t, nil)
	if _, err := rotated.bearer(t, g.AccessToken); err != nil {
		t.Fatalf("token after rotation: %v", err)
	}
	if err := rotated.bySkey(t, s.Skey); err != nil {
		t.Fatalf("skey after rotation: %v", err)
	}
	if _, err := rotated.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken}); err != nil {
		t.Fatalf("refresh after rotation: %v", err)
	}
	if n := strings.Count(string(rotated.JWKS()), `"kid"`); n != 2 {
		t.Fatalf("%d keys published", n)
	}
	h.keys = h.keys[:1]
	dropped := h.process(t, nil)
	if _, err := dropped.bearer(t, g.AccessToken); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("token of a dropped key: %v", err)
	}
	if err := dropped.bySkey(t, s.Skey); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("skey of a dropped key: %v", err)
	}
}

func TestASuspendedAccountIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t)
	g, s := f.token(t, a), f.skey(t, a)
	f.db.Suspend(a.ID, start)
	if err := f.bus.Publish(t.Context(), account.TopicChanged, []byte(a.ID)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.bearer(t, g.AccessToken); !errors.Is(err, account.ErrSuspended) {
		t.Errorf("token: %v", err)
	}
	if err := f.bySkey(t, s.Skey); !errors.Is(err, account.ErrSuspended) {
		t.Errorf("skey: %v", err)
	}
	if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken}); !errors.Is(err, account.ErrSuspended) {
		t.Errorf("refresh: %v", err)
	}
	if alive, err := f.Alive(t.Context(), g.Session.ID); alive || err != nil {
		t.Errorf("Alive: %v, %v", alive, err)
	}
	f.db.Suspend(a.ID, time.Time{})
	f.clk.Advance(time.Minute)
	if _, err := f.Refresh(t.Context(), authz.Actor{}, session.RefreshInput{Token: g.RefreshToken}); err != nil {
		t.Errorf("a refused refresh must leave the token unused: %v", err)
	}
}

func TestAnSkeyLivesTwoHoursAfterItsLastUseAndAWeekAtMost(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g := f.skey(t, f.account(t))
	if got := g.ExpiresAt.Sub(start.Truncate(time.Millisecond)); got != 2*time.Hour {
		t.Fatalf("expires after %s", got)
	}
	f.clk.Advance(2*time.Hour - time.Second)
	if err := f.bySkey(t, g.Skey); err != nil {
		t.Fatalf("a second before its time: %v", err)
	}
	f.clk.Advance(2 * time.Hour)
	if err := f.bySkey(t, g.Skey); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("two hours after the last use: %v", err)
	}

	g = f.skey(t, f.account(t))
	ends := f.clk.Now().Add(7 * 24 * time.Hour)
	for f.clk.Now().Add(time.Hour).Before(ends) {
		if err := f.bySkey(t, g.Skey); err != nil {
			t.Fatalf("in use, %s before its end: %v", ends.Sub(f.clk.Now()), err)
		}
		f.clk.Advance(time.Hour)
	}
	f.clk.Advance(time.Hour)
	if err := f.bySkey(t, g.Skey); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("after a week: %v", err)
	}
}

func TestAnSkeyIsReadOnceInAWhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g := f.skey(t, f.account(t))
	f.db.TakeCalls()
	for range 5 {
		if err := f.bySkey(t, g.Skey); err != nil {
			t.Fatal(err)
		}
		f.clk.Advance(time.Second)
	}
	if n := f.db.TakeCalls()["Sessions.FindBySkey"]; n != 1 {
		t.Fatalf("%d reads", n)
	}
}

func TestUsesAreWrittenOnceAMinuteAndWhenStopping(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t)
	g := f.skey(t, a)
	stop := f.run(t)
	f.db.TakeCalls()
	for range 60 {
		if err := f.bySkey(t, g.Skey); err != nil {
			t.Fatal(err)
		}
		f.clk.Advance(500 * time.Millisecond)
	}
	seen := f.clk.Now().Add(-500 * time.Millisecond).Truncate(time.Millisecond)
	if n := f.db.TakeCalls()["Sessions.Touch"]; n != 0 {
		t.Fatalf("%d writes within the minute", n)
	}
	rows, err := f.ListLive(t.Context(), authz.Actor{Account: a.ID}, a.ID, page.Request{First: 10})
	if err != nil || len(rows.Items) != 1 || !rows.Items[0].LastSeenAt.Equal(seen) || !rows.Items[0].ExpiresAt.Equal(seen.Add(2*time.Hour)) {
		t.Fatalf("the list must know better than the store: %+v, %v", rows, err)
	}
	f.minute()
	if n := f.db.TakeCalls()["Sessions.Touch"]; n != 1 {
		t.Fatalf("%d writes after the minute", n)
	}
	row, err := f.db.Sessions().Get(t.Context(), g.Session.ID)
	if err != nil || !row.LastSeenAt.Equal(seen) || !row.ExpiresAt.Equal(seen.Add(2*time.Hour)) {
		t.Fatalf("written: %+v, %v", row, err)
	}
	f.minute()
	if n := f.db.TakeCalls()["Sessions.Touch"]; n != 0 {
		t.Fatalf("%d writes without a use", n)
	}
	if err := f.bySkey(t, g.Skey); err != nil {
		t.Fatal(err)
	}
	stop()
	if n := f.db.TakeCalls()["Sessions.Touch"]; n != 1 {
		t.Fatalf("%d writes when stopping", n)
	}
}

func TestTokenUseMovesLastSeenAndNotTheExpiry(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g := f.token(t, f.account(t))
	stop := f.run(t)
	f.clk.Advance(10 * time.Second)
	if _, err := f.bearer(t, g.AccessToken); err != nil {
		t.Fatal(err)
	}
	seen := f.clk.Now().Truncate(time.Millisecond)
	stop()
	row, err := f.db.Sessions().Get(t.Context(), g.Session.ID)
	if err != nil || !row.LastSeenAt.Equal(seen) || !row.ExpiresAt.Equal(g.Session.ExpiresAt) {
		t.Fatalf("written: %+v, %v", row, err)
	}
}

func TestAFailedWriteIsTriedAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g := f.skey(t, f.account(t))
	f.run(t)
	if err := f.bySkey(t, g.Skey); err != nil {
		t.Fatal(err)
	}
	f.clk.Advance(time.Second)
	if err := f.bySkey(t, g.Skey); err != nil {
		t.Fatal(err)
	}
	seen := f.clk.Now().Truncate(time.Millisecond)
	f.db.Fail("Commit", errors.New("disk full"))
	f.minute()
	f.db.Fail("Commit", nil)
	f.minute()
	row, err := f.db.Sessions().Get(t.Context(), g.Session.ID)
	if err != nil || !row.LastSeenAt.Equal(seen) {
		t.Fatalf("written: %+v, %v", row, err)
	}
}

func TestAKilledProcessEndsNoSessionBeforeItsTime(t *testing.T) {
	t.Parallel()
	h := newHouse()
	f := h.process(t, nil)
	g := f.skey(t, f.account(t))
	f.clk.Advance(59 * time.Second)
	if err := f.bySkey(t, g.Skey); err != nil {
		t.Fatal(err)
	}
	// Killed here: the use was never written. Two hours later, almost:
	h.clk.Advance(2*time.Hour - time.Second)
	after := h.process(t, nil)
	if err := after.bySkey(t, g.Skey); err != nil {
		t.Fatalf("the new process ends it early: %v", err)
	}
	h.clk.Advance(2*time.Hour + time.Minute)
	if err := after.bySkey(t, g.Skey); !errors.Is(err, session.ErrExpired) {
		t.Fatalf("idle for more than two hours: %v", err)
	}
}

func TestWeChatsKeyIsSealedForItsSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g := f.skey(t, f.account(t))
	row, err := f.db.Sessions().Get(t.Context(), g.Session.ID)
	if err != nil || strings.Contains(row.SealedSessionKey, "o0q0") || strings.Contains(row.SkeyHash, g.Skey) {
		t.Fatalf("stored %+v, %v", row, err)
	}
	plain, err := f.cfg.Ring.Open("session.wechat_key", string(row.ID), row.SealedSessionKey)
	if err != nil || string(plain) != "o0q0otL8aEzpcZL/FT9WsQ==" {
		t.Fatalf("opens to %q, %v", plain, err)
	}
}

func TestWhatAClientSaysOfItselfIsMadeFitToStore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for in, want := range map[string]string{
		"curl/8":                    "curl/8",
		"a\x00b\nc\xffd":            "abcd",
		strings.Repeat("x", 5000):   strings.Repeat("x", 256),
		strings.Repeat("微", 100):    strings.Repeat("微", 85),
		strings.Repeat("\x00", 600): "",
	} {
		g, err := f.CreateToken(t.Context(), authz.Actor{UserAgent: in}, f.account(t))
		if err != nil || g.Session.UserAgent != want {
			t.Errorf("%.10q is kept as %q, %v", in, g.Session.UserAgent, err)
		}
	}
}

func BenchmarkAuthenticateRemembered(b *testing.B) {
	h := newHouse()
	f := h.process(b, nil)
	g := f.token(b, f.account(b, authz.Member))
	credentials := session.Credentials{Bearer: g.AccessToken}
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Authenticate(ctx, credentials, "203.0.113.7", "test"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAuthenticateRememberedInParallel(b *testing.B) {
	h := newHouse()
	f := h.process(b, nil)
	g := f.token(b, f.account(b, authz.Member))
	credentials := session.Credentials{Bearer: g.AccessToken}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := f.Authenticate(context.Background(), credentials, "203.0.113.7", "test"); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
