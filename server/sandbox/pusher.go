package sandbox

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// mostPending bounds the events that wait for a retry.
	mostPending = 10_000
	// mostAtOnce bounds the retries that are under way together.
	mostAtOnce = 16
)

// retryAfter is how long the platform waits before each retry (protocols.md §4.5).
var retryAfter = [...]time.Duration{10 * time.Second, 30 * time.Second}

// Errors of PushEvent.
var (
	ErrNoCallback = errors.New("sandbox: no callback address is registered")
	errRunning    = errors.New("sandbox: Run is active already")
)

// PushResult says how a push ended, or how far it has come.
type PushResult struct {
	EventID   string `json:"eventId"`
	Delivered bool   `json:"delivered"`
	// Attempts counts the HTTP calls made.
	Attempts int `json:"attempts"`
	// Answer is what the last answer decrypted to; "success" when delivered.
	Answer string `json:"answer"`
	// Reason says why it is not delivered.
	Reason string `json:"reason,omitempty"`
}

// push is one event on its way.
type push struct {
	event event
	done  chan struct{} // closed when it is delivered or given up

	mu     sync.Mutex
	result PushResult
}

func (p *push) snapshot() PushResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.result
}

// pending is a push that waits for a retry.
type pending struct {
	push  *push
	retry int // 0 is the first
	due   time.Time
}

// pusher sends events, repeats failed ones and keeps the list of lost ones.
type pusher struct {
	box      *Sandbox
	client   *http.Client
	callback atomic.Pointer[registration]

	mu     sync.Mutex
	waits  []pending
	ended  chan struct{} // closed when the active Run returns; nil without one
	added  chan struct{} // a retry was added; holds one
	failed []event       // oldest first

	// scheduled, for tests, is called when a retry waits or the push is given up.
	scheduled func()
}

func newPusher(s *Sandbox) *pusher {
	client := &http.Client{}
	if s.cfg.HTTPClient != nil {
		*client = *s.cfg.HTTPClient
	} else {
		client.Transport = &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second}
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &pusher{box: s, client: client, added: make(chan struct{}, 1)}
}

// PushEvent pushes one event, encrypted, to the registered address. data holds
// the event's own fields in either casing; a field eventId sets the event's id.
//
// A delivered event returns at once. A failed one is pushed again after 10 s and
// after 30 s more of the sandbox's clock, and PushEvent waits for that until ctx
// ends; the retries go on without the caller. Retries are made by Run: while it
// is not active PushEvent returns after the first attempt. An attempt under way is not
// broken off by ctx; it is bounded by Options.PushDeadlineMs. Check events
// (check_url and its kin) are not repeated.
//
// A failed delivery is not an error. Errors are ErrNoCallback, an event that has
// no meaning, and a ctx that has ended before anything was sent.
func (s *Sandbox) PushEvent(ctx context.Context, eventType string, data map[string]any) (PushResult, error) {
	p, err := s.pusher.begin(ctx, eventType, data)
	if err != nil {
		return PushResult{}, err
	}
	if isCheck(eventType) || !s.pusher.settle(p) {
		return p.snapshot(), nil
	}
	ended := s.pusher.repeat(p, 0)
	select {
	case <-p.done:
	case <-ended:
	case <-ctx.Done():
	}
	return p.snapshot(), nil
}

// begin makes the first attempt.
func (u *pusher) begin(ctx context.Context, eventType string, data map[string]any) (*push, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	reg := u.callback.Load()
	if reg == nil {
		return nil, ErrNoCallback
	}
	e, err := newEvent(eventType, data, u.box.Now())
	if err != nil {
		return nil, err
	}
	p := &push{event: e, done: make(chan struct{}), result: PushResult{EventID: e.id}}
	u.attempt(context.WithoutCancel(ctx), p)
	return p, nil
}

// attempt pushes once and notes how it went.
func (u *pusher) attempt(ctx context.Context, p *push) {
	answer, err := u.send(ctx, p.event)
	p.mu.Lock()
	p.result.Attempts++
	p.result.Answer = answer
	p.result.Delivered = err == nil
	p.result.Reason = ""
	if err != nil {
		p.result.Reason = err.Error()
	}
	p.mu.Unlock()
	if err != nil {
		u.box.log.InfoContext(ctx, "sandbox: push failed", "eventType", p.event.kind, "eventId", p.event.id, "reason", err)
		return
	}
	if _, ok := u.box.faults.take(EventsPath, FaultDuplicate); ok {
		// The same event once more; how that goes changes nothing.
		_, _ = u.send(ctx, p.event)
		p.mu.Lock()
		p.result.Attempts++
		p.mu.Unlock()
	}
}

// settle ends a delivered push and reports whether a retry is needed instead.
func (u *pusher) settle(p *push) bool {
	if !p.snapshot().Delivered {
		return true
	}
	close(p.done)
	return false
}

// repeat schedules the retry with that number, or gives the push up. The channel
// ends with the active Run; it is closed already when there is none.
func (u *pusher) repeat(p *push, retry int) <-chan struct{} {
	if u.scheduled != nil {
		defer u.scheduled()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if retry >= len(retryAfter) || len(u.waits) >= mostPending {
		u.giveUp(p.event)
		close(p.done)
		return p.done
	}
	u.waits = append(u.waits, pending{push: p, retry: retry, due: u.box.Now().Add(retryAfter[retry])})
	select {
	case u.added <- struct{}{}:
	default:
	}
	if u.ended == nil {
		p.mu.Lock()
		p.result.Reason += " (retries are made while Run is active)"
		p.mu.Unlock()
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	return u.ended
}

// run makes retries as they fall due.
func (u *pusher) run(ctx context.Context, closed <-chan struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	u.mu.Lock()
	if u.ended != nil {
		u.mu.Unlock()
		return errRunning
	}
	ended := make(chan struct{})
	u.ended = ended
	u.mu.Unlock()
	var attempts sync.WaitGroup
	defer func() {
		cancel()
		attempts.Wait()
		u.mu.Lock()
		u.ended = nil
		u.mu.Unlock()
		close(ended)
	}()
	slots := make(chan struct{}, mostAtOnce)
	for {
		moved := u.box.clock.watch()
		due, next := u.takeDue()
		for i, p := range due {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				u.putBack(due[i:])
				return nil
			case <-closed:
				u.putBack(due[i:])
				return nil
			}
			attempts.Go(func() {
				defer func() { <-slots }()
				u.retry(ctx, p)
			})
		}
		if !u.wait(ctx, closed, moved, next) {
			return nil
		}
	}
}

// wait returns when something may have fallen due; false when it is time to end.
func (u *pusher) wait(ctx context.Context, closed, moved <-chan struct{}, next time.Duration) bool {
	timer := time.NewTimer(min(next, clockPoll))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-closed:
		return false
	case <-moved:
	case <-u.added:
	case <-timer.C:
	}
	return true
}

func (u *pusher) retry(ctx context.Context, w pending) {
	if ctx.Err() != nil {
		u.putBack([]pending{w})
		return
	}
	u.attempt(ctx, w.push)
	if ctx.Err() != nil && !w.push.snapshot().Delivered {
		// Broken off by the end of Run, not failed by the server.
		u.putBack([]pending{w})
		return
	}
	if u.settle(w.push) {
		u.repeat(w.push, w.retry+1)
	}
}

// takeDue takes what is due off the list and says how long until the next.
func (u *pusher) takeDue() ([]pending, time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.box.Now()
	next := time.Hour
	var due, rest []pending
	for _, w := range u.waits {
		if left := w.due.Sub(now); left > 0 {
			next = min(next, left)
			rest = append(rest, w)
			continue
		}
		due = append(due, w)
	}
	u.waits = rest
	return due, next
}

func (u *pusher) putBack(list []pending) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waits = append(u.waits, list...)
}
