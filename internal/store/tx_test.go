package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

var errChanged = errors.New("changed my mind")

func exists(t *testing.T, db *store.DB, name string) bool {
	t.Helper()
	_, found, err := db.Accounts().FindByUsername(t.Context(), name)
	must(t, err)
	return found
}

func create(ctx context.Context, db *store.DB, name string) error {
	a := account.Account{ID: numbered[idAccount]("acct", len(name)*1000+int(name[0])), Username: name, CreatedAt: start()}
	return db.Accounts().Create(ctx, a, name)
}

func TestATransactionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		must(t, db.InTx(t.Context(), func(ctx context.Context) error {
			must(t, create(ctx, db, "kept"))
			_, found, err := db.Accounts().FindByUsername(ctx, "kept")
			must(t, err)
			want(t, "a read inside sees the write", found, true)
			if db.Engine() == store.SQLite {
				want(t, "a read outside sees it", exists(t, db, "kept"), false)
			}
			return nil
		}))
		want(t, "kept exists", exists(t, db, "kept"), true)

		err := db.InTx(t.Context(), func(ctx context.Context) error {
			must(t, create(ctx, db, "dropped"))
			return errChanged
		})
		if !errors.Is(err, errChanged) {
			t.Fatalf("got %v", err)
		}
		want(t, "dropped exists", exists(t, db, "dropped"), false)
	})
}

func TestANestedTransactionJoinsTheOuterOne(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			must(t, db.InTx(ctx, func(ctx context.Context) error { return create(ctx, db, "inner") }))
			return errChanged
		})
		if !errors.Is(err, errChanged) {
			t.Fatalf("got %v", err)
		}
		want(t, "inner exists", exists(t, db, "inner"), false)
	})
}

func TestAFailureWithinATransactionCannotBeSwallowed(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		must(t, create(t.Context(), db, "first"))
		ways := map[string]func(ctx context.Context) error{
			"an inner transaction": func(ctx context.Context) error {
				return db.InTx(ctx, func(context.Context) error { return errChanged })
			},
			"a violated constraint": func(ctx context.Context) error {
				return db.Accounts().Create(ctx, account.Account{ID: numbered[idAccount]("acct", len("first")*1000+'f')}, "other")
			},
		}
		for name, fail := range ways {
			err := db.InTx(t.Context(), func(ctx context.Context) error {
				must(t, create(ctx, db, "half"))
				if fail(ctx) == nil {
					t.Fatalf("%s did not fail", name)
				}
				return nil
			})
			if err == nil {
				t.Fatalf("%s was swallowed", name)
			}
			want(t, "half exists", exists(t, db, "half"), false)
		}
	})
}

func TestAPanicRollsBackAndGoesOn(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		func() {
			defer func() { want(t, "panic", recover(), any("boom")) }()
			_ = db.InTx(t.Context(), func(ctx context.Context) error {
				must(t, create(ctx, db, "half"))
				panic("boom")
			})
		}()
		want(t, "half exists", exists(t, db, "half"), false)
		must(t, create(t.Context(), db, "next")) // the connection is free again
	})
}

func TestAfterCommitRunsAfterTheOutermostCommitOnly(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		var ran []string
		note := func(what string) func() { return func() { ran = append(ran, what) } }
		db.AfterCommit(t.Context(), note("at once"))
		must(t, db.InTx(t.Context(), func(ctx context.Context) error {
			must(t, db.InTx(ctx, func(ctx context.Context) error {
				db.AfterCommit(ctx, note("inner"))
				return nil
			}))
			want(t, "ran before the commit", len(ran), 1)
			db.AfterCommit(ctx, func() {
				// The connection is free again: on SQLite this would wait for ever otherwise.
				must(t, create(t.Context(), db, "after"))
				ran = append(ran, "outer")
			})
			return nil
		}))
		_ = db.InTx(t.Context(), func(ctx context.Context) error {
			db.AfterCommit(ctx, note("rolled back"))
			return errChanged
		})
		if len(ran) != 3 || ran[1] != "inner" || ran[2] != "outer" {
			t.Fatalf("ran %v", ran)
		}
	})
}

func TestOfTwoTransactionsThatDeadlockBothSucceedInTheEnd(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		ids := []idAccount{newAccount(t, db, "a"), newAccount(t, db, "b")}
		// Each holds one row and wants the other's. They wait for one another the first time only, and
		// on SQLite never: there the second begins when the first has ended.
		held := []chan struct{}{make(chan struct{}, 9), make(chan struct{}, 9)}
		tries := make([]int, 2)
		failures := atOnce(2, func(i int) error {
			return db.InTx(t.Context(), func(ctx context.Context) error {
				tries[i]++
				if _, err := db.Accounts().SetPasswordHash(ctx, ids[i], "", ""); err != nil {
					return err
				}
				if tries[i] == 1 && db.Engine() == store.Postgres {
					held[i] <- struct{}{}
					<-held[1-i]
				}
				_, err := db.Accounts().SetPasswordHash(ctx, ids[1-i], "", "")
				return err
			})
		})
		must(t, errors.Join(failures...))
		if db.Engine() == store.Postgres && tries[0]+tries[1] < 3 {
			t.Fatalf("tries %v: nobody lost", tries)
		}
	})
}

func TestATransactionThatKeepsLosingGivesUpAsBusy(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		tries := 0
		err := db.InTx(t.Context(), func(context.Context) error {
			tries++
			return &pgconn.PgError{Code: "40001"}
		})
		if err == nil || tries != 5 {
			t.Fatalf("%d tries, %v", tries, err)
		}
	})
}

func TestWhatCommitsByItselfRefusesToRunInATransaction(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		calls := map[string]func(ctx context.Context) error{
			"Hit":      func(ctx context.Context) error { _, _, err := db.Limits().Hit(ctx, "r", "s", 1); return err },
			"CountTry": func(ctx context.Context) error { _, _, err := db.Challenges().CountTry(ctx, "otpc_1"); return err },
			"Append":   func(ctx context.Context) error { _, _, err := db.Events().Append(ctx, anEvent(1)); return err },
			"Claim": func(ctx context.Context) error {
				_, _, err := db.Broadcasts().Claim(ctx, claimRequest("robt_1", start()))
				return err
			},
			"Complete": func(ctx context.Context) error { return db.Broadcasts().Complete(ctx, completion("atmp_1")) },
		}
		for name, call := range calls {
			_ = db.InTx(t.Context(), func(ctx context.Context) error {
				err := call(ctx)
				if err == nil {
					t.Errorf("%s ran in a transaction", name)
					return errChanged
				}
				wantReason(t, err, "internal")
				return err
			})
		}
	})
}

func TestTwoDatabasesInOneProcessKeepTheirTransactionsApart(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		other := dbkit.Open(t, store.Config{DSN: dbkit.SQLite(t)})
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			must(t, create(ctx, db, "mine"))
			must(t, create(ctx, other, "theirs"))
			return errChanged
		})
		if !errors.Is(err, errChanged) {
			t.Fatalf("got %v", err)
		}
		want(t, "mine exists", exists(t, db, "mine"), false)
		want(t, "theirs exists", exists(t, other, "theirs"), true)
	})
}
