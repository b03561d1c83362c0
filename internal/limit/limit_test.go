package limit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/limit"
)

var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// counter counts in memory; its windows end an hour from now.
type counter struct {
	counts map[string]int
	err    error
}

func (c *counter) Hit(_ context.Context, rule, subject string, window time.Duration) (int, time.Time, error) {
	c.counts[rule+subject]++
	return c.counts[rule+subject], now.Add(window), c.err
}

func (c *counter) Peek(_ context.Context, rule, subject string) (int, time.Time, error) {
	return c.counts[rule+subject], now.Add(time.Hour), c.err
}

func (c *counter) Forget(_ context.Context, rule, subject string) error {
	delete(c.counts, rule+subject)
	return c.err
}

var rule = limit.Rule{Name: "r", Max: 2, Window: time.Hour}

func TestTakeRefusesTheUseAfterTheLastAllowed(t *testing.T) {
	t.Parallel()
	c := &counter{counts: map[string]int{}}
	for i := range 2 {
		if err := limit.Take(t.Context(), c, rule, "s", now, limit.ErrLimited); err != nil {
			t.Fatalf("use %d: %v", i+1, err)
		}
	}
	err := limit.Take(t.Context(), c, rule, "s", now, limit.ErrLimited)
	refusal, ok := errors.AsType[*errs.Error](err)
	if !ok || refusal.Reason != "rate.limited" || refusal.RetryAfter != time.Hour {
		t.Fatalf("got %v", err)
	}
	if err := limit.Take(t.Context(), c, rule, "other", now, limit.ErrLimited); err != nil {
		t.Fatalf("another subject: %v", err)
	}
}

func TestCheckDoesNotCount(t *testing.T) {
	t.Parallel()
	c := &counter{counts: map[string]int{"rs": 1}}
	for range 5 {
		if err := limit.Check(t.Context(), c, rule, "s", now, limit.ErrLimited); err != nil {
			t.Fatal(err)
		}
	}
	c.counts["rs"] = 2
	if err := limit.Check(t.Context(), c, rule, "s", now, limit.ErrLimited); !errors.Is(err, limit.ErrLimited) {
		t.Fatalf("at the ceiling: %v", err)
	}
}

func TestWithoutACeilingNothingIsCounted(t *testing.T) {
	t.Parallel()
	c := &counter{counts: map[string]int{}, err: errors.New("must not be asked")}
	none := limit.Rule{Name: "r", Max: -1, Window: time.Hour}
	if err := limit.Take(t.Context(), c, none, "s", now, limit.ErrLimited); err != nil {
		t.Fatal(err)
	}
	if err := limit.Check(t.Context(), c, none, "s", now, limit.ErrLimited); err != nil {
		t.Fatal(err)
	}
}

func TestAFailingCounterIsNotTakenForPermission(t *testing.T) {
	t.Parallel()
	broken := errors.New("store gone")
	c := &counter{counts: map[string]int{}, err: broken}
	if err := limit.Take(t.Context(), c, rule, "s", now, limit.ErrLimited); !errors.Is(err, broken) {
		t.Fatalf("Take gave %v", err)
	}
	if err := limit.Check(t.Context(), c, rule, "s", now, limit.ErrLimited); !errors.Is(err, broken) {
		t.Fatalf("Check gave %v", err)
	}
}
