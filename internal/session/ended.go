package session

import (
	"sync"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
)

// endedSet remembers ended sessions for as long as an access token of theirs could still verify. It
// is asked on every request.
type endedSet struct {
	clock clock.Clock
	keep  time.Duration

	mu      sync.RWMutex
	until   map[id.Session]time.Time
	pruneAt int
}

// pruneFrom is the size from which adding looks for entries that are no longer needed.
const pruneFrom = 1024

func newEndedSet(clk clock.Clock, keep time.Duration) *endedSet {
	return &endedSet{clock: clk, keep: keep, until: map[id.Session]time.Time{}, pruneAt: pruneFrom}
}

// add tells whether the session was not in the set yet.
func (e *endedSet) add(session id.Session) bool {
	now := e.clock.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, there := e.until[session]; there {
		return false
	}
	e.until[session] = now.Add(e.keep)
	if len(e.until) >= e.pruneAt {
		e.prune(now)
	}
	return true
}

// prune drops what is no longer needed and waits with the next time until the set has doubled, so
// that adding stays cheap however many end at once.
func (e *endedSet) prune(now time.Time) {
	for session, until := range e.until {
		if !now.Before(until) {
			delete(e.until, session)
		}
	}
	e.pruneAt = max(pruneFrom, 2*len(e.until))
}

func (e *endedSet) has(session id.Session) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	_, there := e.until[session]
	return there
}

func (e *endedSet) size() int {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return len(e.until)
}
