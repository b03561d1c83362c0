package store_test

import (
	"testing"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/limit"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/overview"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func TestEveryStoreInterfaceIsImplemented(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		var (
			_ account.Store        = db.Accounts()
			_ session.Store        = db.Sessions()
			_ factor.Store         = db.Challenges()
			_ limit.Counter        = db.Limits()
			_ event.Store          = db.Events()
			_ robot.Store          = db.Robots()
			_ broadcast.Store      = db.Broadcasts()
			_ broadcast.Transactor = db
			_ overview.Store       = db.Activity()
			_ login.SetUpStore     = db.Accounts()
		)
		if err := db.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
