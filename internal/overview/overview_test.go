package overview_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/overview"
	"github.com/posthouse/posthouse/internal/robot"
)

var (
	start = time.Date(2026, 3, 1, 8, 7, 6, 0, time.UTC)
	admin = authz.Actor{Account: "acct_1", Roles: []authz.Role{authz.Admin}}
)

// fakes answer for the store, the robots and the deliveries.
type fakes struct {
	from, to time.Time
	counts   map[int]overview.Counts
	robots   map[id.Robot]robot.Robot
	failures []broadcast.Delivery
	attempts map[id.Delivery][]broadcast.Attempt
	err      error
}

func (f *fakes) Counts(_ context.Context, from, to time.Time, _ time.Duration) (map[int]overview.Counts, error) {
	f.from, f.to = from, to
	return f.counts, f.err
}

func (f *fakes) Blocked(_ context.Context, now time.Time, _ int) ([]robot.Robot, error) {
	var out []robot.Robot
	for _, r := range f.robots {
		if r.BlockedUntil.After(now) {
			out = append(out, r)
		}
	}
	return out, f.err
}

func (f *fakes) Load(context.Context, []id.Robot) (map[id.Robot]robot.Robot, error) {
	return f.robots, f.err
}

func (f *fakes) FindByName(_ context.Context, name string) (robot.Robot, bool, error) {
	for _, r := range f.robots {
		if r.Name == name {
			return r, true, f.err
		}
	}
	return robot.Robot{}, false, f.err
}

func (f *fakes) LoadFailures(_ context.Context, since time.Time, _ int) ([]broadcast.Delivery, error) {
	var out []broadcast.Delivery
	for _, d := range f.failures {
		if !d.FinishedAt.Before(since) {
			out = append(out, d)
		}
	}
	return out, f.err
}

func (f *fakes) LoadAttempts(context.Context, []id.Delivery) (map[id.Delivery][]broadcast.Attempt, error) {
	return f.attempts, f.err
}

func newService(f *fakes, change func(*overview.Config)) *overview.Service {
	cfg := overview.Config{Store: f, Robots: f, Deliveries: f, Clock: clock.NewFake(start)}
	if change != nil {
		change(&cfg)
	}
	return overview.New(cfg)
}

func TestBucketsFollowOneAnotherWithoutGaps(t *testing.T) {
	t.Parallel()
	f := &fakes{counts: map[int]overview.Counts{1: {Events: 5, SignIns: 2}}}
	got, err := newService(f, nil).Activity(t.Context(), admin, start, start.Add(150*time.Minute), time.Hour)
	if err != nil || len(got) != 3 {
		t.Fatalf("got %+v, %v", got, err)
	}
	begin := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for i, b := range got {
		if !b.At.Equal(begin.Add(time.Duration(i)*time.Hour)) || b.Counts != f.counts[i] {
			t.Errorf("bucket %d is %+v", i, b)
		}
	}
	if !f.from.Equal(begin) || !f.to.Equal(begin.Add(3*time.Hour)) {
		t.Errorf("counted from %s to %s", f.from, f.to)
	}
}

func TestImpossibleStretchesOfTimeAreRefused(t *testing.T) {
	t.Parallel()
	s := newService(&fakes{}, nil)
	far := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		actor    authz.Actor
		from, to time.Time
		step     time.Duration
		want     error
	}{
		"nobody":             {authz.Actor{}, start, start.Add(time.Hour), time.Hour, authz.ErrSignInRequired},
		"a member":           {authz.Actor{Account: "m"}, start, start.Add(time.Hour), time.Hour, authz.ErrForbidden},
		"nothing":            {admin, start, start, time.Hour, overview.ErrRangeInvalid},
		"backwards":          {admin, start, start.Add(-time.Hour), time.Hour, overview.ErrRangeInvalid},
		"as many as allowed": {admin, start.Truncate(time.Hour), start.Truncate(time.Hour).Add(400 * time.Hour), time.Hour, nil},
		"one more":           {admin, start.Truncate(time.Hour), start.Truncate(time.Hour).Add(400*time.Hour + 1), time.Hour, overview.ErrRangeInvalid},
		"for ever":           {admin, time.Unix(0, 0), far, 24 * time.Hour, overview.ErrRangeInvalid},
		"far away":           {admin, far.Add(-time.Hour), far, time.Hour, overview.ErrRangeInvalid},
		"before all time":    {admin, time.Time{}, time.Time{}.Add(time.Hour), time.Hour, overview.ErrRangeInvalid},
	} {
		if _, err := s.Activity(t.Context(), c.actor, c.from, c.to, c.step); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestWhatNeedsAttention(t *testing.T) {
	t.Parallel()
	ops := robot.Robot{ID: "r1", Name: "ops"}
	resting := robot.Robot{ID: "r2", Name: "news", BlockedUntil: start.Add(4 * time.Minute)}
	failed := func(n id.Delivery, of id.Robot, ago time.Duration) broadcast.Delivery {
		return broadcast.Delivery{ID: n, Robot: of, Status: broadcast.Failed, FinishedAt: start.Add(-ago)}
	}
	for name, c := range map[string]struct {
		fakes  fakes
		config overview.Config
		want   []overview.Attention
	}{
		"nothing":           {fakes{}, overview.Config{}, nil},
		"codes, no channel": {fakes{}, overview.Config{WantsOTP: true}, []overview.Attention{{Kind: overview.NoOTPChannel, Count: 1, At: start}}},
		"codes elsewhere":   {fakes{}, overview.Config{WantsOTP: true, OtherChannels: true}, nil},
		"a robot that is not there": {
			fakes{}, overview.Config{WantsOTP: true, GroupRobot: "ops"}, []overview.Attention{{Kind: overview.NoOTPChannel, Count: 1, At: start}},
		},
		"codes in a group": {
			fakes{robots: map[id.Robot]robot.Robot{"r1": ops}}, overview.Config{WantsOTP: true, GroupRobot: "ops"},
			[]overview.Attention{{Kind: overview.OTPInGroup, Robot: &ops, Count: 1, At: start}},
		},
		"a robot at rest": {
			fakes{robots: map[id.Robot]robot.Robot{"r2": resting}}, overview.Config{},
			[]overview.Attention{{Kind: overview.RobotBlocked, Robot: &resting, Count: 1, At: start.Add(-6 * time.Minute)}},
		},
		"failures, by robot, and of none that is gone": {
			fakes{
				robots: map[id.Robot]robot.Robot{"r1": ops},
				failures: []broadcast.Delivery{
					failed("d1", "r1", time.Minute), failed("d2", "gone", time.Hour), failed("d3", "r1", 23*time.Hour), failed("d4", "r1", 25*time.Hour),
				},
				attempts: map[id.Delivery][]broadcast.Attempt{"d1": {{PlatformCode: "-1"}, {PlatformCode: "400102"}}},
			}, overview.Config{},
			[]overview.Attention{{Kind: overview.DeliveryFailed, Robot: &ops, Count: 2, At: start.Add(-time.Minute), Remedy: broadcast.Remedy("400102", broadcast.English)}},
		},
	} {
		s := newService(&c.fakes, func(cfg *overview.Config) {
			cfg.WantsOTP, cfg.GroupRobot, cfg.OtherChannels = c.config.WantsOTP, c.config.GroupRobot, c.config.OtherChannels
		})
		got, err := s.Attention(t.Context(), admin, broadcast.English)
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
			continue
		}
		chinese, err := s.Attention(t.Context(), admin, broadcast.Chinese)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range c.want {
			a := got[i]
			if a.Kind != want.Kind || a.Count != want.Count || !a.At.Equal(want.At) || want.Remedy != "" && a.Remedy != want.Remedy {
				t.Errorf("%s: got %+v, want %+v", name, a, want)
			}
			if want.Robot != nil && (a.Robot == nil || a.Robot.ID != want.Robot.ID || !strings.Contains(a.Message, want.Robot.Name)) {
				t.Errorf("%s: is about %+v: %s", name, a.Robot, a.Message)
			}
			if a.Message == "" || chinese[i].Message == a.Message || strings.Contains(a.Message+chinese[i].Message, "%!") {
				t.Errorf("%s: says %q and %q", name, a.Message, chinese[i].Message)
			}
		}
	}
}

func TestAttentionSaysThatItMayHaveCountedTooFewFailures(t *testing.T) {
	t.Parallel()
	for failures, want := range map[int]string{999: "999.", 1000: "1000+."} {
		f := fakes{robots: map[id.Robot]robot.Robot{"r1": {ID: "r1", Name: "ops"}}}
		for range failures {
			f.failures = append(f.failures, broadcast.Delivery{ID: "d", Robot: "r1", Status: broadcast.Failed, FinishedAt: start})
		}
		got, err := newService(&f, nil).Attention(t.Context(), admin, broadcast.English)
		if err != nil || len(got) != 1 || !strings.HasSuffix(got[0].Message, want) {
			t.Errorf("%d: got %+v, %v", failures, got, err)
		}
	}
}

func TestAttentionIsForAdministratorsAndFailsWithItsSources(t *testing.T) {
	t.Parallel()
	if _, err := newService(&fakes{}, nil).Attention(t.Context(), authz.Actor{Account: "m"}, broadcast.English); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("a member: %v", err)
	}
	broken := errors.New("disk")
	if _, err := newService(&fakes{err: broken}, nil).Attention(t.Context(), admin, broadcast.English); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := newService(&fakes{err: broken}, nil).Activity(t.Context(), admin, start, start.Add(time.Hour), time.Hour); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
