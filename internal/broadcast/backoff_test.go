package broadcast

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestRepetitionsComeLaterAndLaterWithinBounds(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]time.Duration{
		-1: time.Second, 0: time.Second, 1: time.Second, 2: 2 * time.Second, 9: 256 * time.Second, 10: 512 * time.Second,
		11: 10 * time.Minute, 12: 10 * time.Minute, 1 << 40: 10 * time.Minute,
	} {
		if got := retryDelay(n, 0); got != want {
			t.Errorf("after attempt %d: %v, want %v", n, got, want)
		}
		if got := retryDelay(n, 0.999); got <= want || got >= want+want/4 {
			t.Errorf("after attempt %d with jitter: %v", n, got)
		}
	}
	for n := range 100 {
		if d := storeDelay(n); d < 100*time.Millisecond || d > 10*time.Second {
			t.Errorf("store delay %d: %v", n, d)
		}
	}
}

func TestWhatBecomesOfADelivery(t *testing.T) {
	t.Parallel()
	due := time.UnixMilli(1_000_000).UTC()
	end := due.Add(time.Second)
	cases := map[string]struct {
		outcome  Outcome
		attempts int
		end      time.Time
		expires  time.Time
		status   Status
		next     time.Time
		blocked  time.Time
	}{
		"accepted":                {Accepted, 1, end, time.Time{}, Sent, time.Time{}, time.Time{}},
		"accepted after expiry":   {Accepted, 1, end, due, Sent, time.Time{}, time.Time{}},
		"refused":                 {Refused, 1, end, time.Time{}, Failed, time.Time{}, time.Time{}},
		"throttled":               {Throttled, 1, end, time.Time{}, Queued, end.Add(Rest), end.Add(Rest)},
		"throttled rounds up":     {Throttled, 1, end.Add(time.Nanosecond), time.Time{}, Queued, end.Add(Rest + time.Millisecond), end.Add(Rest + time.Millisecond)},
		"throttled code":          {Throttled, 1, end, end.Add(5 * time.Minute), Expired, time.Time{}, end.Add(Rest)},
		"retryable":               {Retryable, 3, end, time.Time{}, Queued, end.Add(4 * time.Second), time.Time{}},
		"unknown":                 {Unknown, 1, end, time.Time{}, Queued, end.Add(time.Second), time.Time{}},
		"retryable within expiry": {Retryable, 1, end, end.Add(time.Second + 1), Queued, end.Add(time.Second), time.Time{}},
		"retryable until expiry":  {Retryable, 1, end, end.Add(time.Second), Expired, time.Time{}, time.Time{}},
		"last repetition":         {Unknown, 20, due.Add(24*time.Hour - 10*time.Minute), time.Time{}, Queued, due.Add(24 * time.Hour), time.Time{}},
		"given up":                {Unknown, 20, due.Add(24*time.Hour - 10*time.Minute + 1), time.Time{}, Failed, time.Time{}, time.Time{}},
	}
	for name, c := range cases {
		d := Delivery{DueAt: due, Attempts: c.attempts, ExpiresAt: c.expires}
		got := judge(d, Attempt{EndedAt: c.end, Outcome: c.outcome}, 0)
		if got.Status != c.status || !got.NextAttemptAt.Equal(c.next) || !got.RobotBlockedUntil.Equal(c.blocked) {
			t.Errorf("%s: %s, next %v, blocked %v", name, got.Status, got.NextAttemptAt, got.RobotBlockedUntil)
		}
	}
}

func TestStatesSumUpDeliveries(t *testing.T) {
	t.Parallel()
	type counts = map[Status]int
	for name, c := range map[string]struct {
		counts counts
		ahead  bool
		want   State
	}{
		"waiting for its time":  {counts{Queued: 2}, true, Scheduled},
		"due":                   {counts{Queued: 2}, false, InProgress},
		"clock was set back":    {counts{Queued: 1, Sent: 1}, true, InProgress},
		"one on its way":        {counts{Sending: 1, Sent: 3}, false, InProgress},
		"all sent":              {counts{Sent: 2}, false, AllSent},
		"some":                  {counts{Sent: 2, Failed: 1}, false, Partial},
		"some too late":         {counts{Sent: 2, Expired: 1}, false, Partial},
		"none":                  {counts{Failed: 1, Expired: 1}, false, AllFailed},
		"ended before its time": {counts{Failed: 1}, true, AllFailed},
	} {
		if got := stateOf(c.counts, c.ahead); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestPlatformMessagesAreCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "ok", strings.Repeat("x", 500), strings.Repeat("关", 400), strings.Repeat("x", 499) + "关"} {
		got := cut(s)
		if len(got) > maxPlatformMessage || !utf8.ValidString(got) || !strings.HasPrefix(s, got) || len(s) <= 500 && got != s {
			t.Errorf("cut to %d bytes: %.20q", len(got), got)
		}
	}
}
