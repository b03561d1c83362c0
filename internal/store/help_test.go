package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/store"
)

// start is the time most tests begin at, whole in milliseconds as the store keeps it.
func start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// after gives the time d after start.
func after(d time.Duration) time.Time { return start().Add(d) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantReason(t *testing.T, err error, reason string) {
	t.Helper()
	if err == nil || errs.ReasonOf(err) != reason {
		t.Fatalf("got error %v, want reason %s", err, reason)
	}
}

func wantCanceled(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want one that is context.Canceled", err)
	}
}

func want[T comparable](t *testing.T, what string, got, wanted T) {
	t.Helper()
	if got != wanted {
		t.Fatalf("%s: got %v, want %v", what, got, wanted)
	}
}

// atOnce runs fn in n goroutines and gives their errors, in the order of i.
func atOnce(n int, fn func(i int) error) []error {
	failures := make([]error, n)
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-gate
			failures[i] = fn(i)
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
	return failures
}

// count tells how many of the values are equal to wanted.
func count[T comparable](values []T, wanted T) int {
	n := 0
	for _, v := range values {
		if v == wanted {
			n++
		}
	}
	return n
}

// newAccount inserts an account and gives its id.
func newAccount(t *testing.T, db *store.DB, name string) id.Account {
	t.Helper()
	a := account.Account{ID: id.Account(id.New(id.AccountPrefix, start())), Username: name, CreatedAt: start()}
	must(t, db.Accounts().Create(t.Context(), a, name))
	return a.ID
}

// numbered gives an identifier whose order is that of n.
func numbered[T ~string](prefix string, n int) T {
	return T(fmt.Sprintf("%s_%026d", prefix, n))
}
