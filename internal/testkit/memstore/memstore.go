// Package memstore keeps accounts, sessions, challenges and limits in memory, for tests of the domains
// that sign people in. It holds their Store interfaces to what they promise: transactions that roll
// back, uniqueness, atomic counting. It also counts every call, so that a test can compare the work
// done for two requests, and fails on demand.
package memstore

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/session"
)

// DB is the whole of the stores. Safe for concurrent use. As on SQLite one transaction runs at a time,
// and whoever leaves out its context waits forever.
type DB struct {
	clock clock.Clock

	mu     sync.Mutex // held by a transaction from beginning to end
	state  state
	before *state // what a rollback restores
	after  []func()
	racing *account.Identity

	watch    sync.Mutex
	calls    map[string]int
	failures map[string]error
}

type state struct {
	accounts   map[id.Account]account.Account
	folded     map[string]id.Account
	identities map[identityKey]account.Identity
	sessions   map[id.Session]session.Session
	refresh    map[string]session.RefreshToken
	challenges map[id.Challenge]factor.Challenge
	cooldowns  map[string]time.Time
	limits     map[limitKey]window
	setUp      setUp
}

// New makes an empty one.
func New(clk clock.Clock) *DB {
	return &DB{
		clock: clk, calls: map[string]int{}, failures: map[string]error{},
		state: state{
			accounts: map[id.Account]account.Account{}, folded: map[string]id.Account{},
			identities: map[identityKey]account.Identity{}, sessions: map[id.Session]session.Session{},
			refresh: map[string]session.RefreshToken{}, challenges: map[id.Challenge]factor.Challenge{},
			cooldowns: map[string]time.Time{}, limits: map[limitKey]window{},
		},
	}
}

func (s state) clone() state {
	return state{
		maps.Clone(s.accounts), maps.Clone(s.folded), maps.Clone(s.identities), maps.Clone(s.sessions),
		maps.Clone(s.refresh), maps.Clone(s.challenges), maps.Clone(s.cooldowns), maps.Clone(s.limits), s.setUp,
	}
}

type txKey struct{ db *DB }

func (db *DB) inTx(ctx context.Context) bool { return ctx.Value(txKey{db}) != nil }

// InTx runs fn in a transaction; a nested one joins.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if db.inTx(ctx) {
		return fn(ctx)
	}
	after, err := db.attempt(ctx, fn)
	if err != nil {
		return err
	}
	for _, f := range after {
		f()
	}
	return nil
}

func (db *DB) attempt(ctx context.Context, fn func(ctx context.Context) error) ([]func(), error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	saved := db.state.clone()
	db.before, db.after = &saved, nil
	err := fn(context.WithValue(ctx, txKey{db}, true))
	if err == nil {
		err = db.failure("Commit")
	}
	if err != nil {
		db.state = *db.before
	}
	after := db.after
	db.before, db.after = nil, nil
	return after, err
}

// AfterCommit runs fn after the transaction of ctx, or at once.
func (db *DB) AfterCommit(ctx context.Context, fn func()) {
	if db.inTx(ctx) {
		db.after = append(db.after, fn)
		return
	}
	fn()
}

// do runs one method of a store: counted, failing when told to, alone.
func (db *DB) do(ctx context.Context, method string, fn func(s *state) error) error {
	if err := db.failure(method); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !db.inTx(ctx) {
		db.mu.Lock()
		defer db.mu.Unlock()
	}
	return fn(&db.state)
}

func (db *DB) failure(method string) error {
	db.watch.Lock()
	defer db.watch.Unlock()
	db.calls[method]++
	return db.failures[method]
}

// Fail makes a method ("Sessions.Create"; "Commit" for transactions) fail from now on; nil heals it.
func (db *DB) Fail(method string, err error) {
	db.watch.Lock()
	defer db.watch.Unlock()
	db.failures[method] = err
}

// TakeCalls gives how often each method was called since the last time.
func (db *DB) TakeCalls() map[string]int {
	db.watch.Lock()
	defer db.watch.Unlock()
	calls := db.calls
	db.calls = map[string]int{}
	return calls
}

// Accounts gives the store of accounts.
func (db *DB) Accounts() *Accounts { return &Accounts{db} }

// Sessions gives the store of sessions.
func (db *DB) Sessions() *Sessions { return &Sessions{db} }

// Challenges gives the store of one-time codes.
func (db *DB) Challenges() *Challenges { return &Challenges{db} }

// Limits gives the counter of uses.
func (db *DB) Limits() *Limits { return &Limits{db} }
