package graph

import (
	"sync"
	"testing"
)

// turnFunc is a taker.
type turnFunc func() bool

func (f turnFunc) turn() bool { return f() }

// freeTurns run in goroutines that the test waits for.
func freeTurns(t *testing.T) *turns {
	t.Helper()
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	return &turns{start: func(work func()) bool { all.Go(work); return true }, done: done}
}

func TestEverybodyGetsATurn(t *testing.T) {
	t.Parallel()
	q := freeTurns(t)
	const many = 1000
	var had sync.WaitGroup
	had.Add(many)
	for range many {
		q.add(turnFunc(func() bool { had.Done(); return false }))
	}
	had.Wait()
}

func TestWhoHasMoreToSayGetsMoreTurns(t *testing.T) {
	t.Parallel()
	q := freeTurns(t)
	const many = 100
	had := 0 // one taker is never in two turns at once
	over := make(chan struct{})
	q.add(turnFunc(func() bool {
		if had++; had == many {
			close(over)
		}
		return had < many
	}))
	<-over
}

func TestPeersThatDoNotReadHoldNobodyUp(t *testing.T) {
	t.Parallel()
	q := freeTurns(t)
	read := make(chan struct{})
	t.Cleanup(func() { close(read) })
	for range 5 * turnWorkers {
		q.add(turnFunc(func() bool { <-read; return false }))
	}
	had := make(chan struct{})
	q.add(turnFunc(func() bool { close(had); return false }))
	<-had
}

func TestTurnsOutlastOneThatPanics(t *testing.T) {
	t.Parallel()
	q := freeTurns(t)
	free := q.start
	q.start = func(work func()) bool {
		return free(func() {
			defer func() { _ = recover() }()
			work()
		})
	}
	for range 2 * turnWorkers {
		q.add(turnFunc(func() bool { panic("in a turn") }))
	}
	had := make(chan struct{})
	q.add(turnFunc(func() bool { close(had); return false }))
	<-had
}

func TestNothingIsSentOnceStopped(t *testing.T) {
	t.Parallel()
	q := &turns{start: func(func()) bool { return false }}
	q.add(turnFunc(func() bool { t.Error("a turn after the stop"); return false }))
	if q.workers != 0 || q.watched {
		t.Fatalf("%d workers are counted that never ran", q.workers)
	}
}
