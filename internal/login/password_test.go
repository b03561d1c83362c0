package login_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/limit"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/session"
)

func onlyPassword(c *login.Config) { c.Factors = []login.FactorName{login.Password} }

func TestPasswordAndCodeSignIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	registered := f.register(t, 1)
	otp := f.code(t, "alice1")
	got, err := f.login(t, "ALICE1", password, otp)
	if err != nil || got.Account.ID != registered.Account.ID || got.Account.PasswordHash != "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := f.sessions.Authenticate(t.Context(), session.Credentials{Bearer: got.Grant.AccessToken}, "", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.login(t, "ALICE1", password, otp); !errors.Is(err, factor.ErrExpired) {
		t.Fatalf("the same code again: %v", err)
	}
}

func TestAMissingFactorIsNamed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.register(t, 1)
	_, err := f.login(t, "alice1", password, nil)
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || !errors.Is(err, login.ErrFactorRequired) || !slices.Equal(e.Factors, []string{"OTP"}) {
		t.Fatalf("got %v", err)
	}
	f = newFixture(t, onlyPassword)
	f.register(t, 1)
	if _, err := f.login(t, "alice1", password, nil); err != nil {
		t.Fatalf("where a password suffices: %v", err)
	}
}

func TestAWrongPasswordDoesNotTouchTheCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.register(t, 1)
	otp := f.code(t, "alice1")
	for range 8 {
		if _, err := f.login(t, "alice1", "wrong horse", otp); !errors.Is(err, login.ErrInvalidCredentials) {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := f.login(t, "alice1", password, otp); err != nil {
		t.Fatalf("got %v", err)
	}
}

func TestAnothersCodeIsOfNoUse(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.register(t, 1)
	f.register(t, 2)
	if _, err := f.login(t, "alice1", password, f.code(t, "alice2")); !errors.Is(err, factor.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	if _, err := f.login(t, "alice1", password, f.code(t, "nobody")); !errors.Is(err, factor.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
}

// refusal is all that someone outside can see of a failed sign-in, and all the work that went into it.
func (f fixture) refusal(t *testing.T, in login.LoginInput) (string, map[string]int, int32) {
	t.Helper()
	f.db.TakeCalls()
	before := f.hashes.n.Load()
	_, err := f.Login(t.Context(), someone, in)
	e, ok := errors.AsType[*errs.Error](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	return fmt.Sprint(e.Code, e.Reason, e.Message, e.Fields, e.Factors, e.RetryAfter), f.db.TakeCalls(), f.hashes.n.Load() - before
}

func TestNobodyLearnsWhoExists(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *login.Config) { c.Ceilings.FailuresPerAccount = 3 })
	f.register(t, 1)
	f.db.Suspend(f.register(t, 2).Account.ID, start)
	if _, err := f.WechatLogin(t.Context(), someone, login.WechatLoginInput{Code: "openid", AppID: "wx1"}); err != nil {
		t.Fatal(err)
	}
	otp := &login.OTPInput{Challenge: "otpc_01arz3ndektsv4rrffq69g5fav", Code: "123456"}
	// Three wrong passwords, then the limit: each step must look and cost the same for everyone.
	for step := range 5 {
		answer, calls, hashes := f.refusal(t, login.LoginInput{Username: "alice1", Password: "wrong horse", OTP: otp})
		if step < 3 != strings.Contains(answer, "login.invalid_credentials") {
			t.Fatalf("step %d: %s", step, answer)
		}
		for name, in := range map[string]login.LoginInput{
			"unknown":         {Username: "nobody", Password: "wrong horse", OTP: otp},
			"suspended":       {Username: "alice2", Password: "wrong horse", OTP: otp},
			"impossible":      {Username: "no\x00body😀", Password: "wrong horse", OTP: otp},
			"a megabyte":      {Username: strings.Repeat("x", 1<<20), Password: strings.Repeat("x", 1<<20), OTP: otp},
			"empty":           {Username: "", Password: "", OTP: nil},
			"without a code":  {Username: "someone", Password: "wrong horse"},
			"invalid UTF-8":   {Username: "\xff\xfe", Password: "\xff\xfe"},
			"a known phone":   {Username: "13800000001", Password: password},
			"the right words": {Username: "alice3", Password: password, OTP: otp},
		} {
			a, c, h := f.refusal(t, in)
			if a != answer {
				t.Errorf("step %d, %s: answers %s, for a known username %s", step, name, a, answer)
			}
			if !maps.Equal(c, calls) {
				t.Errorf("step %d, %s: asks the store %v, for a known username %v", step, name, c, calls)
			}
			if h != hashes {
				t.Errorf("step %d, %s: %d hashes, for a known username %d", step, name, h, hashes)
			}
		}
	}
}

func TestTooManyWrongPasswordsShutAnAccountForAWhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t, onlyPassword)
	f.register(t, 1)
	for _, name := range []string{"alice1", "ALICE1", "ａlice1", "alice1", "alice1"} {
		for range 2 {
			if _, err := f.login(t, name, "wrong horse", nil); !errors.Is(err, login.ErrInvalidCredentials) {
				t.Fatalf("got %v", err)
			}
		}
	}
	f.clk.Advance(5 * time.Minute)
	hashes := f.hashes.n.Load()
	_, err := f.login(t, "alice1", password, nil)
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || !errors.Is(err, limit.ErrLimited) || e.RetryAfter != 10*time.Minute {
		t.Fatalf("the eleventh, with the right password: %v", err)
	}
	if f.hashes.n.Load() != hashes {
		t.Fatal("a refused password was hashed")
	}
	f.clk.Advance(10 * time.Minute)
	if _, err := f.login(t, "alice1", password, nil); err != nil {
		t.Fatalf("fifteen minutes after the first: %v", err)
	}
}

func TestARightPasswordClosesTheCount(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.register(t, 1)
	for range 3 {
		for range 9 {
			if _, err := f.login(t, "alice1", "wrong horse", nil); !errors.Is(err, login.ErrInvalidCredentials) {
				t.Fatalf("got %v", err)
			}
		}
		if _, err := f.login(t, "alice1", password, nil); !errors.Is(err, login.ErrFactorRequired) {
			t.Fatalf("got %v", err)
		}
	}
}

func TestTryingManyPasswordsAtOnceGainsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, onlyPassword)
	f.register(t, 1)
	before := f.hashes.n.Load()
	var limited atomic.Int32
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			_, err := f.login(t, "alice1", "wrong horse", nil)
			if errors.Is(err, limit.ErrLimited) {
				limited.Add(1)
			} else if !errors.Is(err, login.ErrInvalidCredentials) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if n := f.hashes.n.Load() - before; n != 10 || limited.Load() != 30 {
		t.Fatalf("%d passwords were looked at, %d refused", n, limited.Load())
	}
}

func TestWrongPasswordsAreLimitedPerNetworkAndRightOnesAreNot(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *login.Config) { onlyPassword(c); c.Ceilings.FailuresPerAddress = 3 })
	f.register(t, 1)
	for range 5 {
		if _, err := f.login(t, "alice1", password, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		if _, err := f.login(t, fmt.Sprint("nobody", i), "wrong horse", nil); !errors.Is(err, login.ErrInvalidCredentials) {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := f.login(t, "alice1", password, nil); !errors.Is(err, limit.ErrLimited) {
		t.Fatalf("from the same network: %v", err)
	}
	if _, err := f.Login(t.Context(), authz.Actor{Address: "203.0.113.8"}, login.LoginInput{Username: "alice1", Password: password}); err != nil {
		t.Fatalf("from another: %v", err)
	}
}

func TestASuspendedAccountIsToldSoAfterItsPassword(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.db.Suspend(f.register(t, 1).Account.ID, start)
	if _, err := f.login(t, "alice1", password, nil); !errors.Is(err, account.ErrSuspended) {
		t.Fatalf("got %v", err)
	}
}

func TestAnOutdatedHashIsMadeAnewAtSignIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, onlyPassword)
	f.register(t, 1)
	dearer, err := account.NewHasher(account.HasherConfig{MemoryKiB: account.MinMemoryKiB, Time: 2})
	if err != nil {
		t.Fatal(err)
	}
	f.hashes.Passwords = dearer
	for _, want := range []int32{2, 1} {
		before := f.hashes.n.Load()
		if _, err := f.login(t, "alice1", password, nil); err != nil {
			t.Fatal(err)
		}
		if n := f.hashes.n.Load() - before; n != want {
			t.Fatalf("%d hashes, want %d", n, want)
		}
	}
	a, _, err := f.accounts.FindByUsername(t.Context(), "alice1")
	if err != nil || !strings.HasPrefix(a.PasswordHash, "$argon2id$v=19$m=8192,t=2,") {
		t.Fatalf("stored %s, %v", a.PasswordHash, err)
	}
}

func TestOfManySignInsWithOneCodeOneSucceeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.register(t, 1)
	otp := f.code(t, "alice1")
	var succeeded atomic.Int32
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			_, err := f.login(t, "alice1", password, otp)
			if err == nil {
				succeeded.Add(1)
			} else if !errors.Is(err, factor.ErrExpired) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if succeeded.Load() != 1 {
		t.Fatalf("%d succeeded", succeeded.Load())
	}
}

func TestFactorsThatCannotBeAskedForAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		factors []login.FactorName
		ok      bool
	}{
		"default":      {nil, true},
		"both":         {[]login.FactorName{login.Password, login.OTP}, true},
		"password":     {[]login.FactorName{login.Password}, true},
		"only a code":  {[]login.FactorName{login.OTP}, false},
		"code first":   {[]login.FactorName{login.OTP, login.Password}, false},
		"unknown":      {[]login.FactorName{login.Password, "PIGEON"}, false},
		"listed twice": {[]login.FactorName{login.Password, login.Password}, false},
	} {
		if err := login.CheckFactors(c.factors); (err == nil) != c.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
