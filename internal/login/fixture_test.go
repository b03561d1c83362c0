package login_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/cache"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/inmem"
	"github.com/posthouse/posthouse/internal/limit"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/platform"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/internal/testkit/memstore"
)

var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

var someone = authz.Actor{Address: "203.0.113.7", UserAgent: "test"}

// chat is the channel that codes go through: what a person would read, by challenge.
type chat struct {
	mu  sync.Mutex
	got []factor.Message
}

func (c *chat) Name() factor.ChannelName { return factor.DingtalkGroup }

func (c *chat) Ready(context.Context) error { return nil }

func (c *chat) Deliver(_ context.Context, m factor.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, m)
	return nil
}

// wechat answers for WeChat: a code works once, and says for whom it is ("openid" or
// "openid/unionid", then "#" and anything).
type wechat struct {
	mu    sync.Mutex
	asked map[string]int
	wait  func(ctx context.Context)
	err   error
}

func (w *wechat) Code2Session(ctx context.Context, _ platform.WechatApp, code string) (login.WechatPerson, error) {
	if w.wait != nil {
		w.wait(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[code]++
	if w.err != nil {
		return login.WechatPerson{}, w.err
	}
	if err := ctx.Err(); err != nil {
		return login.WechatPerson{}, err
	}
	if w.asked[code] > 1 {
		return login.WechatPerson{}, login.ErrWechatCodeInvalid
	}
	var p login.WechatPerson
	who, _, _ := strings.Cut(code, "#")
	p.Openid, p.Unionid, _ = strings.Cut(who, "/")
	p.SessionKey = secret.NewText("o0q0otL8aEzpcZL/FT9WsQ==")
	return p, nil
}

// parts are the stores that a fixture stands on.
type parts struct {
	tx         session.Transactor
	accounts   account.Store
	sessions   session.Store
	challenges factor.Store
	limits     limit.Counter
}

type fixture struct {
	*login.Service
	// db is nil on a real store.
	db       *memstore.DB
	clk      *clock.Fake
	chat     *chat
	wechat   *wechat
	hashes   *counted
	accounts *account.Service
	sessions *session.Service
	bus      *inmem.Bus
}

// counted counts the hashes that are computed.
type counted struct {
	account.Passwords
	n atomic.Int32
}

func (c *counted) Hash(ctx context.Context, password string) (string, error) {
	c.n.Add(1)
	return c.Passwords.Hash(ctx, password)
}

func (c *counted) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	c.n.Add(1)
	return c.Passwords.Verify(ctx, hash, password)
}

func (c *counted) VerifyDecoy(ctx context.Context, password string) error {
	c.n.Add(1)
	return c.Passwords.VerifyDecoy(ctx, password)
}

func newFixture(t *testing.T, change func(*login.Config)) fixture {
	t.Helper()
	clk := clock.NewFake(start)
	db := memstore.New(clk)
	f := assemble(t, clk, secret.NewKey(), parts{db, db.Accounts(), db.Sessions(), db.Challenges(), db.Limits()}, change)
	f.db = db
	return f
}

// assemble puts one process together: it shares nothing with another but the stores and the key.
func assemble(t *testing.T, clk *clock.Fake, key []byte, p parts, change func(*login.Config)) fixture {
	t.Helper()
	f := fixture{clk: clk, chat: &chat{}, wechat: &wechat{asked: map[string]int{}}, bus: inmem.NewBus()}
	ring, err := secret.NewRing(key)
	if err != nil {
		t.Fatal(err)
	}
	hasher, err := account.NewHasher(account.HasherConfig{MemoryKiB: account.MinMemoryKiB, Time: 1})
	if err != nil {
		t.Fatal(err)
	}
	f.hashes = &counted{Passwords: hasher}
	f.accounts = account.New(account.Config{Store: p.accounts, Tx: p.tx, Hasher: f.hashes, Clock: clk, Memo: inmem.NewMemo(clk, 1000), Bus: f.bus})
	f.sessions, err = session.New(session.Config{
		Store: p.sessions, Tx: p.tx, Ring: ring, Clock: clk, Bus: f.bus, Memo: inmem.NewMemo(clk, 1000), Accounts: f.accounts,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.sessions.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	otp := factor.New(factor.OTPConfig{
		Store: p.challenges, Tx: p.tx, Ring: ring, Clock: clk, Accounts: f.accounts, Limits: p.limits,
		Channels: []factor.Channel{f.chat},
	})
	apps, err := platform.NewApps(nil, []platform.WechatApp{{Name: "shop", AppID: "wx1"}, {Name: "club", AppID: "wx2"}})
	if err != nil {
		t.Fatal(err)
	}
	setUps, ok := p.accounts.(login.SetUpStore)
	if !ok {
		t.Fatal("the store of accounts keeps no set-up tokens")
	}
	cfg := login.Config{
		SetUps: setUps, Accounts: f.accounts, Sessions: f.sessions, OTP: otp, Tx: p.tx, Limits: p.limits, Clock: clk,
		Wechat: f.wechat, Apps: apps, Cache: inmem.NewCache(clk, 1000), Lock: inmem.NewLocker(), Ring: ring,
	}
	if change != nil {
		change(&cfg)
	}
	f.Service = login.New(cfg)
	t.Cleanup(func() { _ = errors.Join(f.sessions.Close(), f.accounts.Close()) })
	return f
}

const password = "correct horse"

func input(n int) login.RegisterInput {
	return login.RegisterInput{Username: fmt.Sprintf("Alice%d", n), Phone: fmt.Sprintf("1380000%04d", n), Password: password}
}

func (f fixture) register(t *testing.T, n int) login.Result {
	t.Helper()
	got, err := f.Register(t.Context(), someone, input(n))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// code asks for a code and reads it where a person would.
func (f fixture) code(t *testing.T, username string) *login.OTPInput {
	t.Helper()
	issued, err := f.RequestOtp(t.Context(), someone, factor.RequestInput{Username: username})
	if err != nil {
		t.Fatal(err)
	}
	f.chat.mu.Lock()
	defer f.chat.mu.Unlock()
	return &login.OTPInput{Challenge: issued.ID, Code: f.chat.got[len(f.chat.got)-1].Code}
}

func (f fixture) login(t *testing.T, username, password string, otp *login.OTPInput) (login.Result, error) {
	t.Helper()
	return f.Login(t.Context(), someone, login.LoginInput{Username: username, Password: password, OTP: otp})
}

// keeper shows what is put into a cache.
type keeper struct {
	cache.Cache
	keys, values []string
}

func (k *keeper) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	k.keys, k.values = append(k.keys, key), append(k.values, string(value))
	return k.Cache.Set(ctx, key, value, ttl)
}
