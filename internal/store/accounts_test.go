package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
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

type idAccount = id.Account

func TestAnAccountIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		accounts := db.Accounts()
		full := account.Account{
			ID: "acct_1", Username: "Zhāng三", Phone: "+8613800000001", PasswordHash: "$argon2id$…",
			Roles: []authz.Role{authz.Owner, authz.Member}, CreatedAt: start(), SuspendedAt: after(time.Hour),
		}
		bare := account.Account{ID: "acct_2", CreatedAt: start()}
		must(t, accounts.Create(t.Context(), full, "zhāng三"))
		must(t, accounts.Create(t.Context(), bare, ""))
		for _, wanted := range []account.Account{full, bare} {
			got, err := accounts.Get(t.Context(), wanted.ID)
			must(t, err)
			if !reflect.DeepEqual(got, wanted) {
				t.Errorf("got %+v, want %+v", got, wanted)
			}
		}
		got, found, err := accounts.FindByUsername(t.Context(), "zhāng三")
		if err != nil || !found || got.ID != full.ID {
			t.Fatalf("got %v, %v, %v", got.ID, found, err)
		}
		owners, err := accounts.CountOwners(t.Context())
		must(t, err)
		want(t, "owners", owners, 1)
		_, err = accounts.Get(t.Context(), "acct_3")
		wantReason(t, err, "account.not_found")
	})
}

func TestManyAccountsMayHaveNeitherUsernameNorPhone(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		for i := range 3 {
			must(t, db.Accounts().Create(t.Context(), account.Account{ID: numbered[idAccount]("acct", i)}, ""))
		}
	})
}

func TestATakenUsernameOrPhoneIsNamed(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		accounts := db.Accounts()
		must(t, accounts.Create(t.Context(), account.Account{ID: "acct_1", Username: "Li", Phone: "+861"}, "li"))
		tests := []struct{ folded, phone, reason string }{
			{"li", "+862", "account.username_taken"},
			{"li", "", "account.username_taken"},
			{"wang", "+861", "account.phone_taken"},
			{"", "+861", "account.phone_taken"},
			{"li", "+861", "account.username_taken"},
		}
		for i, test := range tests {
			a := account.Account{ID: numbered[idAccount]("acct", i), Username: test.folded, Phone: test.phone}
			wantReason(t, accounts.Create(t.Context(), a, test.folded), test.reason)
			wantReason(t, db.InTx(t.Context(), func(ctx context.Context) error {
				return accounts.Create(ctx, a, test.folded)
			}), test.reason)
		}
		// A clash of identifiers is neither: it is ours.
		wantReason(t, accounts.Create(t.Context(), account.Account{ID: "acct_1"}, "zhao"), "internal")
	})
}

func TestATakenUsernameLeavesTheTransactionUsable(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		newAccount(t, db, "li")
		must(t, db.InTx(t.Context(), func(ctx context.Context) error {
			wantReason(t, db.Accounts().Create(ctx, account.Account{ID: "acct_2"}, "li"), "account.username_taken")
			return db.Accounts().Create(ctx, account.Account{ID: "acct_2"}, "li2")
		}))
		want(t, "li2 exists", exists(t, db, "li2"), true)
	})
}

func TestOfManyWhoRegisterOneUsernameExactlyOneSucceeds(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		for _, inTx := range []bool{false, true} {
			name := fmt.Sprint("wanted ", inTx)
			failures := atOnce(32, func(i int) error {
				a := account.Account{ID: numbered[idAccount](name, i), Phone: fmt.Sprint(inTx, i)}
				if !inTx {
					return db.Accounts().Create(t.Context(), a, name)
				}
				return db.InTx(t.Context(), func(ctx context.Context) error { return db.Accounts().Create(ctx, a, name) })
			})
			want(t, "winners", count(failures, nil), 1)
			for _, err := range failures {
				if err != nil && !errors.Is(err, account.ErrUsernameTaken) {
					t.Errorf("a loser was told %v", err)
				}
			}
		}
	})
}

func TestAccountsArePagedNewestFirst(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		for i := range 7 {
			must(t, db.Accounts().Create(t.Context(), account.Account{ID: numbered[idAccount]("acct", i)}, ""))
		}
		var seen []idAccount
		for p := (page.Request{First: 3}); ; {
			got, err := db.Accounts().List(t.Context(), p)
			must(t, err)
			for _, a := range got.Items {
				seen = append(seen, a.ID)
			}
			if !got.HasNext {
				break
			}
			p.After = string(seen[len(seen)-1])
		}
		if len(seen) != 7 || !slices.IsSortedFunc(seen, func(a, b idAccount) int { return -cmpStrings(a, b) }) {
			t.Fatalf("paged %v", seen)
		}
	})
}

func cmpStrings[T ~string](a, b T) int {
	if a < b {
		return -1
	} else if a > b {
		return 1
	}
	return 0
}

func TestGettingManyAccountsTakesListsOfAnyLength(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		var ids []idAccount
		for i := range 421 {
			a := account.Account{ID: numbered[idAccount]("acct", i)}
			must(t, db.Accounts().Create(t.Context(), a, ""))
			ids = append(ids, a.ID)
		}
		for _, n := range []int{0, 1, 2, 20, 21, 200, 201, 421} {
			asked := append(slices.Clone(ids[:n]), "acct_unknown")
			asked = append(asked, ids[:n]...) // asked twice, given once
			got, err := db.Accounts().GetMany(t.Context(), asked)
			must(t, err)
			want(t, fmt.Sprintf("accounts of %d", n), len(got), n)
		}
	})
}

func TestAPasswordHashIsReplacedOnlyIfStillTheOldOne(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		who := newAccount(t, db, "li")
		for _, test := range []struct {
			old, hash string
			done      bool
		}{{"", "one", true}, {"", "two", false}, {"one", "two", true}, {"one", "three", false}} {
			done, err := db.Accounts().SetPasswordHash(t.Context(), who, test.old, test.hash)
			must(t, err)
			want(t, test.old+" to "+test.hash, done, test.done)
		}
		got, err := db.Accounts().Get(t.Context(), who)
		must(t, err)
		want(t, "hash", got.PasswordHash, "two")
	})
}

func TestAnIdentityBelongsToWhoeverCameFirst(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		var ids []idAccount
		for i := range 16 {
			ids = append(ids, newAccount(t, db, fmt.Sprint("a", i)))
		}
		owners, made := make([]idAccount, len(ids)), make([]bool, len(ids))
		must(t, errors.Join(atOnce(len(ids), func(i int) (err error) {
			owners[i], made[i], err = db.Accounts().CreateIdentity(t.Context(), account.Identity{
				Account: ids[i], Provider: account.Wechat, Realm: "wx1", Subject: "openid", CreatedAt: start(),
			})
			return err
		})...))
		want(t, "makers", count(made, true), 1)
		want(t, "told the maker", count(owners, ids[slices.Index(made, true)]), len(ids))
	})
}

func TestAnIdentityMayComeBeforeItsAccountWithinATransactionOnly(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		identity := account.Identity{Account: "acct_1", Provider: account.Wechat, Realm: "wx1", Subject: "o1", CreatedAt: start()}
		must(t, db.InTx(t.Context(), func(ctx context.Context) error {
			if _, _, err := db.Accounts().CreateIdentity(ctx, identity); err != nil {
				return err
			}
			return db.Accounts().Create(ctx, account.Account{ID: "acct_1"}, "")
		}))
		identity.Subject, identity.Account = "o2", "acct_nobody"
		if _, _, err := db.Accounts().CreateIdentity(t.Context(), identity); err == nil {
			t.Fatal("an identity of nobody was taken")
		}
	})
}

func TestIdentitiesAreFoundByEveryName(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		accounts := db.Accounts()
		li, wang := newAccount(t, db, "li"), newAccount(t, db, "wang")
		all := []account.Identity{
			{Account: li, Provider: account.Wechat, Realm: "wx1", Subject: "o1", Unionid: "u1", CreatedAt: after(2 * time.Second)},
			{Account: wang, Provider: account.Wechat, Realm: "wx2", Subject: "o1", Unionid: "u1", CreatedAt: after(time.Second)},
			{Account: li, Provider: account.Dingtalk, Realm: "ding1", Subject: "o1", CreatedAt: after(3 * time.Second)},
		}
		for _, i := range all {
			_, made, err := accounts.CreateIdentity(t.Context(), i)
			if err != nil || !made {
				t.Fatal(made, err)
			}
		}
		got, found, err := accounts.FindIdentity(t.Context(), account.Wechat, "wx1", "o1")
		if err != nil || !found || got != all[0] {
			t.Fatalf("got %+v, %v, %v", got, found, err)
		}
		got, found, err = accounts.FindByUnionid(t.Context(), account.Wechat, "u1")
		if err != nil || !found || got != all[1] {
			t.Fatalf("the oldest is %+v, got %+v, %v, %v", all[1], got, found, err)
		}
		if _, found, err = accounts.FindByUnionid(t.Context(), account.Dingtalk, ""); err != nil || found {
			t.Fatalf("no unionid names nobody: %v, %v", found, err)
		}
		must(t, accounts.SetUnionid(t.Context(), account.Dingtalk, "ding1", "o1", "u9"))
		if _, found, err = accounts.FindByUnionid(t.Context(), account.Dingtalk, "u9"); err != nil || !found {
			t.Fatal(found, err)
		}
		of, err := accounts.Identities(t.Context(), []idAccount{li, wang})
		must(t, err)
		if len(of) != 3 || of[0] != all[1] || of[1] != all[0] {
			t.Fatalf("got %+v", of)
		}
	})
}
