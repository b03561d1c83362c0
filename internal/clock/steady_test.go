package clock

import (
	"testing"
	"time"
)

// machine is a wall clock that can be set, and how long it has been running.
type machine struct {
	wall time.Time
	ran  time.Duration
}

func (m *machine) read() (time.Time, time.Duration) { return m.wall, m.ran }

func (m *machine) run(d time.Duration) { m.wall, m.ran = m.wall.Add(d), m.ran+d }

func TestASteadyClockDoesNotJumpWithTheWallClock(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{
		"set two minutes forward": 2 * time.Minute,
		"set an hour back":        -time.Hour,
		"set a day forward":       24 * time.Hour,
	} {
		m := &machine{wall: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		s := newSteady(m.read)
		m.run(time.Hour)
		before := s.Now()
		m.wall = m.wall.Add(step)
		for range 60 {
			m.run(time.Second)
			s.Now()
		}
		if passed := s.Now().Sub(before); passed < 59*time.Second || passed > 61*time.Second {
			t.Errorf("%s: a minute took %v", name, passed)
		}
	}
}

func TestASteadyClockCatchesUpWithTheWallClock(t *testing.T) {
	t.Parallel()
	m := &machine{wall: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s := newSteady(m.read)
	m.wall = m.wall.Add(2 * time.Minute)
	for range 4 * 60 * 60 {
		m.run(time.Second)
		s.Now()
	}
	if off := m.wall.Sub(s.Now()); off != 0 {
		t.Errorf("four hours later it is still off by %v", off)
	}
}

func TestASteadyClockTellsTheTimeWhenNothingJumps(t *testing.T) {
	t.Parallel()
	m := &machine{wall: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s := newSteady(m.read)
	m.run(12345 * time.Millisecond)
	if got := s.Now(); !got.Equal(m.wall) {
		t.Errorf("got %v, want %v", got, m.wall)
	}
}
