package session_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/inmem"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/internal/testkit/memstore"
)

var start = time.Date(2026, 3, 1, 8, 0, 0, 123456789, time.UTC)

// house is what several processes share; each process is a fixture.
type house struct {
	db   *memstore.DB
	clk  *clock.Fake
	keys [][]byte
}

type fixture struct {
	house
	*session.Service
	bus *inmem.Bus
	cfg session.Config
}

func newHouse() house {
	clk := clock.NewFake(start)
	return house{db: memstore.New(clk), clk: clk, keys: [][]byte{secret.NewKey()}}
}

func newFixture(t testing.TB) fixture { return newHouse().process(t, nil) }

// process starts one more process of the house, which hears of the others nothing but what the
// database says.
func (h house) process(t testing.TB, change func(*session.Config)) fixture {
	t.Helper()
	ring, err := secret.NewRing(h.keys...)
	if err != nil {
		t.Fatal(err)
	}
	f := fixture{house: h, bus: inmem.NewBus()}
	accounts := account.New(account.Config{Store: h.db.Accounts(), Clock: h.clk, Memo: inmem.NewMemo(h.clk, 1000), Bus: f.bus})
	f.cfg = session.Config{
		Store: h.db.Sessions(), Tx: h.db, Ring: ring, Clock: h.clk, Bus: f.bus, Memo: inmem.NewMemo(h.clk, 1000),
		Accounts: accounts, Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&f.cfg)
	}
	if f.Service, err = session.New(f.cfg); err != nil {
		t.Fatal(err)
	}
	if err := f.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = f.Close(), accounts.Close() })
	return f
}

func (h house) account(t testing.TB, roles ...authz.Role) account.Account {
	t.Helper()
	a := account.Account{ID: id.Account(id.New(id.AccountPrefix, h.clk.Now())), Roles: roles, CreatedAt: h.clk.Now()}
	if err := h.db.Accounts().Create(context.Background(), a, ""); err != nil {
		t.Fatal(err)
	}
	return a
}

func (f fixture) token(t testing.TB, a account.Account) session.Grant {
	t.Helper()
	g, err := f.CreateToken(context.Background(), authz.Actor{Address: "203.0.113.7", UserAgent: "test"}, a)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (f fixture) skey(t *testing.T, a account.Account) session.SkeyGrant {
	t.Helper()
	g, err := f.CreateSkey(t.Context(), authz.Actor{}, a, "wx1", "o0q0otL8aEzpcZL/FT9WsQ==")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (f fixture) bearer(t *testing.T, token string) (authz.Actor, error) {
	t.Helper()
	return f.Authenticate(t.Context(), session.Credentials{Bearer: token}, "203.0.113.7", "test")
}

func (f fixture) bySkey(t *testing.T, skey string) error {
	t.Helper()
	_, err := f.Authenticate(t.Context(), session.Credentials{Skey: skey}, "", "")
	return err
}

// run starts the upkeep and gives a function that stops it and waits.
func (f fixture) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	f.clk.AwaitTimers(1)
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(stop)
	return stop
}

// minute lets the upkeep have its turn: it is waiting again when minute returns.
func (f fixture) minute() {
	f.clk.Advance(time.Minute)
	f.clk.AwaitTimers(1)
}
