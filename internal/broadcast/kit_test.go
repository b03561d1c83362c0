package broadcast_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/inmem"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/secret"
)

// fakeRobots knows robots by id; their credentials are their id.
type fakeRobots struct {
	mu     sync.Mutex
	robots map[id.Robot]robot.Robot
	sealed map[id.Robot]bool // do not open
	fail   error
}

func (f *fakeRobots) Load(_ context.Context, ids []id.Robot) (map[id.Robot]robot.Robot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	found := map[id.Robot]robot.Robot{}
	for _, r := range ids {
		if row, ok := f.robots[r]; ok {
			found[r] = row
		}
	}
	return found, nil
}

func (f *fakeRobots) FindByName(_ context.Context, name string) (robot.Robot, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.robots {
		if r.Name == name {
			return r, true, nil
		}
	}
	return robot.Robot{}, false, nil
}

func (f *fakeRobots) Open(_ context.Context, r robot.Robot) (robot.Credentials, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sealed[r.ID] {
		return robot.Credentials{}, secret.ErrOpen
	}
	return robot.Credentials{Token: secret.NewText(string(r.ID))}, nil
}

// call is one Send as the platform saw it.
type call struct {
	robot    id.Robot
	message  broadcast.Message
	mentions broadcast.Mentions
	uuid     string
	at       time.Time
}

// fakeSender answers as it is told to and remembers what it was asked.
type fakeSender struct {
	clock clock.Clock
	mu    sync.Mutex
	calls []call
	// answer, when set, decides; the default accepts. It may wait.
	answer func(ctx context.Context, c call) broadcast.Receipt
}

func (f *fakeSender) Send(ctx context.Context, c robot.Credentials, m broadcast.Message, mentions broadcast.Mentions, uuid string) broadcast.Receipt {
	made := call{robot: id.Robot(c.Token.Reveal()), message: m, mentions: mentions, uuid: uuid, at: f.clock.Now()}
	f.mu.Lock()
	f.calls = append(f.calls, made)
	answer := f.answer
	f.mu.Unlock()
	if answer != nil {
		return answer(ctx, made)
	}
	return broadcast.Receipt{Outcome: broadcast.Accepted, PlatformCode: "0"}
}

func (f *fakeSender) Size(m broadcast.Message, _ broadcast.Mentions) int {
	if m.Text != nil {
		return len(m.Text.Content)
	}
	return 100
}

func (f *fakeSender) made() []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]call(nil), f.calls...)
}

// house is a service with everything around it.
type house struct {
	*broadcast.Service
	t      *testing.T
	clock  clock.Clock
	store  *memStore
	robots *fakeRobots
	sender *fakeSender
	bus    *inmem.Bus
	ring   *secret.Ring
	config broadcast.Config
}

// newHouse makes a service with the robots r1 to r3, of which r3 demands keywords.
func newHouse(t *testing.T, clk clock.Clock, change ...func(*broadcast.Config)) *house {
	t.Helper()
	ring, err := secret.NewRing(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{
		t: t, clock: clk, store: newMemStore(), sender: &fakeSender{clock: clk}, bus: inmem.NewBus(), ring: ring,
		robots: &fakeRobots{sealed: map[id.Robot]bool{}, robots: map[id.Robot]robot.Robot{
			"r1": {ID: "r1", Name: "ops"},
			"r2": {ID: "r2", Name: "news"},
			"r3": {ID: "r3", Name: "strict", Keywords: []string{"验证", "alarm"}},
		}},
	}
	h.config = broadcast.Config{
		Store: h.store, Robots: h.robots, Sender: h.sender, Tx: h.store, Ring: ring, Clock: clk, Bus: h.bus,
		Exclusive: true, Jitter: func() float64 { return 0 },
	}
	for _, c := range change {
		c(&h.config)
	}
	h.Service = broadcast.New(h.config)
	return h
}

// start runs the worker; stop ends it and waits for it.
func (h *house) start() (stop func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	service := h.Service
	go func() { ended <- service.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			h.t.Errorf("Run: %v", err)
		}
	})
}

// say takes a text for the robots in the system's name.
func (h *house) say(p broadcast.Priority, content string, robots ...id.Robot) broadcast.Broadcast {
	h.t.Helper()
	b, err := h.Create(context.Background(), authz.System(), broadcast.Request{
		Robots: robots, Message: text(content), Priority: p,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func text(content string) broadcast.Message {
	return broadcast.Message{Text: &broadcast.Text{Content: content}}
}

// of gives the deliveries of a broadcast.
func (h *house) of(b broadcast.Broadcast) []broadcast.Delivery {
	return h.store.sorted(func(d broadcast.Delivery) bool { return d.Broadcast == b.ID })
}

// notices gives the deliveries without a broadcast.
func (h *house) notices() []broadcast.Delivery {
	return h.store.sorted(func(d broadcast.Delivery) bool { return d.Broadcast == "" })
}

// entries counts the feed.
func (h *house) entries() int {
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	return len(h.store.updates)
}

func (h *house) state(b broadcast.Broadcast) broadcast.State {
	h.t.Helper()
	states, err := h.State(context.Background(), []id.Broadcast{b.ID})
	if err != nil {
		h.t.Fatal(err)
	}
	return states[b.ID]
}

// pass lets time go by.
func pass(clk clock.Clock, d time.Duration) { <-clk.NewTimer(d).C() }

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func admin(account id.Account) authz.Actor {
	return authz.Actor{Account: account, Roles: []authz.Role{authz.Admin}}
}
