// Package limit counts uses against a ceiling per window: how many codes a number may be sent in an
// hour, how often a password may be wrong. Counting is a port, so that limits hold across restarts
// and processes.
package limit

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
)

// Rule is a ceiling: at most Max uses per subject in each Window. A window opens with the first use.
// Max 0 means no limit.
type Rule struct {
	Name   string
	Max    int
	Window time.Duration
}

// Counter counts uses durably. Safe for concurrent use.
type Counter interface {
	// Hit counts one use and gives the count in the current window, this one included, and when the
	// window ends.
	Hit(ctx context.Context, rule, subject string, window time.Duration) (count int, ends time.Time, err error)
	// Peek gives the count without using, zero when no window is open.
	Peek(ctx context.Context, rule, subject string) (count int, ends time.Time, err error)
	// Forget closes the window of a subject.
	Forget(ctx context.Context, rule, subject string) error
}

// ErrLimited is what a use over the ceiling gives: RATE_LIMITED, rate.limited.
var ErrLimited = errs.New(errs.RateLimited, "rate.limited", "Too many requests. Please wait and try again.")

// Take counts one use and refuses it when it exceeds the rule. The refusal is limited with
// RetryAfter set; pass ErrLimited or an error of the domain's own.
func Take(ctx context.Context, c Counter, rule Rule, subject string, now time.Time, limited *errs.Error) error {
	if rule.Max <= 0 {
		return nil
	}
	count, ends, err := c.Hit(ctx, rule.Name, subject, rule.Window)
	if err != nil {
		return err
	}
	if count > rule.Max {
		return limited.WithRetryAfter(ends.Sub(now))
	}
	return nil
}

// Check refuses without counting when the ceiling has been reached already.
func Check(ctx context.Context, c Counter, rule Rule, subject string, now time.Time, limited *errs.Error) error {
	if rule.Max <= 0 {
		return nil
	}
	count, ends, err := c.Peek(ctx, rule.Name, subject)
	if err != nil {
		return err
	}
	if count >= rule.Max && ends.After(now) {
		return limited.WithRetryAfter(ends.Sub(now))
	}
	return nil
}
