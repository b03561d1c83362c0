package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func newSession(t *testing.T, db *store.DB, of id.Account, n int, change func(*session.Session)) session.Session {
	t.Helper()
	s := session.Session{
		ID: numbered[id.Session]("sess", n), Account: of, Kind: session.Token, Address: "192.0.2.1", UserAgent: "curl",
		CreatedAt: start(), LastSeenAt: start(), ExpiresAt: after(time.Hour), EndsAt: after(24 * time.Hour),
	}
	if change != nil {
		change(&s)
	}
	must(t, db.Sessions().Create(t.Context(), s))
	return s
}

func TestASessionIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		li := newAccount(t, db, "li")
		wanted := newSession(t, db, li, 1, func(s *session.Session) {
			s.Kind, s.SkeyHash, s.SealedSessionKey, s.AppID = session.Skey, "h1", "sealed", "wx1"
			s.EndedAt, s.EndReason = after(time.Minute), "logout"
		})
		plain := newSession(t, db, li, 2, nil)
		newSession(t, db, li, 3, nil) // any number without an skey
		for _, w := range []session.Session{wanted, plain} {
			got, err := db.Sessions().Get(t.Context(), w.ID)
			if err != nil || got != w {
				t.Fatalf("got %+v, %v, want %+v", got, err, w)
			}
		}
		got, found, err := db.Sessions().FindBySkey(t.Context(), []string{"h0", "h1"})
		if err != nil || !found || got != wanted {
			t.Fatalf("got %+v, %v, %v", got, found, err)
		}
		if _, found, err := db.Sessions().FindBySkey(t.Context(), []string{"h0", ""}); err != nil || found {
			t.Fatal(found, err)
		}
		_, err = db.Sessions().Get(t.Context(), "sess_nobody")
		wantReason(t, err, "session.not_found")
		wantReason(t, db.Sessions().Create(t.Context(), session.Session{ID: "sess_9", Account: "acct_nobody"}), "account.not_found")
	})
}

func TestATouchMovesTimesForwardsOnly(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		s := newSession(t, db, newAccount(t, db, "li"), 1, nil)
		steps := []struct{ seen, expires, wantSeen, wantExpires time.Time }{
			{after(time.Minute), after(2 * time.Hour), after(time.Minute), after(2 * time.Hour)},
			{after(time.Second), after(90 * time.Minute), after(time.Minute), after(2 * time.Hour)},
			{after(2 * time.Minute), time.Time{}, after(2 * time.Minute), after(2 * time.Hour)},
		}
		for _, step := range steps {
			must(t, db.Sessions().Touch(t.Context(), s.ID, step.seen, step.expires))
			got, err := db.Sessions().Get(t.Context(), s.ID)
			must(t, err)
			want(t, "seen", got.LastSeenAt, step.wantSeen)
			want(t, "expires", got.ExpiresAt, step.wantExpires)
		}
		must(t, db.InTx(t.Context(), func(ctx context.Context) error {
			return db.Sessions().Touch(ctx, s.ID, after(3*time.Minute), time.Time{})
		}))
		_, err := db.Sessions().End(t.Context(), s.ID, after(4*time.Minute), "logout")
		must(t, err)
		must(t, db.Sessions().Touch(t.Context(), s.ID, after(5*time.Minute), after(9*time.Hour)))
		got, err := db.Sessions().Get(t.Context(), s.ID)
		must(t, err)
		want(t, "an ended session is left alone: seen", got.LastSeenAt, after(3*time.Minute))
		want(t, "expires", got.ExpiresAt, after(2*time.Hour))
	})
}

func TestASessionEndsOnce(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		s := newSession(t, db, newAccount(t, db, "li"), 1, nil)
		ended := make([]bool, 8)
		must(t, errors.Join(atOnce(len(ended), func(i int) (err error) {
			ended[i], err = db.Sessions().End(t.Context(), s.ID, after(time.Minute), fmt.Sprint(i))
			return err
		})...))
		want(t, "enders", count(ended, true), 1)
		got, err := db.Sessions().Get(t.Context(), s.ID)
		must(t, err)
		want(t, "reason", got.EndReason, fmt.Sprint(slices.Index(ended, true)))
		want(t, "ended", got.EndedAt, after(time.Minute))
	})
}

func TestEndingAllSparesTheExceptionAndOthers(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		li, wang := newAccount(t, db, "li"), newAccount(t, db, "wang")
		for n := range 4 {
			newSession(t, db, li, n, nil)
		}
		newSession(t, db, wang, 9, nil)
		_, err := db.Sessions().End(t.Context(), numbered[id.Session]("sess", 0), after(time.Second), "logout")
		must(t, err)
		ended, err := db.Sessions().EndAll(t.Context(), li, numbered[id.Session]("sess", 1), after(time.Minute), "revoked")
		must(t, err)
		slices.Sort(ended)
		if !slices.Equal(ended, []id.Session{numbered[id.Session]("sess", 2), numbered[id.Session]("sess", 3)}) {
			t.Fatalf("ended %v", ended)
		}
		since, err := db.Sessions().EndedSince(t.Context(), after(time.Minute))
		must(t, err)
		want(t, "ended since", len(since), 2)
		rest, err := db.Sessions().EndAll(t.Context(), li, "", after(time.Minute), "revoked")
		must(t, err)
		want(t, "rest", len(rest), 1)
	})
}

func TestLiveSessionsArePagedNewestFirst(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		li := newAccount(t, db, "li")
		for n := range 9 {
			newSession(t, db, li, n, func(s *session.Session) {
				switch n {
				case 1:
					s.ExpiresAt = after(0)
				case 3:
					s.EndsAt = after(0)
				case 5:
					s.EndedAt = after(-time.Second)
				}
			})
		}
		newSession(t, db, newAccount(t, db, "wang"), 20, nil)
		var seen []id.Session
		for p := (page.Request{First: 2}); ; {
			got, err := db.Sessions().ListLive(t.Context(), li, start(), p)
			must(t, err)
			for _, s := range got.Items {
				seen = append(seen, s.ID)
			}
			if !got.HasNext {
				break
			}
			p.After = string(seen[len(seen)-1])
		}
		var wanted []id.Session
		for _, n := range []int{8, 7, 6, 4, 2, 0} {
			wanted = append(wanted, numbered[id.Session]("sess", n))
		}
		if !slices.Equal(seen, wanted) {
			t.Fatalf("got %v, want %v", seen, wanted)
		}
	})
}

func TestARefreshTokenIsUsedFirstByExactlyOne(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		s := newSession(t, db, newAccount(t, db, "li"), 1, nil)
		token := session.RefreshToken{Hash: "h1", Session: s.ID, CreatedAt: start(), ExpiresAt: after(time.Hour)}
		must(t, db.Sessions().CreateRefreshToken(t.Context(), token))
		given := make([]session.RefreshToken, 16)
		must(t, errors.Join(atOnce(len(given), func(i int) error {
			return db.InTx(t.Context(), func(ctx context.Context) (err error) {
				found := false
				given[i], found, err = db.Sessions().UseRefreshToken(ctx, []string{"older", "h1"}, after(time.Minute), "")
				if err == nil && !found {
					err = errors.New("not found")
				}
				return err
			})
		})...))
		used := token
		used.UsedAt = after(time.Minute)
		want(t, "first", count(given, token), 1)
		want(t, "later", count(given, used), len(given)-1)
		if _, found, err := db.Sessions().UseRefreshToken(t.Context(), []string{"h2"}, start(), ""); err != nil || found {
			t.Fatal(found, err)
		}
		wantReason(t, db.Sessions().CreateRefreshToken(t.Context(), session.RefreshToken{Hash: "h9", Session: "sess_nobody"}), "session.not_found")
	})
}

func TestARolledBackUseOfARefreshTokenDoesNotCount(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		s := newSession(t, db, newAccount(t, db, "li"), 1, nil)
		must(t, db.Sessions().CreateRefreshToken(t.Context(), session.RefreshToken{Hash: "h1", Session: s.ID}))
		_ = db.InTx(t.Context(), func(ctx context.Context) error {
			_, _, err := db.Sessions().UseRefreshToken(ctx, []string{"h1"}, after(time.Minute), "")
			must(t, err)
			return errChanged
		})
		got, _, err := db.Sessions().UseRefreshToken(t.Context(), []string{"h1"}, after(time.Minute), "")
		must(t, err)
		want(t, "used before", got.UsedAt, time.Time{})
	})
}

func TestSweepingDropsWhatEndedLongAgoOnly(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		li := newAccount(t, db, "li")
		for n := range 6 {
			s := newSession(t, db, li, n, func(s *session.Session) {
				switch {
				case n < 2:
					s.ExpiresAt = after(-time.Hour)
				case n < 4:
					s.EndedAt = after(-time.Hour)
				}
			})
			must(t, db.Sessions().CreateRefreshToken(t.Context(), session.RefreshToken{
				Hash: fmt.Sprint("old", n), Session: s.ID, ExpiresAt: after(-time.Hour),
			}))
			must(t, db.Sessions().CreateRefreshToken(t.Context(), session.RefreshToken{
				Hash: fmt.Sprint("new", n), Session: s.ID, ExpiresAt: after(time.Hour),
			}))
		}
		gone := 0
		for {
			n, err := db.Sessions().DeleteExpired(t.Context(), start(), 3)
			must(t, err)
			if gone += n; n == 0 {
				break
			}
		}
		// Four sessions, and the old tokens of the two that stay; the others went with their sessions.
		if gone < 6 {
			t.Fatalf("%d went", gone)
		}
		for n := range 6 {
			_, err := db.Sessions().Get(t.Context(), numbered[id.Session]("sess", n))
			want(t, fmt.Sprint("session ", n, " is there"), err == nil, n >= 4)
			for kind, there := range map[string]bool{"old": false, "new": n >= 4} {
				_, found, err := db.Sessions().UseRefreshToken(t.Context(), []string{fmt.Sprint(kind, n)}, start(), "")
				must(t, err)
				want(t, fmt.Sprint(kind, n, " is there"), found, there)
			}
		}
	})
}
