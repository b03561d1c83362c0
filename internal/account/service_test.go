package account_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/inmem"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/testkit/memstore"
)

var start = time.Date(2026, 3, 1, 8, 0, 0, 123456789, time.UTC)

type fixture struct {
	*account.Service
	db  *memstore.DB
	clk *clock.Fake
	bus *inmem.Bus
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	f := fixture{clk: clock.NewFake(start), bus: inmem.NewBus()}
	f.db = memstore.New(f.clk)
	f.Service = f.service(t, account.HasherConfig{MemoryKiB: account.MinMemoryKiB, Time: 1})
	return f
}

func (f fixture) service(t *testing.T, costs account.HasherConfig) *account.Service {
	t.Helper()
	hasher, err := account.NewHasher(costs)
	if err != nil {
		t.Fatal(err)
	}
	s := account.New(account.Config{Store: f.db.Accounts(), Hasher: hasher, Clock: f.clk, Memo: inmem.NewMemo(f.clk, 1000), Bus: f.bus})
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func draft(n int, roles ...authz.Role) account.Draft {
	return account.Draft{Username: fmt.Sprintf("Alice%d", n), Phone: fmt.Sprintf("1380000%04d", n), Password: "correct horse", Roles: roles}
}

func actor(a account.Account) authz.Actor { return authz.Actor{Account: a.ID, Roles: a.Roles} }

func create(t *testing.T, s *account.Service, d account.Draft) account.Account {
	t.Helper()
	a, err := s.Create(t.Context(), authz.System(), d)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnAccountIsMadeAndFound(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := create(t, f.Service, draft(1))
	if a.Username != "Alice1" || a.Phone != "+8613800000001" || !slices.Equal(a.Roles, []authz.Role{authz.Member}) || a.PasswordHash != "" {
		t.Fatalf("got %+v", a)
	}
	if !a.CreatedAt.Equal(start.Truncate(time.Millisecond)) {
		t.Fatalf("made at %s: a time must be what the store can keep", a.CreatedAt)
	}
	found, ok, err := f.FindByUsername(t.Context(), "ａLICE1")
	if !ok || err != nil || found.ID != a.ID || found.PasswordHash == "" {
		t.Fatalf("got %+v, %v, %v", found, ok, err)
	}
	if _, ok, err := f.FindByUsername(t.Context(), "no such\x00name"); ok || err != nil {
		t.Fatalf("got %v, %v", ok, err)
	}
	for name, read := range map[string]func() (account.Account, error){
		"Get":     func() (account.Account, error) { return f.Get(t.Context(), actor(a), a.ID) },
		"Current": func() (account.Account, error) { return f.Current(t.Context(), a.ID) },
		"Load": func() (account.Account, error) {
			m, err := f.Load(t.Context(), []id.Account{a.ID, "acct_missing"})
			return m[a.ID], err
		},
	} {
		if got, err := read(); err != nil || got.ID != a.ID || got.PasswordHash != "" {
			t.Errorf("%s gives %+v, %v", name, got, err)
		}
	}
}

func TestEveryFieldAtFaultIsNamed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := f.Create(t.Context(), authz.System(), account.Draft{Username: "a", Phone: "1", Password: "x", Roles: []authz.Role{"KING"}})
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Reason != "account.username_invalid" {
		t.Fatalf("got %v", err)
	}
	if got := slices.Sorted(maps.Keys(e.Fields)); !slices.Equal(got, []string{"password", "phone", "roles", "username"}) {
		t.Fatalf("names %v", got)
	}
	for field, message := range errs.LocalizeFields(e, "zh-CN") {
		if !hasChinese(message) {
			t.Errorf("%s: %q is not said in Chinese", field, message)
		}
	}
	_, err = f.Create(t.Context(), authz.System(), account.Draft{Username: "alice", Phone: "1", Password: "correct horse"})
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.Reason != "account.phone_invalid" || len(e.Fields) != 1 {
		t.Fatalf("got %v", err)
	}
	if f.db.CountAccounts() != 0 {
		t.Fatal("something was stored")
	}
}

func TestOfManyWhoWantOneNameOneGetsIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var made, taken atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			d := draft(i)
			d.Username = []string{"alice", "ALICE", "Alice", "ａｌｉｃｅ"}[i%4]
			_, err := f.Create(t.Context(), authz.System(), d)
			switch e, ok := errors.AsType[*errs.Error](err); {
			case err == nil:
				made.Add(1)
			case ok && e.Reason == "account.username_taken" && e.Fields["username"] != "":
				taken.Add(1)
			default:
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 || taken.Load() != 7 {
		t.Fatalf("%d made, %d refused", made.Load(), taken.Load())
	}
	_, err := f.Create(t.Context(), authz.System(), account.Draft{Username: "bob", Phone: "+86 " + "13800000000", Password: "correct horse"})
	if err == nil {
		_, err = f.Create(t.Context(), authz.System(), account.Draft{Username: "carol", Phone: "13800000000", Password: "correct horse"})
	}
	if !errors.Is(err, account.ErrPhoneTaken) {
		t.Fatalf("got %v", err)
	}
}

func TestWhoMayMakeAccounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i, c := range []struct {
		actor authz.Actor
		role  authz.Role
		want  error
	}{
		{authz.Actor{}, authz.Member, authz.ErrSignInRequired},
		{authz.Actor{Account: "acct_1", Roles: []authz.Role{authz.Member}}, authz.Member, authz.ErrForbidden},
		{authz.Actor{Account: "acct_1", Roles: []authz.Role{authz.Admin}}, authz.Admin, nil},
		{authz.Actor{Account: "acct_1", Roles: []authz.Role{authz.Admin}}, authz.Owner, authz.ErrForbidden},
		{authz.Actor{Account: "acct_1", Roles: []authz.Role{authz.Owner}}, authz.Owner, nil},
		{authz.System(), authz.Owner, nil},
	} {
		if _, err := f.Create(t.Context(), c.actor, draft(i, c.role)); !errors.Is(err, c.want) {
			t.Errorf("%v making a %s: got %v, want %v", c.actor.Roles, c.role, err, c.want)
		}
	}
	if has, err := f.HasOwner(t.Context()); !has || err != nil {
		t.Fatalf("got %v, %v", has, err)
	}
}

func TestOthersAccountsAreHidden(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a, b, admin := create(t, f.Service, draft(1)), create(t, f.Service, draft(2)), create(t, f.Service, draft(3, authz.Admin))
	for name, c := range map[string]struct {
		actor authz.Actor
		want  error
	}{
		"oneself":      {actor(a), nil},
		"an admin":     {actor(admin), nil},
		"the system":   {authz.System(), nil},
		"another":      {actor(b), account.ErrNotFound},
		"an anonymous": {authz.Actor{}, authz.ErrSignInRequired},
	} {
		if _, err := f.Get(t.Context(), c.actor, a.ID); !errors.Is(err, c.want) {
			t.Errorf("%s gets %v", name, err)
		}
		if _, err := f.Identities(t.Context(), c.actor, a.ID); !errors.Is(err, c.want) {
			t.Errorf("%s gets %v for identities", name, err)
		}
	}
	if _, err := f.List(t.Context(), actor(a), page.Request{First: 10}); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("a member lists: %v", err)
	}
	rows, err := f.List(t.Context(), actor(admin), page.Request{First: 2})
	if err != nil || len(rows.Items) != 2 || !rows.HasNext || rows.Items[0].PasswordHash != "" {
		t.Errorf("an admin lists %+v, %v", rows, err)
	}
}

func TestASnapshotIsReadOnceAndFollowsChanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := create(t, f.Service, draft(1))
	f.db.TakeCalls()
	for range 3 {
		if _, err := f.Current(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.db.TakeCalls()["Accounts.Get"]; n != 1 {
		t.Fatalf("%d reads", n)
	}
	f.db.Suspend(a.ID, start)
	if got, err := f.Current(t.Context(), a.ID); err != nil || !got.Active() {
		t.Fatalf("nobody said that it changed: %+v, %v", got, err)
	}
	if err := f.bus.Publish(t.Context(), account.TopicChanged, []byte(a.ID)); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Current(t.Context(), a.ID); err != nil || got.Active() {
		t.Fatalf("after the message: %+v, %v", got, err)
	}
	f.db.Suspend(a.ID, time.Time{})
	f.clk.Advance(time.Minute)
	if got, err := f.Current(t.Context(), a.ID); err != nil || !got.Active() {
		t.Fatalf("a minute later, without a message: %+v, %v", got, err)
	}
}

// readThenChange changes an account between the reading of it and the remembering.
type readThenChange struct {
	account.Store
	change func()
}

func (s readThenChange) Get(ctx context.Context, owner id.Account) (account.Account, error) {
	a, err := s.Store.Get(ctx, owner)
	s.change()
	return a, err
}

func TestASnapshotReadBeforeAChangeIsNotKeptAfterIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := create(t, f.Service, draft(1))
	once := sync.OnceFunc(func() {
		f.db.Suspend(a.ID, start)
		_ = f.bus.Publish(t.Context(), account.TopicChanged, []byte(a.ID))
	})
	s := account.New(account.Config{Store: readThenChange{f.db.Accounts(), once}, Clock: f.clk, Memo: inmem.NewMemo(f.clk, 10), Bus: f.bus})
	if _, err := s.Current(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Current(t.Context(), a.ID); err != nil || got.Active() {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestPasswordsAreCheckedForEveryKindOfAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	create(t, f.Service, draft(1))
	a, _, err := f.FindByUsername(t.Context(), "alice1")
	if err != nil {
		t.Fatal(err)
	}
	bare := a
	bare.PasswordHash = ""
	long := string(make([]byte, 1<<20))
	for name, c := range map[string]struct {
		account  account.Account
		exists   bool
		password string
		want     bool
	}{
		"right":       {a, true, "correct horse", true},
		"wrong":       {a, true, "correct horsf", false},
		"too long":    {a, true, long, false},
		"no password": {bare, true, "correct horse", false},
		"unknown":     {account.Account{}, false, "correct horse", false},
	} {
		got, err := f.CheckPassword(t.Context(), c.account, c.exists, c.password)
		if err != nil || got.OK != c.want || got.Outdated {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestAnOutdatedHashIsReplacedUnlessItHasChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	create(t, f.Service, draft(1))
	dearer := f.service(t, account.HasherConfig{MemoryKiB: account.MinMemoryKiB, Time: 2})
	a, _, _ := dearer.FindByUsername(t.Context(), "alice1")
	if got, err := dearer.CheckPassword(t.Context(), a, true, "correct horse"); err != nil || !got.OK || !got.Outdated {
		t.Fatalf("got %+v, %v", got, err)
	}
	if err := dearer.Rehash(t.Context(), a, "correct horse"); err != nil {
		t.Fatal(err)
	}
	b, _, _ := dearer.FindByUsername(t.Context(), "alice1")
	if got, err := dearer.CheckPassword(t.Context(), b, true, "correct horse"); err != nil || !got.OK || got.Outdated {
		t.Fatalf("after rehashing: %+v, %v", got, err)
	}
	// One who read the old hash comes late.
	if err := dearer.Rehash(t.Context(), a, "another password"); err != nil {
		t.Fatal(err)
	}
	if c, _, _ := dearer.FindByUsername(t.Context(), "alice1"); c.PasswordHash != b.PasswordHash {
		t.Fatal("a hash set meanwhile was overwritten")
	}
}

func person(realm, openid, unionid string) account.Identity {
	return account.Identity{Provider: account.Wechat, Realm: realm, Subject: openid, Unionid: unionid}
}

func adopt(t *testing.T, f fixture, p account.Identity) (account.Account, bool, error) {
	t.Helper()
	var a account.Account
	var created bool
	err := f.db.InTx(t.Context(), func(ctx context.Context) error {
		var err error
		a, created, err = f.Adopt(ctx, p)
		return err
	})
	return a, created, err
}

func TestAPersonOfAPlatformHasOneAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first, created, err := adopt(t, f, person("wx1", "openid-a", ""))
	if err != nil || !created || first.Username != "" || first.Phone != "" {
		t.Fatalf("got %+v, %v, %v", first, created, err)
	}
	f.clk.Advance(time.Second)
	again, created, err := adopt(t, f, person("wx1", "openid-a", "union-a"))
	if err != nil || created || again.ID != first.ID {
		t.Fatalf("again: %+v, %v, %v", again, created, err)
	}
	f.clk.Advance(time.Second)
	sibling, created, err := adopt(t, f, person("wx2", "openid-b", "union-a"))
	if err != nil || !created || sibling.ID != first.ID {
		t.Fatalf("by the unionid learnt later: %+v, %v, %v", sibling, created, err)
	}
	other, _, err := adopt(t, f, person("wx2", "openid-a", ""))
	if err != nil || other.ID == first.ID {
		t.Fatalf("the same openid of another app is another person: %v", err)
	}
	identities, err := f.Identities(t.Context(), authz.System(), first.ID)
	if err != nil || len(identities) != 2 || identities[0].Unionid != "union-a" {
		t.Fatalf("got %+v, %v", identities, err)
	}
}

func TestTheLoserOfAFirstSightLeavesNoAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	winner := create(t, f.Service, draft(1))
	theirs := person("wx1", "openid-a", "")
	theirs.Account = winner.ID
	f.db.Race(theirs)
	if _, _, err := adopt(t, f, person("wx1", "openid-a", "")); !errors.Is(err, account.ErrIdentityRaced) {
		t.Fatalf("got %v", err)
	}
	if n := f.db.CountAccounts(); n != 1 {
		t.Fatalf("%d accounts", n)
	}
	if a, created, err := adopt(t, f, person("wx1", "openid-a", "")); err != nil || created || a.ID != winner.ID {
		t.Fatalf("the second try gives %+v, %v, %v", a, created, err)
	}
}

func TestIdentitiesComeFromMemoryUntilTheyChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a, _, err := adopt(t, f, person("wx1", "openid-a", "union-a"))
	if err != nil {
		t.Fatal(err)
	}
	want := func(when string, reads, count int) {
		t.Helper()
		f.db.TakeCalls()
		got, err := f.Identities(t.Context(), authz.System(), a.ID)
		if asked := f.db.TakeCalls()["Accounts.Identities"]; err != nil || len(got) != count || asked != reads {
			t.Errorf("%s: %d identities in %d reads (%v), want %d in %d", when, len(got), asked, err, count, reads)
		}
		clear(got) // they are the caller's
	}
	want("at first", 1, 1)
	want("again", 0, 1)
	if _, _, err := adopt(t, f, person("wx2", "openid-b", "union-a")); err != nil {
		t.Fatal(err)
	}
	f.Changed(t.Context(), a.ID)
	want("after a change", 1, 2)
	want("again after a change", 0, 2)
}
