package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

// heldGroup occupies the group with an operation that waits until release is called, so that what
// comes meanwhile shares the next commit.
func heldGroup(t *testing.T, db *store.DB) (release func()) {
	t.Helper()
	begun, gate, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := store.Grouped(context.WithoutCancel(t.Context()), db, func(context.Context) (int, error) {
			close(begun)
			<-gate
			return 0, nil
		})
		ended <- err
	}()
	<-begun
	return func() {
		t.Helper()
		close(gate)
		must(t, <-ended)
	}
}

// awaitWaiting returns once n operations wait for the next commit.
func awaitWaiting(db *store.DB, n int) {
	for db.Waiting() < n {
		runtime.Gosched()
	}
}

func TestCallersShareOneCommit(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		const callers = store.MaxBatch + 10
		release := heldGroup(t, db)
		batches := make([]int64, callers)
		var commits atomic.Int64
		done := make(chan error, 1)
		go func() {
			done <- errors.Join(atOnce(callers, func(i int) (err error) {
				batches[i], err = store.Grouped(t.Context(), db, func(ctx context.Context) (int64, error) {
					db.AfterCommit(ctx, func() { commits.Add(1) })
					return commits.Load(), nil
				})
				return err
			})...)
		}()
		awaitWaiting(db, callers)
		release()
		must(t, <-done)
		want(t, "operations of the first batch", count(batches, 0), store.MaxBatch)
		want(t, "operations of the second", count(batches, store.MaxBatch), 10)
	})
}

func TestOneBadOperationFailsNoOther(t *testing.T) {
	t.Parallel()
	bad := map[string]func(ctx context.Context, db *store.DB) (string, error){
		"an error": func(context.Context, *store.DB) (string, error) { return "", errChanged },
		"a failed statement": func(ctx context.Context, db *store.DB) (string, error) {
			return "", db.Accounts().Create(ctx, account.Account{ID: "acct_taken"}, "")
		},
		"a swallowed failure": func(ctx context.Context, db *store.DB) (string, error) {
			_ = db.Accounts().Create(ctx, account.Account{ID: "acct_taken"}, "")
			return "swallowed", nil
		},
		"a panic": func(context.Context, *store.DB) (string, error) { panic("boom") },
	}
	for name, bad := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbkit.Each(t, func(t *testing.T, db *store.DB) {
				must(t, db.Accounts().Create(t.Context(), account.Account{ID: "acct_taken"}, ""))
				release := heldGroup(t, db)
				const callers = 9
				answers := make([]string, callers)
				done := make(chan []error, 1)
				go func() {
					done <- atOnce(callers, func(i int) (err error) {
						answers[i], err = store.Grouped(t.Context(), db, func(ctx context.Context) (string, error) {
							if i == 4 {
								return bad(ctx, db)
							}
							name := fmt.Sprint("caller", i)
							return name, db.Accounts().Create(ctx, account.Account{ID: numbered[idAccount]("acct", i)}, name)
						})
						return err
					})
				}()
				awaitWaiting(db, callers)
				release()
				for i, err := range <-done {
					name := fmt.Sprint("caller", i)
					if i == 4 {
						if err == nil {
							t.Error("the bad operation succeeded")
						}
						continue
					}
					if err != nil || answers[i] != name || !exists(t, db, name) {
						t.Errorf("%s was told %q, %v", name, answers[i], err)
					}
				}
			})
		})
	}
}

func TestAnUnavailableDatabaseIsAskedOnce(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		release := heldGroup(t, db)
		var runs atomic.Int32
		done := make(chan []error, 1)
		go func() {
			done <- atOnce(8, func(int) error {
				_, err := store.Grouped(t.Context(), db, func(context.Context) (int, error) {
					runs.Add(1)
					return 0, store.ErrDiskFull
				})
				return err
			})
		}()
		awaitWaiting(db, 8)
		release()
		for _, err := range <-done {
			wantReason(t, err, "store.disk_full")
		}
		want(t, "runs", runs.Load(), 1)
	})
}

func TestACallerWhoLeavesBeforeItsTurnIsNotServed(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		release := heldGroup(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := store.Grouped(ctx, db, func(ctx context.Context) (int, error) { return 0, create(ctx, db, "left") })
			left <- err
		}()
		awaitWaiting(db, 1)
		cancel()
		wantCanceled(t, <-left)
		release()
		// What comes later is served after what was taken before.
		_, err := store.Grouped(t.Context(), db, func(ctx context.Context) (int, error) { return 0, create(ctx, db, "later") })
		must(t, err)
		want(t, "left exists", exists(t, db, "left"), false)
	})
}

func TestClosingServesThoseWhoWaitAndRefusesThoseWhoCome(t *testing.T) {
	t.Parallel()
	dbkit.EachAddress(t, func(t *testing.T, address string) {
		db, err := store.Open(t.Context(), store.Config{DSN: address})
		must(t, err)
		release := heldGroup(t, db)
		done := make(chan []error, 1)
		go func() {
			done <- atOnce(5, func(i int) error {
				_, _, err := db.Events().Append(t.Context(), anEvent(i))
				return err
			})
		}()
		awaitWaiting(db, 5)
		closed := make(chan error, 1)
		go func() { closed <- db.Close() }()
		release()
		must(t, errors.Join(<-done...))
		must(t, <-closed)
		must(t, db.Close())
		_, _, err = db.Events().Append(t.Context(), anEvent(9))
		wantReason(t, err, "store.closed")
		_, err = db.Accounts().CountOwners(t.Context())
		wantReason(t, err, "store.closed")
		wantReason(t, db.Ping(t.Context()), "store.closed")

		again := dbkit.Open(t, store.Config{DSN: address})
		wantBounds(t, again.Events(), 1, 5)
	})
}

// Text that Postgres cannot store reaches a group only through a mistake of ours; even then it is one
// caller's.
func TestALoneFailureIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		_, err := store.Grouped(t.Context(), db, func(context.Context) (int, error) { return 7, errChanged })
		if !errors.Is(err, errChanged) {
			t.Fatalf("got %v", err)
		}
		panicked := slices.IndexFunc(atOnce(1, func(int) error {
			_, err := store.Grouped(t.Context(), db, func(context.Context) (int, error) { panic("boom") })
			return err
		}), func(err error) bool {
			return errs.CodeOf(err) == errs.Internal && strings.Contains(err.Error(), "boom")
		})
		want(t, "told of the panic", panicked, 0)
	})
}
