package clock_test

import (
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestFakeFiresATimerExactlyWhenItComesDue(t *testing.T) {
	t.Parallel()
	f := clock.NewFake(start)
	timer := f.NewTimer(time.Minute)
	f.Advance(time.Minute - time.Nanosecond)
	select {
	case <-timer.C():
		t.Fatal("fired early")
	default:
	}
	f.Advance(time.Nanosecond)
	if got := <-timer.C(); !got.Equal(start.Add(time.Minute)) {
		t.Fatalf("fired at %v", got)
	}
}

func TestFakeNeverFiresAStoppedTimer(t *testing.T) {
	t.Parallel()
	f := clock.NewFake(start)
	timer := f.NewTimer(time.Second)
	timer.Stop()
	f.Advance(time.Hour)
	select {
	case <-timer.C():
		t.Fatal("a stopped timer fired")
	default:
	}
}

func TestFakeTellsWhenSomebodyWaits(t *testing.T) {
	t.Parallel()
	f := clock.NewFake(start)
	fired := make(chan struct{})
	go func() {
		defer close(fired)
		<-f.NewTimer(time.Second).C()
	}()
	f.AwaitTimers(1)
	f.Advance(time.Second)
	<-fired
}

func TestMillisRoundTrip(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{{}, start, time.UnixMilli(1).UTC()} {
		if got := clock.FromMillis(clock.Millis(at)); !got.Equal(at) {
			t.Errorf("%v came back as %v", at, got)
		}
	}
}
