package login_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/limit"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/session"
)

func (f fixture) wx(t *testing.T, appID, code string) (login.WechatResult, error) {
	t.Helper()
	return f.WechatLogin(t.Context(), someone, login.WechatLoginInput{Code: code, AppID: appID})
}

func (f fixture) mustWx(t *testing.T, appID, code string) login.WechatResult {
	t.Helper()
	got, err := f.wx(t, appID, code)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAMiniProgramSignsIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	first := f.mustWx(t, "wx1", "openid-a#1")
	if !first.Created || first.Account.Username != "" || first.Account.Phone != "" {
		t.Fatalf("got %+v", first)
	}
	actor, err := f.sessions.Authenticate(t.Context(), session.Credentials{Skey: first.Grant.Skey}, "", "")
	if err != nil || actor.Account != first.Account.ID {
		t.Fatalf("got %+v, %v", actor, err)
	}
	f.clk.Advance(time.Minute)
	second := f.mustWx(t, "wx1", "openid-a#2")
	if second.Created || second.Account.ID != first.Account.ID || second.Grant.Skey == first.Grant.Skey {
		t.Fatalf("the second time: %+v", second)
	}
	if _, err := f.sessions.Authenticate(t.Context(), session.Credentials{Skey: first.Grant.Skey}, "", ""); err != nil {
		t.Fatalf("the earlier session must live on: %v", err)
	}
	if other := f.mustWx(t, "wx1", "openid-b"); other.Account.ID == first.Account.ID {
		t.Fatal("two people share an account")
	}
}

func TestOneUnionidIsOneAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	shop := f.mustWx(t, "wx1", "openid-a/union")
	if identities, err := f.accounts.Identities(t.Context(), authz.System(), shop.Account.ID); err != nil || len(identities) != 1 {
		t.Fatalf("before the second mini-program: %+v, %v", identities, err)
	}
	club := f.mustWx(t, "wx2", "openid-b/union")
	if shop.Account.ID != club.Account.ID || !club.Created {
		t.Fatalf("got %+v and %+v", shop, club)
	}
	identities, err := f.accounts.Identities(t.Context(), authz.System(), shop.Account.ID)
	if err != nil || len(identities) != 2 {
		t.Fatalf("got %+v, %v", identities, err)
	}
}

func TestTheSameCodeSentAgainGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	first := f.mustWx(t, "wx1", "openid-a")
	f.clk.Advance(10*time.Second - time.Millisecond)
	again, err := f.WechatLogin(t.Context(), authz.Actor{Address: "198.51.100.9"}, login.WechatLoginInput{Code: "openid-a", AppID: "wx1"})
	if err != nil || again.Grant.Skey != first.Grant.Skey || !again.Grant.ExpiresAt.Equal(first.Grant.ExpiresAt) ||
		again.Account.ID != first.Account.ID || again.Created != first.Created || again.Grant.Session.ID != first.Grant.Session.ID {
		t.Fatalf("got %+v, %v, want %+v", again, err, first)
	}
	f.clk.Advance(time.Millisecond)
	if _, err := f.wx(t, "wx1", "openid-a"); !errors.Is(err, login.ErrWechatCodeInvalid) {
		t.Fatalf("after ten seconds: %v", err)
	}
	if n := f.wechat.asked["openid-a"]; n != 2 {
		t.Fatalf("WeChat was asked %d times", n)
	}
}

func TestTheSameCodeSentAtTheSameMomentGetsOneAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	var mu sync.Mutex
	skeys := map[string]bool{}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			got, err := f.WechatLogin(t.Context(), someone, login.WechatLoginInput{Code: "openid-a", AppID: "wx1"})
			if err != nil {
				t.Errorf("got %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			skeys[got.Grant.Skey] = true
		})
	}
	wg.Wait()
	if len(skeys) != 1 || f.wechat.asked["openid-a"] != 1 || f.db.CountAccounts() != 1 {
		t.Fatalf("%d answers, WeChat asked %d times, %d accounts", len(skeys), f.wechat.asked["openid-a"], f.db.CountAccounts())
	}
}

func TestACodeWhoseSenderGaveUpIsAnsweredWhenItComesAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	ctx, giveUp := context.WithCancel(t.Context())
	f.wechat.wait = func(context.Context) { giveUp() }
	if _, err := f.WechatLogin(ctx, someone, login.WechatLoginInput{Code: "openid-a", AppID: "wx1"}); err != nil {
		t.Fatalf("nobody hears it, but the work is done: %v", err)
	}
	f.mustWx(t, "wx1", "openid-a")
}

func TestAnAnswerInTheCacheIsSealed(t *testing.T) {
	t.Parallel()
	var f fixture
	kept := &keeper{}
	f = newFixture(t, func(c *login.Config) { kept.Cache, c.Cache = c.Cache, kept })
	got := f.mustWx(t, "wx1", "openid-a")
	if len(kept.values) != 1 || strings.Contains(kept.values[0], got.Grant.Skey) || strings.Contains(kept.keys[0], "openid-a") {
		t.Fatalf("kept %v under %v", kept.values, kept.keys)
	}
}

func TestOfManyAtFirstSightOneMakesTheAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	var created atomic.Int32
	var mu sync.Mutex
	owners := map[id.Account]bool{}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			app, code := []string{"wx1", "wx2"}[i%2], []string{"openid-a/union#", "openid-b/union#"}[i%2]+string(rune('a'+i))
			got, err := f.WechatLogin(t.Context(), someone, login.WechatLoginInput{Code: code, AppID: app})
			if err != nil {
				t.Errorf("got %v", err)
				return
			}
			if got.Created {
				created.Add(1)
			}
			mu.Lock()
			defer mu.Unlock()
			owners[got.Account.ID] = true
		})
	}
	wg.Wait()
	if created.Load() != 2 || len(owners) != 1 || f.db.CountAccounts() != 1 {
		t.Fatalf("%d identities made, %d accounts seen, %d stored", created.Load(), len(owners), f.db.CountAccounts())
	}
}

func TestWhoLosesTheRaceGetsTheWinnersAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	winner := f.register(t, 1).Account
	f.db.Race(account.Identity{Account: winner.ID, Provider: account.Wechat, Realm: "wx1", Subject: "openid-a", CreatedAt: start})
	got := f.mustWx(t, "wx1", "openid-a")
	if got.Account.ID != winner.ID || got.Created || f.db.CountAccounts() != 1 {
		t.Fatalf("got %+v, %d accounts", got, f.db.CountAccounts())
	}
}

func TestASuspendedPersonIsRefusedAndNothingIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	a := f.mustWx(t, "wx1", "openid-a/union#1").Account
	f.db.Suspend(a.ID, start)
	if err := f.bus.Publish(t.Context(), account.TopicChanged, []byte(a.ID)); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"wx1", "openid-a/union#1"}, {"wx1", "openid-a/union#2"}, {"wx2", "openid-b/union"}} {
		if _, err := f.wx(t, c[0], c[1]); !errors.Is(err, account.ErrSuspended) {
			t.Errorf("%v: got %v", c, err)
		}
	}
	if identities, err := f.accounts.Identities(t.Context(), authz.System(), a.ID); err != nil || len(identities) != 1 {
		t.Fatalf("got %+v, %v", identities, err)
	}
}

func TestAnAccountItsIdentityAndItsSessionAreMadeTogether(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	broken := errors.New("disk full")
	f.db.Fail("Sessions.Create", broken)
	if _, err := f.wx(t, "wx1", "openid-a#1"); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	f.db.Fail("Sessions.Create", nil)
	if n := f.db.CountAccounts(); n != 0 {
		t.Fatalf("%d accounts", n)
	}
	if got := f.mustWx(t, "wx1", "openid-a#2"); !got.Created {
		t.Fatal("the failed one must have left no identity")
	}
}

func TestWhatIsNoCodeOrNoAppIsNotSentToWeChat(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	for name, c := range map[string]struct {
		appID, code string
		want        error
	}{
		"unknown app":      {"wx9", "openid-a", login.ErrWechatAppUnknown},
		"which of two":     {"", "openid-a", login.ErrWechatAppUnknown},
		"empty code":       {"wx1", "", login.ErrWechatCodeInvalid},
		"long code":        {"wx1", strings.Repeat("x", 129), login.ErrWechatCodeInvalid},
		"a megabyte":       {"wx1", strings.Repeat("x", 1<<20), login.ErrWechatCodeInvalid},
		"NUL":              {"wx1", "a\x00b", login.ErrWechatCodeInvalid},
		"space":            {"wx1", "a b", login.ErrWechatCodeInvalid},
		"Chinese":          {"wx1", "代码", login.ErrWechatCodeInvalid},
		"newline injected": {"wx1", "a\r\nHost: x", login.ErrWechatCodeInvalid},
	} {
		if _, err := f.wx(t, c.appID, c.code); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if len(f.wechat.asked) != 0 {
		t.Fatalf("asked %v", f.wechat.asked)
	}
}

func TestWeChatsRefusalIsPassedOnAndNotRemembered(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.wechat.err = login.ErrWechatUnavailable
	for range 2 {
		if _, err := f.wx(t, "wx1", "openid-a"); !errors.Is(err, login.ErrWechatUnavailable) {
			t.Fatalf("got %v", err)
		}
	}
	if f.db.CountAccounts() != 0 || f.wechat.asked["openid-a"] != 2 {
		t.Fatal("a refusal was kept")
	}
}

func TestMiniProgramSignInsAreLimitedPerNetwork(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *login.Config) { c.Ceilings.WechatPerAddress = 2 })
	f.mustWx(t, "wx1", "openid-a")
	f.mustWx(t, "wx1", "openid-b")
	if _, err := f.wx(t, "wx1", "openid-c"); !errors.Is(err, limit.ErrLimited) {
		t.Fatalf("got %v", err)
	}
}
