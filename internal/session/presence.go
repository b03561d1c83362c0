package session

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
)

// flushEvery is how often uses are written down: once a minute for each session at most. Until then
// they are known to this process only.
const flushEvery = time.Minute

// flushBatch is how many sessions one transaction writes, so that others get their turn.
const flushBatch = 200

// live is a session as this process knows it while its token or skey is remembered.
type live struct {
	account id.Account
	session id.Session
	// slides by this much with each use; zero for an access token, which ends when it says.
	slides time.Duration
	// endsAt is when it ends in any case, in milliseconds.
	endsAt int64

	expires atomic.Int64 // milliseconds
	seen    atomic.Int64 // milliseconds
	dirty   atomic.Bool  // seen has not been written down
}

// aliveAt tells whether the session has not run out.
func (l *live) aliveAt(ms int64) bool { return ms < l.expires.Load() && ms < l.endsAt }

// expiresAt is what the store should know of the expiry; zero for what does not slide.
func (l *live) expiresAt() time.Time {
	if l.slides == 0 {
		return time.Time{}
	}
	return clock.FromMillis(l.expires.Load())
}

// presence gathers uses in memory until they are written down.
type presence struct {
	mu      sync.Mutex
	pending map[id.Session]*live
}

func newPresence() *presence { return &presence{pending: map[id.Session]*live{}} }

// use records that the session was used at ms. It is called on every request: usually two atomic
// writes.
func (p *presence) use(l *live, ms int64) {
	l.seen.Store(ms)
	if l.slides > 0 {
		l.expires.Store(min(ms+l.slides.Milliseconds(), l.endsAt))
	}
	if l.dirty.Load() || l.dirty.Swap(true) {
		return
	}
	p.mu.Lock()
	p.pending[l.session] = l
	p.mu.Unlock()
}

// lastUse gives a use that the store does not know yet.
func (p *presence) lastUse(session id.Session) (*live, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, ok := p.pending[session]
	return l, ok
}

// drop forgets uses of a session that has ended.
func (p *presence) drop(session id.Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pending, session)
}

func (p *presence) batches() [][]*live {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out [][]*live
	for _, l := range p.pending {
		if len(out) == 0 || len(out[len(out)-1]) == flushBatch {
			out = append(out, make([]*live, 0, min(flushBatch, len(p.pending))))
		}
		out[len(out)-1] = append(out[len(out)-1], l)
	}
	return out
}

// settle takes a written session off the list unless it was used again meanwhile.
func (p *presence) settle(batch []*live) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range batch {
		if !l.dirty.Load() && p.pending[l.session] == l {
			delete(p.pending, l.session)
		}
	}
}

// flush writes the gathered uses down. What cannot be written stays for the next time.
func (s *Service) flush(ctx context.Context) error {
	for _, batch := range s.presence.batches() {
		err := s.Tx.InTx(ctx, func(ctx context.Context) error {
			for _, l := range batch {
				// Cleared before reading, so that a use in between is not lost.
				l.dirty.Store(false)
				if err := s.Store.Touch(ctx, l.session, clock.FromMillis(l.seen.Load()), l.expiresAt()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			for _, l := range batch {
				l.dirty.Store(true)
			}
			return err
		}
		s.presence.settle(batch)
		for _, l := range batch {
			s.lists.forget(l.account) // what it lacks is known to the store alone now
		}
	}
	return nil
}
