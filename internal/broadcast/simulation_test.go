package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
)

// platform is DingTalk as the robots' limits see it: what counts is when calls arrive.
type platform struct {
	clock clock.Clock
	mu    sync.Mutex
	rng   *rand.Rand
	// arrivals of each robot, whatever came of them; shown counts what people saw, by msgUuid.
	arrivals map[id.Robot][]time.Time
	shown    map[string]int
	refused  map[string]bool
	// banned is until when the platform refuses a robot, told until when Posthouse knows that it must
	// rest: a process killed before the answer came knows nothing.
	banned map[id.Robot]time.Time
	told   map[id.Robot]time.Time
	faults []string
}

func newPlatform(clk clock.Clock, rng *rand.Rand) *platform {
	return &platform{
		clock: clk, rng: rng, arrivals: map[id.Robot][]time.Time{}, shown: map[string]int{},
		refused: map[string]bool{}, banned: map[id.Robot]time.Time{}, told: map[id.Robot]time.Time{},
	}
}

// roll gives how long a call travels, how long its answer does, and a number in [0,100) for what
// becomes of it.
func (p *platform) roll() (there, back time.Duration, fate int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	span := []time.Duration{20 * time.Millisecond, 300 * time.Millisecond, 4 * time.Second}[p.rng.IntN(3)]
	return time.Duration(p.rng.Int64N(int64(span))), time.Duration(p.rng.Int64N(int64(span))), p.rng.IntN(100)
}

// arrive judges a call that has reached the platform.
func (p *platform) arrive(r id.Robot, uuid string, fate int) broadcast.Receipt {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if p.told[r].After(now) {
		p.faults = append(p.faults, fmt.Sprintf("%s spoke during its rest, %v early", r, p.told[r].Sub(now)))
	}
	p.arrivals[r] = append(p.arrivals[r], now)
	inWindow := 0
	for _, at := range slices.Backward(p.arrivals[r]) {
		if now.Sub(at) > broadcast.Window {
			break
		}
		inWindow++
	}
	if inWindow > broadcast.WindowMax {
		p.faults = append(p.faults, fmt.Sprintf("%s: %d calls within a minute at %v", r, inWindow, now))
	}
	if fate < 1 && !p.banned[r].After(now) { // somebody else spoke through the same robot
		p.banned[r] = now.Add(broadcast.Rest)
	}
	switch {
	case p.banned[r].After(now):
		return broadcast.Receipt{Outcome: broadcast.Throttled, PlatformCode: "410100"}
	case fate < 8:
		return broadcast.Receipt{Outcome: broadcast.Retryable, PlatformCode: "-1"}
	case fate < 10:
		p.refused[uuid] = true
		return broadcast.Receipt{Outcome: broadcast.Refused, PlatformCode: "310000"}
	}
	p.shown[uuid] = 1 // a msgUuid seen before is accepted and not shown again
	if fate < 15 {
		return broadcast.Receipt{Outcome: broadcast.Unknown} // the answer is lost
	}
	return broadcast.Receipt{Outcome: broadcast.Accepted, PlatformCode: "0"}
}

// tell notes that Posthouse has learned that the robot must rest.
func (p *platform) tell(r id.Robot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told[r] = p.clock.Now().Add(broadcast.Rest)
}

// process is one life of the worker. Once killed, it changes nothing any more.
type process struct {
	*memStore
	dead   atomic.Bool
	killed chan struct{}
	cancel context.CancelFunc
	ended  chan error
}

var errDead = errors.New("dead")

func (p *process) Claim(ctx context.Context, r broadcast.ClaimRequest) (broadcast.Claim, bool, error) {
	if p.dead.Load() {
		return broadcast.Claim{}, false, errDead
	}
	return p.memStore.Claim(ctx, r)
}

func (p *process) Complete(ctx context.Context, c broadcast.Completion) error {
	if p.dead.Load() {
		return errDead
	}
	return p.memStore.Complete(ctx, c)
}

func (p *process) Recover(ctx context.Context, now time.Time, all bool) (int, error) {
	if p.dead.Load() {
		return 0, errDead
	}
	return p.memStore.Recover(ctx, now, all)
}

// begin starts a process on the house's store.
func begin(h *house, pf *platform) (*process, *broadcast.Service) {
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{memStore: h.store, killed: make(chan struct{}), cancel: cancel, ended: make(chan error, 1)}
	sender := &fakeSender{clock: h.clock}
	sender.answer = func(_ context.Context, c call) broadcast.Receipt {
		there, back, fate := pf.roll()
		select {
		case <-p.killed:
			// What was on its way arrives at the last moment, or never.
			if fate%2 == 0 {
				pf.arrive(c.robot, c.uuid, fate)
			}
			return broadcast.Receipt{Outcome: broadcast.Unknown}
		case <-h.clock.NewTimer(there).C():
		}
		r := pf.arrive(c.robot, c.uuid, fate)
		pass(h.clock, back)
		if r.Outcome == broadcast.Throttled && !p.dead.Load() {
			pf.tell(c.robot)
		}
		return r
	}
	config := h.config
	config.Store, config.Sender = p, sender
	s := broadcast.New(config)
	go func() { p.ended <- s.Run(ctx) }()
	return p, s
}

// kill ends the process as kill -9 does: nothing in flight is recorded.
func (p *process) kill() {
	p.dead.Store(true)
	close(p.killed)
	p.cancel()
}

// TestHoursOfTrouble lets several robots speak for hours through slow calls, lost answers, throttling,
// shutdowns and kills, and asks the platform whether the promises were kept.
func TestHoursOfTrouble(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { hoursOfTrouble(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func hoursOfTrouble(t *testing.T, rng *rand.Rand) {
	clk := clock.Real()
	pf := newPlatform(clk, rand.New(rand.NewPCG(rng.Uint64(), 2)))
	h := newHouse(t, clk)
	robots := []id.Robot{"r1", "r2", "r3"}
	p, s := begin(h, pf)
	var asked []broadcast.Broadcast
	for range 150 {
		pass(clk, time.Duration(rng.Int64N(int64(time.Minute))))
		h.Service = s
		for range rng.IntN(3) * rng.IntN(10) {
			asked = append(asked, h.say(broadcast.Priority(rng.IntN(3)), "x", robots[:1+rng.IntN(3)]...))
		}
		switch rng.IntN(40) {
		case 0:
			p.cancel()
			if err := <-p.ended; err != nil {
				t.Error(err)
			}
			p, s = begin(h, pf)
		case 1, 2:
			p.kill()
			pass(clk, time.Duration(rng.Int64N(int64(3*time.Second))))
			old := p
			p, s = begin(h, pf)
			if err := <-old.ended; err != nil {
				t.Error(err)
			}
		}
	}
	pass(clk, 48*time.Hour)
	p.cancel()
	<-p.ended
	pf.judge(t, h, asked)
}

// judge compares what the platform saw with what the store says.
func (p *platform) judge(t *testing.T, h *house, asked []broadcast.Broadcast) {
	t.Helper()
	for _, f := range p.faults {
		t.Error(f)
	}
	total, attempts := 0, 0
	for _, b := range asked {
		for _, d := range h.of(b) {
			total++
			attempts += d.Attempts
			switch {
			case h.store.ends[d.ID] != 1:
				t.Errorf("delivery %s ended %d times, status %s", d.ID, h.store.ends[d.ID], d.Status)
			case d.Status == broadcast.Sent && p.shown[d.MsgUUID] != 1:
				t.Errorf("delivery %s is called sent and was not shown", d.ID)
			case d.Status == broadcast.Failed && !p.refused[d.MsgUUID]:
				t.Errorf("delivery %s failed and was not refused", d.ID)
			}
		}
	}
	calls := 0
	for _, r := range p.arrivals {
		calls += len(r)
	}
	if calls < total || attempts < calls {
		t.Errorf("%d deliveries, %d calls, %d attempts: impossible", total, calls, attempts)
	}
	t.Logf("%d deliveries, %d attempts", total, attempts)
}
