package clock

import (
	"sync"
	"time"
)

// slew is how much faster or slower than real time a steady clock may run to catch up with the wall
// clock: one part in a hundred, so that a minute by it is never shorter than 59 seconds.
const slew = 100

// Steady is the machine's clock without its jumps: when the wall clock is set, by hand or by NTP, it
// follows slowly. Use it where the distance between two times matters more than the time of day.
func Steady() Clock {
	began := time.Now()
	return newSteady(func() (time.Time, time.Duration) {
		now := time.Now()
		return now.Round(0), now.Sub(began) // Sub uses the monotonic reading
	})
}

type steady struct {
	// read gives the wall clock and how long the machine says it has been running.
	read func() (wall time.Time, ran time.Duration)

	mu  sync.Mutex
	now time.Time
	ran time.Duration
}

func newSteady(read func() (time.Time, time.Duration)) *steady {
	wall, ran := read()
	return &steady{read: read, now: wall, ran: ran}
}

// Now implements Clock.
func (s *steady) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	wall, ran := s.read()
	elapsed := ran - s.ran
	s.ran = ran
	s.now = s.now.Add(elapsed)
	most := elapsed / slew
	s.now = s.now.Add(min(max(wall.Sub(s.now), -most), most))
	return s.now
}

// NewTimer implements Clock. Timers of the machine do not jump.
func (s *steady) NewTimer(d time.Duration) Timer { return Real().NewTimer(d) }
