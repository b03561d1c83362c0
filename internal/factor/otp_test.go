package factor_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/inmem"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/testkit/memstore"
)

var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// chat is a channel that keeps what it was given.
type chat struct {
	name factor.ChannelName
	mu   sync.Mutex
	got  []factor.Message
	err  error
	shut error // why it cannot deliver at all
}

func (c *chat) Name() factor.ChannelName { return c.name }

func (c *chat) Ready(context.Context) error { return c.shut }

func (c *chat) Deliver(_ context.Context, m factor.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, m)
	return c.err
}

func (c *chat) last(t *testing.T) factor.Message {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.got) == 0 {
		t.Fatal("nothing was delivered")
	}
	return c.got[len(c.got)-1]
}

type fixture struct {
	*factor.OTP
	db    *memstore.DB
	clk   *clock.Fake
	group *chat
	alice account.Account
}

func newFixture(t *testing.T, change func(*factor.OTPConfig)) fixture {
	t.Helper()
	f := fixture{clk: clock.NewFake(start), group: &chat{name: factor.DingtalkGroup}}
	f.db = memstore.New(f.clk)
	ring, err := secret.NewRing(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	cfg := factor.OTPConfig{
		Store: f.db.Challenges(), Tx: f.db, Ring: ring, Clock: f.clk, Limits: f.db.Limits(),
		Accounts: account.New(account.Config{Store: f.db.Accounts(), Clock: f.clk, Memo: inmem.NewMemo(f.clk, 10), Bus: inmem.NewBus()}),
		Channels: []factor.Channel{f.group},
	}
	if change != nil {
		change(&cfg)
	}
	f.OTP = factor.New(cfg)
	f.alice = f.account(t, "alice", "+8613800000001")
	return f
}

func (f fixture) account(t *testing.T, folded, phone string) account.Account {
	t.Helper()
	a := account.Account{ID: id.Account(id.New(id.AccountPrefix, start)), Username: folded, Phone: phone, PasswordHash: "hash", CreatedAt: start}
	if err := f.db.Accounts().Create(t.Context(), a, folded); err != nil {
		t.Fatal(err)
	}
	return a
}

func (f fixture) request(t *testing.T, username string) (factor.Issued, error) {
	t.Helper()
	return f.Request(t.Context(), authz.Actor{Address: "203.0.113.7"}, factor.RequestInput{Username: username})
}

// issued asks for a code for alice and gives it with its challenge.
func (f fixture) issued(t *testing.T) (id.Challenge, string) {
	t.Helper()
	got, err := f.request(t, "Alice")
	if err != nil {
		t.Fatal(err)
	}
	return got.ID, f.group.last(t).Code
}

func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestACodeIsIssuedDeliveredAndAcceptedOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	got, err := f.request(t, "ALICE")
	if err != nil {
		t.Fatal(err)
	}
	want := factor.Issued{ID: got.ID, Channel: factor.DingtalkGroup, Destination: "+86138****0001", ExpiresAt: start.Add(5 * time.Minute), ResendAt: start.Add(time.Minute)}
	if got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	m := f.group.last(t)
	if m.Challenge != got.ID || m.Account == nil || m.Account.ID != f.alice.ID || m.Account.PasswordHash != "" || !m.ExpiresAt.Equal(got.ExpiresAt) || !regexp.MustCompile(`^\d{6}$`).MatchString(m.Code) {
		t.Fatalf("delivered %+v", m)
	}
	if stored := f.db.Challenges().Stored(got.ID); strings.Contains(stored.CodeHash, m.Code) || stored.Account != f.alice.ID {
		t.Fatalf("stored %+v", stored)
	}
	if err := f.Verify(t.Context(), authz.Actor{}, f.alice, got.ID, " "+m.Code+"\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Verify(t.Context(), authz.Actor{}, f.alice, got.ID, m.Code); !errors.Is(err, factor.ErrExpired) {
		t.Fatalf("a used code: %v", err)
	}
}

func TestCodesAreRefusedForAReason(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	bob := f.account(t, "bob", "+8613800000002")
	challenge, code := f.issued(t)
	f.clk.Advance(5*time.Minute - time.Millisecond)
	for name, c := range map[string]struct {
		who       account.Account
		challenge id.Challenge
		code      string
		want      error
	}{
		"another's challenge": {bob, challenge, code, factor.ErrInvalid},
		"nobody's account":    {account.Account{}, challenge, code, factor.ErrInvalid},
		"unknown challenge":   {f.alice, "otpc_01arz3ndektsv4rrffq69g5fav", code, factor.ErrInvalid},
		"no challenge":        {f.alice, "", code, factor.ErrInvalid},
		"a megabyte":          {f.alice, id.Challenge(strings.Repeat("x", 1<<20)), code, factor.ErrInvalid},
		"a long code":         {f.alice, challenge, strings.Repeat("1", 1<<20), factor.ErrInvalid},
	} {
		if err := f.Verify(t.Context(), authz.Actor{}, c.who, c.challenge, c.code); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	f.clk.Advance(time.Millisecond)
	if err := f.Verify(t.Context(), authz.Actor{}, f.alice, challenge, code); !errors.Is(err, factor.ErrExpired) {
		t.Errorf("after five minutes: %v", err)
	}
}

func TestFiveTriesAndNoMore(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	challenge, code := f.issued(t)
	for range 4 {
		if err := f.Verify(t.Context(), authz.Actor{}, f.alice, challenge, wrong(code)); !errors.Is(err, factor.ErrInvalid) {
			t.Fatalf("got %v", err)
		}
	}
	second := newFixture(t, nil)
	if c, code := second.issued(t); second.Verify(t.Context(), authz.Actor{}, second.alice, c, code) != nil {
		t.Fatal("another challenge must not suffer")
	}
	if err := f.Verify(t.Context(), authz.Actor{}, f.alice, challenge, wrong(code)); !errors.Is(err, factor.ErrInvalid) {
		t.Fatalf("the fifth: %v", err)
	}
	if err := f.Verify(t.Context(), authz.Actor{}, f.alice, challenge, code); !errors.Is(err, factor.ErrTooManyTries) {
		t.Fatalf("the sixth, with the right code: %v", err)
	}
}

func TestTryingManyCodesAtOnceGainsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	challenge, code := f.issued(t)
	var compared, refused atomic.Int32
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			switch err := f.Verify(t.Context(), authz.Actor{}, f.alice, challenge, wrong(code)); {
			case errors.Is(err, factor.ErrInvalid):
				compared.Add(1)
			case errors.Is(err, factor.ErrTooManyTries):
				refused.Add(1)
			default:
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if compared.Load() != 5 || refused.Load() != 35 {
		t.Fatalf("%d compared, %d refused", compared.Load(), refused.Load())
	}
}

func TestOfManyWithTheRightCodeOneIsAccepted(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *factor.OTPConfig) { c.Tries = 100 })
	challenge, code := f.issued(t)
	var accepted atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			err := f.Verify(t.Context(), authz.Actor{}, f.alice, challenge, code)
			if err == nil {
				accepted.Add(1)
			} else if !errors.Is(err, factor.ErrExpired) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if accepted.Load() != 1 {
		t.Fatalf("%d accepted", accepted.Load())
	}
}

func TestEachChallengeStandsOnItsOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	first, firstCode := f.issued(t)
	f.clk.Advance(time.Minute)
	second, secondCode := f.issued(t)
	if firstCode != secondCode {
		if err := f.Verify(t.Context(), authz.Actor{}, f.alice, second, firstCode); !errors.Is(err, factor.ErrInvalid) {
			t.Fatalf("one's code for the other: %v", err)
		}
	}
	if err := f.Verify(t.Context(), authz.Actor{}, f.alice, first, firstCode); err != nil {
		t.Fatalf("the earlier: %v", err)
	}
	if err := f.Verify(t.Context(), authz.Actor{}, f.alice, second, secondCode); err != nil {
		t.Fatalf("the later: %v", err)
	}
}

func TestAskingTooEarlyUsesNothingUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *factor.OTPConfig) { c.Ceilings.PerAccount = 2 })
	f.issued(t)
	f.clk.Advance(20 * time.Second)
	for _, name := range []string{"alice", "ALICE", "ａｌｉｃｅ"} {
		_, err := f.request(t, name)
		e, ok := errors.AsType[*errs.Error](err)
		if !ok || !errors.Is(err, factor.ErrCooldown) || e.RetryAfter != 40*time.Second {
			t.Fatalf("%s: got %v", name, err)
		}
	}
	if len(f.group.got) != 1 {
		t.Fatal("something was delivered")
	}
	f.clk.Advance(40 * time.Second)
	f.issued(t)
	f.clk.Advance(time.Minute)
	_, err := f.request(t, "alice")
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || !errors.Is(err, factor.ErrLimit) || e.RetryAfter != 58*time.Minute {
		t.Fatalf("the third within the hour: %v", err)
	}
	f.clk.Advance(58 * time.Minute)
	f.issued(t)
}

func TestEveryCeilingHolds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ceilings factor.Ceilings
		// the n-th request is refused when they come a minute apart, or an hour apart.
		minutely, hourly int
	}{
		"defaults":         {factor.Ceilings{}, 11, 21},
		"account":          {factor.Ceilings{PerAccount: 3}, 4, 21},
		"destination":      {factor.Ceilings{PerDestination: 4}, 5, 21},
		"destination, day": {factor.Ceilings{PerDestinationDaily: 6}, 7, 7},
		"address":          {factor.Ceilings{PerAddress: 2}, 3, 21},
		"none":             {factor.Ceilings{PerAccount: -1, PerDestination: -1, PerDestinationDaily: -1, PerAddress: -1}, 0, 0},
	} {
		for _, who := range []string{"alice", "nobody", "no such name"} {
			for step, want := range map[time.Duration]int{time.Minute: c.minutely, time.Hour: c.hourly} {
				f := newFixture(t, func(cfg *factor.OTPConfig) { cfg.Ceilings = c.ceilings })
				refused := 0
				for n := 1; n <= 23 && refused == 0; n++ {
					_, err := f.request(t, who)
					if errors.Is(err, factor.ErrLimit) {
						refused = n
					} else if err != nil {
						t.Fatalf("%s, %s: %v", name, who, err)
					}
					f.clk.Advance(step)
				}
				if refused != want {
					t.Errorf("%s, %s, every %s: request %d is refused, want %d", name, who, step, refused, want)
				}
			}
		}
	}
}

func TestTheAddressCeilingSpansUsernames(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *factor.OTPConfig) { c.Ceilings.PerAddress = 2 })
	for i, name := range []string{"alice", "nobody", "somebody"} {
		if _, err := f.request(t, name); errors.Is(err, factor.ErrLimit) != (i == 2) {
			t.Fatalf("%s: got %v", name, err)
		}
	}
	if _, err := f.Request(t.Context(), authz.Actor{Address: "203.0.113.8"}, factor.RequestInput{Username: "somebody"}); err != nil {
		t.Fatalf("from elsewhere: %v", err)
	}
	if _, err := f.Request(t.Context(), authz.System(), factor.RequestInput{Username: "someone.else"}); err != nil {
		t.Fatalf("the system: %v", err)
	}
}

func TestUnknownUsernamesGetTheSameAnswerForTheSameWork(t *testing.T) {
	t.Parallel()
	work := func(prepare func(fixture) string) (map[string]int, factor.Issued, factor.Message) {
		f := newFixture(t, nil)
		name := prepare(f)
		f.db.TakeCalls()
		got, err := f.request(t, name)
		if err != nil {
			t.Fatal(err)
		}
		return f.db.TakeCalls(), got, f.group.last(t)
	}
	known, answer, _ := work(func(fixture) string { return "alice" })
	for name, prepare := range map[string]func(fixture) string{
		"unknown":    func(fixture) string { return "nobody" },
		"impossible": func(fixture) string { return "no\x00body\xff" },
		"a megabyte": func(fixture) string { return strings.Repeat("x", 1<<20) },
		"no phone":   func(f fixture) string { f.account(t, "bare", ""); return "bare" },
		"suspended":  func(f fixture) string { f.db.Suspend(f.alice.ID, start); return "alice" },
	} {
		calls, got, delivered := work(prepare)
		if len(calls) != len(known) {
			t.Errorf("%s: the store was asked %v, for a known one %v", name, calls, known)
		}
		for method, n := range known {
			if calls[method] != n {
				t.Errorf("%s: %s called %d times, for a known one %d", name, method, calls[method], n)
			}
		}
		if !regexp.MustCompile(`^\+861\d\d\*{4}\d{4}$`).MatchString(got.Destination) || len(got.ID) != len(answer.ID) ||
			got.Channel != answer.Channel || got.ExpiresAt != answer.ExpiresAt || got.ResendAt != answer.ResendAt {
			t.Errorf("%s: got %+v, a known one %+v", name, got, answer)
		}
		if delivered.Account != nil || delivered.Challenge != got.ID {
			t.Errorf("%s: delivered %+v", name, delivered)
		}
	}
}

func TestNoCodeOpensAChallengeOfNobody(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	got, err := f.request(t, "nobody")
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []account.Account{f.alice, {}} {
		if err := f.Verify(t.Context(), authz.Actor{}, who, got.ID, f.group.last(t).Code); !errors.Is(err, factor.ErrInvalid) {
			t.Fatalf("got %v", err)
		}
	}
}

func TestADecoyDestinationStaysTheSameAlsoWhenAKeyIsAdded(t *testing.T) {
	t.Parallel()
	old := secret.NewKey()
	destination := func(username string, keys ...[]byte) string {
		ring, err := secret.NewRing(keys...)
		if err != nil {
			t.Fatal(err)
		}
		f := newFixture(t, func(c *factor.OTPConfig) { c.Ring = ring })
		got, err := f.request(t, username)
		if err != nil {
			t.Fatal(err)
		}
		return got.Destination
	}
	first := destination("nobody", old)
	if again := destination("NOBODY", old); again != first {
		t.Fatalf("%s, then %s", first, again)
	}
	if rotated := destination("nobody", secret.NewKey(), old); rotated != first {
		t.Fatalf("%s, with a new key %s", first, rotated)
	}
	seen := map[string]bool{}
	for _, name := range []string{"nobody", "somebody", "anybody", "everybody"} {
		seen[destination(name, old)] = true
	}
	if len(seen) < 3 {
		t.Fatalf("four people have %d phones", len(seen))
	}
}

func TestTheChannelIsTheOneAskedForOrTheBest(t *testing.T) {
	t.Parallel()
	private := &chat{name: factor.DingtalkPrivate}
	for _, c := range []struct {
		channels []factor.ChannelName
		ask      factor.ChannelName
		want     factor.ChannelName
	}{
		{[]factor.ChannelName{factor.DingtalkPrivate, factor.DingtalkGroup}, "", factor.DingtalkPrivate},
		{[]factor.ChannelName{factor.DingtalkPrivate, factor.DingtalkGroup}, factor.DingtalkGroup, factor.DingtalkGroup},
		{[]factor.ChannelName{factor.DingtalkGroup}, factor.DingtalkPrivate, ""},
		{nil, "", ""},
	} {
		f := newFixture(t, func(cfg *factor.OTPConfig) {
			group := cfg.Channels[0]
			cfg.Channels = nil
			for _, name := range c.channels {
				if name == factor.DingtalkPrivate {
					cfg.Channels = append(cfg.Channels, private)
				} else {
					cfg.Channels = append(cfg.Channels, group)
				}
			}
		})
		for _, who := range []string{"alice", "nobody"} {
			got, err := f.Request(t.Context(), authz.Actor{}, factor.RequestInput{Username: who, Channel: c.ask})
			if got.Channel != c.want || (c.want == "") != errors.Is(err, factor.ErrNoChannel) {
				t.Errorf("%v, asked for %q: got %q, %v", c.channels, c.ask, got.Channel, err)
			}
		}
	}
}

func TestAChannelThatCannotDeliverUsesNothingUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.group.shut = factor.ErrNoChannel
	for _, who := range []string{"alice", "alice", "nobody"} {
		if _, err := f.request(t, who); !errors.Is(err, factor.ErrNoChannel) {
			t.Fatalf("%s: got %v, not the cool-down of a code that was never sent", who, err)
		}
	}
	f.group.shut = nil
	if _, err := f.request(t, "alice"); err != nil {
		t.Fatalf("once it can deliver: %v", err)
	}
}

func TestWhatCannotBeDeliveredIsNotIssued(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	f.group.err = errors.New("disk full")
	if _, err := f.request(t, "alice"); !errors.Is(err, f.group.err) {
		t.Fatalf("got %v", err)
	}
	if c := f.db.Challenges().Stored(f.group.last(t).Challenge); c.ID != "" {
		t.Fatalf("stored %+v", c)
	}
}

func TestPastChallengesAreSweptEveryHour(t *testing.T) {
	t.Parallel()
	f := newFixture(t, nil)
	challenge, _ := f.issued(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	for range 25 {
		f.clk.AwaitTimers(1)
		if c := f.db.Challenges().Stored(challenge); c.ID == "" {
			t.Fatal("swept too early")
		}
		f.clk.Advance(time.Hour)
	}
	f.clk.AwaitTimers(1)
	cancel()
	wg.Wait()
	if c := f.db.Challenges().Stored(challenge); c.ID != "" {
		t.Fatalf("still there: %+v", c)
	}
}
