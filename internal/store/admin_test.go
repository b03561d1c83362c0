package store_test

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
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func newPerson(t *testing.T, db *store.DB, folded, phone string, roles ...authz.Role) id.Account {
	t.Helper()
	a := account.Account{ID: id.Account(id.New(id.AccountPrefix, start())), Username: folded, Phone: phone, Roles: roles, CreatedAt: start()}
	must(t, db.Accounts().Create(t.Context(), a, folded))
	return a.ID
}

// matches reads every page of a search and gives the keys.
func matches(t *testing.T, first int, read func(p page.Request) (page.Of[account.Match], error)) []string {
	t.Helper()
	keys := []string{}
	for p := (page.Request{First: first}); ; p.After = keys[len(keys)-1] {
		rows, err := read(p)
		must(t, err)
		for _, m := range rows.Items {
			keys = append(keys, m.Key)
		}
		if !rows.HasNext {
			return keys
		}
	}
}

func TestAccountsAreFoundByTheBeginningOfANameInItsOrder(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		for i, folded := range []string{"zhang", "zhan", "zhang.san", "zhangé", "zhang三", "zhanh", "zh", "", "138x"} {
			newPerson(t, db, folded, fmt.Sprintf("+86138%08d", i))
		}
		newPerson(t, db, "", "+8613")
		newPerson(t, db, "x", "")
		for _, first := range []int{1, 2, 5, 50} {
			for prefix, want := range map[string][]string{
				"zhang": {"zhang", "zhang.san", "zhangé", "zhang三"}, "zhang三": {"zhang三"}, "zhanga": {}, "": {
					"138x", "x", "zh", "zhan", "zhang", "zhang.san", "zhangé", "zhang三", "zhanh",
				},
			} {
				got := matches(t, first, func(p page.Request) (page.Of[account.Match], error) {
					return db.Accounts().ListByUsername(t.Context(), prefix, p)
				})
				if !slices.Equal(got, want) {
					t.Errorf("%q in pages of %d: %q", prefix, first, got)
				}
			}
			got := matches(t, first, func(p page.Request) (page.Of[account.Match], error) {
				return db.Accounts().ListByPhone(t.Context(), "+86138", "138", p)
			})
			if len(got) != 8 || got[0] != "+8613800000000" || slices.Contains(got, "+8613800000008") {
				t.Errorf("by phone but the one found by username, in pages of %d: %q", first, got)
			}
			got = matches(t, first, func(p page.Request) (page.Of[account.Match], error) {
				return db.Accounts().ListByPhone(t.Context(), "+8613", "", p)
			})
			if len(got) != 10 {
				t.Errorf("by phone alone, in pages of %d: %q", first, got)
			}
		}
	})
}

func TestAPageWithoutRoomTellsWhetherThereIsMore(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		newPerson(t, db, "li", "+861")
		for prefix, more := range map[string]bool{"+86": true, "+87": false} {
			rows, err := db.Accounts().ListByPhone(t.Context(), prefix, "", page.Request{})
			if err != nil || len(rows.Items) != 0 || rows.HasNext != more {
				t.Fatalf("%s: %+v, %v", prefix, rows, err)
			}
		}
	})
}

func TestAnAccountIsSuspendedOnceAndRestored(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		accounts, li := db.Accounts(), newPerson(t, db, "li", "")
		at := func() time.Time {
			a, err := accounts.Get(t.Context(), li)
			must(t, err)
			return a.SuspendedAt
		}
		must(t, accounts.SetSuspended(t.Context(), li, after(time.Hour)))
		must(t, accounts.SetSuspended(t.Context(), li, after(2*time.Hour)))
		want(t, "suspended at", at(), after(time.Hour))
		must(t, accounts.SetSuspended(t.Context(), li, time.Time{}))
		must(t, accounts.SetSuspended(t.Context(), li, time.Time{}))
		want(t, "suspended at", at(), time.Time{})
		for _, when := range []time.Time{{}, start()} {
			wantReason(t, accounts.SetSuspended(t.Context(), "acct_none", when), "account.not_found")
		}
	})
}

func TestOfOwnersWhoAreAllShutOutAtOnceOneStays(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		owners := make([]id.Account, 6)
		for i := range owners {
			owners[i] = newPerson(t, db, fmt.Sprint("owner", i), "", authz.Owner)
		}
		failures := atOnce(len(owners), func(i int) error { return db.Accounts().SetSuspended(t.Context(), owners[i], start()) })
		stayed := 0
		for _, err := range failures {
			if errors.Is(err, account.ErrLastOwner) {
				stayed++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		want(t, "owners who stayed", stayed, 1)
	})
}

func TestASetUpTokenIsTakenOnceInTimeAndUntilTheNext(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		a := db.Accounts()
		offered := func(now time.Time) string {
			hash, err := a.SetUpOffered(t.Context(), now)
			must(t, err)
			return hash
		}
		take := func(hash string, now time.Time) bool {
			taken, err := a.TakeSetUp(t.Context(), hash, now)
			must(t, err)
			return taken
		}
		want(t, "before any was offered", offered(start()), "")
		want(t, "nothing taken", take("", start()), false)
		must(t, a.OfferSetUp(t.Context(), "one", after(time.Hour)))
		must(t, a.OfferSetUp(t.Context(), "two", after(time.Hour)))
		want(t, "offered", offered(start()), "two")
		want(t, "offered too late", offered(after(time.Hour)), "")
		want(t, "taken though replaced", take("one", start()), false)
		want(t, "taken too late", take("two", after(time.Hour)), false)
		want(t, "taken", take("two", start()), true)
		want(t, "taken twice", take("two", start()), false)
		want(t, "offered when taken", offered(start()), "")
	})
}

func TestOfManyWhoTakeOneSetUpTokenOneGetsIt(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		must(t, db.Accounts().OfferSetUp(t.Context(), "one", after(time.Hour)))
		taken := make([]bool, 16)
		must(t, errors.Join(atOnce(len(taken), func(i int) (err error) {
			taken[i], err = db.Accounts().TakeSetUp(t.Context(), "one", start())
			return err
		})...))
		want(t, "takers", count(taken, true), 1)
	})
}
