package graph

import (
	"sync"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/limit"
)

// tally counts what each account, or address without one, holds open. Safe for concurrent use.
type tally struct {
	limits        Limits
	mu            sync.Mutex
	connections   map[string]int
	subscriptions map[string]int
}

func newTally(limits Limits) *tally {
	return &tally{limits: limits, connections: map[string]int{}, subscriptions: map[string]int{}}
}

// connect counts a socket or stream until leave is called. Reason: rate.connections.
func (t *tally) connect(subject string) (leave func(), err error) {
	return t.take(t.connections, subject, t.limits.Connections, errConnections)
}

// subscribe counts a subscription until leave is called. Reason: rate.subscriptions.
func (t *tally) subscribe(subject string) (leave func(), err error) {
	return t.take(t.subscriptions, subject, t.limits.Subscriptions, errSubscriptions)
}

func (t *tally) take(counts map[string]int, subject string, most int, full *errs.Error) (func(), error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if counts[subject] >= most {
		return nil, full
	}
	counts[subject]++
	return sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if counts[subject]--; counts[subject] == 0 {
			delete(counts, subject)
		}
	}), nil
}

// subject is whose open connections are counted together.
func subject(actor authz.Actor) string {
	if actor.SignedIn() {
		return string(actor.Account)
	}
	return "address:" + limit.AddressSubject(actor.Address)
}
