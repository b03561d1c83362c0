package httpapi

import (
	"sync"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
)

// refusals lets one refused push of each app and reason into the log a minute, and counts the others:
// anyone can send forged ones, and the log's disk is not theirs to fill. Safe for concurrent use.
type refusals struct {
	clock clock.Clock
	mu    sync.Mutex
	seen  map[[2]string]refusal
}

type refusal struct {
	logged time.Time
	unsaid int
}

func newRefusals(clk clock.Clock) *refusals {
	return &refusals{clock: clk, seen: map[[2]string]refusal{}}
}

// note tells whether to log a refusal, and how many like it went unsaid since the last that was. Apps
// and reasons are few, so what it remembers is bounded.
func (r *refusals) note(app, reason string) (say bool, unsaid int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, now := [2]string{app, reason}, r.clock.Now()
	last, before := r.seen[key]
	if before && now.Sub(last.logged) < time.Minute {
		last.unsaid++
		r.seen[key] = last
		return false, 0
	}
	r.seen[key] = refusal{logged: now}
	return true, last.unsaid
}
