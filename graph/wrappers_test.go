package graph_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
)

// roleSwitch stands before an account store and gives accounts another role, or nothing at all.
type roleSwitch struct {
	role   atomic.Value
	broken atomic.Bool
}

func (s *roleSwitch) to(r authz.Role)  { s.role.Store(r) }
func (s *roleSwitch) fail(broken bool) { s.broken.Store(broken) }

func (s *roleSwitch) wrap(inner account.Store) account.Store { return switched{inner, s} }

type switched struct {
	account.Store
	by *roleSwitch
}

func (s switched) Get(ctx context.Context, owner id.Account) (account.Account, error) {
	if s.by.broken.Load() {
		return account.Account{}, errs.New(errs.Unavailable, "store.unreachable", "The database cannot be reached.")
	}
	a, err := s.Store.Get(ctx, owner)
	if r, ok := s.by.role.Load().(authz.Role); ok {
		a.Roles = []authz.Role{r}
	}
	return a, err
}

// eventually tries until it succeeds: for what the other side does in its own time.
func eventually(t testing.TB, what string, try func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if try() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}
