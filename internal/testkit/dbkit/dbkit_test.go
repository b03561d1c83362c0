package dbkit_test

import (
	"testing"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for range 2 {
		t.Run("one of two", func(t *testing.T) {
			t.Parallel()
			dbkit.EachClock(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
				// A second one in the same database would be refused.
				if err := db.Accounts().Create(t.Context(), account.Account{ID: "acct_1", CreatedAt: clk.Now()}, "li"); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}
