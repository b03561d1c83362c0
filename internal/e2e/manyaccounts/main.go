// Command manyaccounts fills a database with accounts, so that tests can see how a list of very many
// behaves. It goes through the store, as registering does, but hashes no password: nobody can sign in
// as one of them. A server may be using the database meanwhile.
//
//	manyaccounts FOLDER COUNT
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/store"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "manyaccounts:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	if len(args) != 2 {
		return fmt.Errorf("usage: manyaccounts FOLDER COUNT")
	}
	count, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(args[0], "posthouse.db"), Shared: true})
	if err != nil {
		return err
	}
	defer func() {
		if closed := db.Close(); err == nil {
			err = closed
		}
	}()
	return fill(ctx, db, count)
}

// fill makes accounts a minute apart, the last one a minute ago, in transactions short enough to let a
// server in between.
func fill(ctx context.Context, db *store.DB, count int) error {
	const together = 5_000
	newest := time.Now().Truncate(time.Millisecond)
	for from := 0; from < count; from += together {
		err := db.InTx(ctx, func(ctx context.Context) error {
			for n := from; n < min(from+together, count); n++ {
				if err := db.Accounts().Create(ctx, person(n, newest.Add(-time.Duration(count-n)*time.Minute)), username(n)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func username(n int) string { return fmt.Sprintf("person.%06d", n) }

func person(n int, at time.Time) account.Account {
	return account.Account{
		ID: id.Account(id.New(id.AccountPrefix, at)), Username: username(n), Phone: fmt.Sprintf("+86139%08d", n),
		Roles: []authz.Role{authz.Member}, CreatedAt: at,
	}
}
