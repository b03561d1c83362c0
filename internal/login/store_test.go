package login_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/limit"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

// The races below are decided by the database, so they are run on the real ones, between processes
// that share nothing else: no lock, no memory, no bus.
func eachStore(t *testing.T, change func(*login.Config), fn func(t *testing.T, nodes []fixture)) {
	dbkit.EachClock(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		key := secret.NewKey()
		var nodes []fixture
		for range 3 {
			p := parts{db, db.Accounts(), db.Sessions(), db.Challenges(), db.Limits()}
			nodes = append(nodes, assemble(t, clk, key, p, change))
		}
		fn(t, nodes)
	})
}

// race calls fn eight times on every node at once and gives how often it succeeded. Failures must be
// one of those expected.
func race(t *testing.T, nodes []fixture, fn func(f fixture, i int) error, expected ...error) int {
	t.Helper()
	var succeeded atomic.Int32
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range 8 * len(nodes) {
		wg.Go(func() {
			<-gate
			err := fn(nodes[i%len(nodes)], i)
			if err == nil {
				succeeded.Add(1)
				return
			}
			for _, e := range expected {
				if errors.Is(err, e) {
					return
				}
			}
			t.Errorf("got %v", err)
		})
	}
	close(gate)
	wg.Wait()
	return int(succeeded.Load())
}

func TestTheJourneyOnARealStore(t *testing.T) {
	t.Parallel()
	eachStore(t, nil, func(t *testing.T, nodes []fixture) {
		f, other := nodes[0], nodes[1]
		registered := f.register(t, 1)
		if _, err := other.Register(t.Context(), someone, input(1)); !errors.Is(err, account.ErrUsernameTaken) {
			t.Fatalf("the name again: %v", err)
		}
		in := input(1)
		in.Username = "bob"
		if _, err := other.Register(t.Context(), someone, in); !errors.Is(err, account.ErrPhoneTaken) {
			t.Fatalf("the phone again: %v", err)
		}
		otp := f.code(t, "ALICE1")
		if _, err := f.RequestOtp(t.Context(), someone, factor.RequestInput{Username: "alice1"}); !errors.Is(err, factor.ErrCooldown) {
			t.Fatalf("at once again: %v", err)
		}
		signedIn, err := other.login(t, "alice1", password, otp)
		if err != nil || signedIn.Account.ID != registered.Account.ID || !signedIn.Account.CreatedAt.Equal(registered.Account.CreatedAt) {
			t.Fatalf("got %+v, %v", signedIn, err)
		}
		if _, err := f.sessions.Authenticate(t.Context(), session.Credentials{Bearer: signedIn.Grant.AccessToken}, "", ""); err != nil {
			t.Fatal(err)
		}
		next, err := f.sessions.Refresh(t.Context(), someone, session.RefreshInput{Token: signedIn.Grant.RefreshToken})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.sessions.Refresh(t.Context(), someone, session.RefreshInput{Token: signedIn.Grant.RefreshToken}); !errors.Is(err, session.ErrReused) {
			t.Fatalf("reuse: %v", err)
		}
		if _, err := f.sessions.Refresh(t.Context(), someone, session.RefreshInput{Token: next.RefreshToken}); !errors.Is(err, session.ErrExpired) {
			t.Fatalf("the ending was not committed: %v", err)
		}
		wx := f.mustWx(t, "wx1", "openid-a/union")
		f.clk.Advance(119 * time.Minute)
		if _, err := other.sessions.Authenticate(t.Context(), session.Credentials{Skey: wx.Grant.Skey}, "", ""); err != nil {
			t.Fatal(err)
		}
		if got := other.mustWx(t, "wx2", "openid-b/union"); got.Account.ID != wx.Account.ID {
			t.Fatal("one unionid became two accounts")
		}
	})
}

func TestRegistrationRacesAreDecidedByTheDatabase(t *testing.T) {
	t.Parallel()
	eachStore(t, nil, func(t *testing.T, nodes []fixture) {
		made := race(t, nodes, func(f fixture, i int) error {
			in := input(i)
			in.Username = "alice"
			_, err := f.Register(t.Context(), someone, in)
			return err
		}, account.ErrUsernameTaken)
		if made != 1 {
			t.Fatalf("%d registered one name", made)
		}
		made = race(t, nodes, func(f fixture, i int) error {
			in := input(0)
			in.Username, in.Phone = fmt.Sprintf("user%d", i), "13900000000"
			_, err := f.Register(t.Context(), someone, in)
			return err
		}, account.ErrPhoneTaken)
		if made != 1 {
			t.Fatalf("%d registered one phone", made)
		}
	})
}

func TestFirstSightRacesAreDecidedByTheDatabase(t *testing.T) {
	t.Parallel()
	eachStore(t, nil, func(t *testing.T, nodes []fixture) {
		var created atomic.Int32
		var owners sync.Map
		n := race(t, nodes, func(f fixture, i int) error {
			got, err := f.WechatLogin(t.Context(), someone, login.WechatLoginInput{AppID: "wx1", Code: fmt.Sprintf("openid-a#%d", i)})
			if err == nil && got.Created {
				created.Add(1)
			}
			if err == nil {
				owners.Store(got.Account.ID, true)
			}
			return err
		})
		var seen []id.Account
		owners.Range(func(key, _ any) bool { seen = append(seen, key.(id.Account)); return true })
		if n != 24 || created.Load() != 1 || len(seen) != 1 {
			t.Fatalf("%d signed in, %d made it, accounts %v", n, created.Load(), seen)
		}
		all, err := nodes[0].accounts.Identities(t.Context(), authz.System(), seen[0])
		if err != nil || len(all) != 1 {
			t.Fatalf("identities %v, %v", all, err)
		}
	})
}

func TestRefreshAndCodeRacesAreDecidedByTheDatabase(t *testing.T) {
	t.Parallel()
	eachStore(t, func(c *login.Config) { c.Ceilings.FailuresPerAccount = -1 }, func(t *testing.T, nodes []fixture) {
		g := nodes[0].register(t, 1).Grant
		n := race(t, nodes, func(f fixture, _ int) error {
			_, err := f.sessions.Refresh(t.Context(), someone, session.RefreshInput{Token: g.RefreshToken})
			return err
		}, session.ErrReused)
		if n != 1 {
			t.Fatalf("%d refreshed with one token", n)
		}
		if alive, err := nodes[2].sessions.Alive(t.Context(), g.Session.ID); alive || err != nil {
			t.Fatalf("the session must be over: %v, %v", alive, err)
		}
		otp := nodes[0].code(t, "alice1")
		n = race(t, nodes, func(f fixture, _ int) error {
			_, err := f.login(t, "alice1", password, otp)
			return err
		}, factor.ErrExpired, factor.ErrTooManyTries)
		if n != 1 {
			t.Fatalf("%d signed in with one code", n)
		}
		nodes[0].clk.Advance(time.Minute)
		n = race(t, nodes, func(f fixture, _ int) error {
			_, err := f.RequestOtp(t.Context(), someone, factor.RequestInput{Username: "alice1"})
			return err
		}, factor.ErrCooldown)
		if n != 1 {
			t.Fatalf("%d codes were issued at once", n)
		}
	})
}

func TestPasswordTriesAreCountedByTheDatabase(t *testing.T) {
	t.Parallel()
	eachStore(t, onlyPassword, func(t *testing.T, nodes []fixture) {
		nodes[0].register(t, 1)
		var looked atomic.Int32
		race(t, nodes, func(f fixture, _ int) error {
			_, err := f.login(t, "alice1", "wrong horse", nil)
			if errors.Is(err, login.ErrInvalidCredentials) {
				looked.Add(1)
			}
			return err
		}, login.ErrInvalidCredentials, limit.ErrLimited)
		if looked.Load() != 10 {
			t.Fatalf("%d passwords were looked at", looked.Load())
		}
	})
}
