package broadcast

import "time"

// Repetition of what did not succeed.
const (
	firstRetry = time.Second
	lastRetry  = 10 * time.Minute
	// giveUpAfter counts from when the delivery was first due.
	giveUpAfter = 24 * time.Hour
)

// retryDelay is how long to wait after the n-th attempt: a second, doubling up to ten minutes, and up
// to a quarter more by jitter in [0,1), so that what failed together does not return together.
func retryDelay(n int, jitter float64) time.Duration {
	d := lastRetry
	if n < 1 {
		n = 1
	}
	if shift := n - 1; shift < 10 {
		d = min(firstRetry<<shift, lastRetry)
	}
	return d + time.Duration(jitter*float64(d)/4)
}

// storeDelay is how long the worker waits after the store has failed it n times in a row.
func storeDelay(n int) time.Duration {
	if n > 8 {
		n = 8
	}
	return min(100*time.Millisecond<<max(n-1, 0), 10*time.Second)
}

// judge decides what becomes of a delivery after an attempt that ended at end.
func judge(d Delivery, a Attempt, jitter float64) Completion {
	c := Completion{Attempt: a, Status: Queued}
	switch a.Outcome {
	case Accepted:
		c.Status = Sent
	case Refused:
		c.Status = Failed
	case Throttled:
		c.RobotBlockedUntil = ceilMilli(a.EndedAt.Add(Rest))
		c.NextAttemptAt = c.RobotBlockedUntil
	default: // Retryable, Unknown
		c.NextAttemptAt = ceilMilli(a.EndedAt.Add(retryDelay(d.Attempts, jitter)))
		if c.NextAttemptAt.After(d.DueAt.Add(giveUpAfter)) {
			c.Status = Failed
		}
	}
	if c.Status == Queued && !d.ExpiresAt.IsZero() && !c.NextAttemptAt.Before(d.ExpiresAt) {
		c.Status = Expired
	}
	if c.Status != Queued {
		c.NextAttemptAt = time.Time{}
	}
	return c
}

// ceilMilli rounds up to the store's resolution: a rest that the store shortens by half a millisecond
// would cost another ten minutes.
func ceilMilli(t time.Time) time.Time {
	if down := t.Truncate(time.Millisecond); down.Before(t) {
		return down.Add(time.Millisecond)
	}
	return t
}
