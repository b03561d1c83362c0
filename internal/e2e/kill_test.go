package e2e

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/server/sandbox"
)

// TestAKillLosesNothingAndSendsNothingTwice kills the process while events come in and broadcasts go
// out, at the moments that hurt most, and then compares what was acknowledged with what there is.
func TestAKillLosesNothingAndSendsNothingTwice(t *testing.T) {
	t.Parallel()
	p := startPlatform(t)
	h, admin := startWithOwner(t, p, setup{})
	mill := newMill(t, p, h, admin)
	stop := make(chan struct{})
	var running sync.WaitGroup
	for i := range 3 {
		running.Go(func() { p.pusher(h).stream(fmt.Sprintf("kill-%d", i), stop, mill.acked) })
		running.Go(func() { mill.broadcast(stop) })
	}
	// More than the busy robot may say in a minute, so that its budget shows.
	mill.order(t, 26, "busy")

	for round, moment := range []struct {
		stage string
		lose  bool
	}{
		{beforeDelivery, true}, {beforeAnswer, false}, {beforeDelivery, false}, {beforeAnswer, false},
	} {
		before := mill.countAcked()
		trap := p.set(moment.stage, 5+3*round, moment.lose)
		mill.order(t, 20, "")
		receive(t, "a call of a robot "+moment.stage, trap.caught)
		await(t, "events acknowledged since the start", func() bool { return mill.countAcked() > before+100 })
		h.kill()
		close(trap.release)
		h.start()
	}
	// And twice without choosing the moment.
	for range 2 {
		before := mill.countAcked()
		mill.order(t, 10, "")
		await(t, "events acknowledged since the start", func() bool { return mill.countAcked() > before+100 })
		h.kill()
		h.start()
	}
	await(t, "every broadcast being accepted", func() bool { return mill.waiting() == 0 })
	close(stop)
	running.Wait()

	mill.wantEveryEventOnce(t, admin)
	mill.wantEveryBroadcastOnce(t)
	wantBudgetsKept(t, p)
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// mill keeps what was asked for and what was promised.
type mill struct {
	p     *platform
	admin client
	// names and ids of the robots; the first is called busy.
	names, ids []string
	orders     chan order

	mu       sync.Mutex
	events   []string
	texts    []string
	accepted map[string]string // text → broadcast
}

type order struct{ text, robot string }

func newMill(t *testing.T, p *platform, h *house, admin client) *mill {
	t.Helper()
	m := &mill{p: p, admin: admin, orders: make(chan order, 1000), accepted: map[string]string{}}
	for i := range 13 {
		name := fmt.Sprintf("kill%02d", i)
		if i == 0 {
			name = "busy"
		}
		token, signing := fmt.Sprintf("token-of-%s-0123456789", name), fmt.Sprintf("SEC%s%060d", name, i)
		check(t, p.box.AddRobot(sandbox.Robot{Name: name, AccessToken: token, Secret: signing}))
		m.names = append(m.names, name)
		m.ids = append(m.ids, admin.addRobot(t, name, token, signing))
	}
	return m
}

// order asks for broadcasts, all to one robot or in turn to all but the busy one.
func (m *mill) order(t *testing.T, count int, robot string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for range count {
		n := len(m.texts)
		o := order{text: fmt.Sprintf("broadcast number %04d", n), robot: m.ids[0]}
		if robot == "" {
			o.robot = m.ids[1+n%(len(m.ids)-1)]
		}
		m.texts = append(m.texts, o.text)
		m.orders <- o
	}
}

// broadcast sends the orders as a careful client does: under an idempotency key, again and again until
// one is accepted.
func (m *mill) broadcast(stop <-chan struct{}) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		var o order
		select {
		case <-stop:
			return
		case o = <-m.orders:
		}
		for {
			id, ok := m.try(o)
			if ok {
				m.mu.Lock()
				m.accepted[o.text] = id
				m.mu.Unlock()
				break
			}
			select {
			case <-stop:
				return
			case <-again.C:
			}
		}
	}
}

func (m *mill) try(o order) (id string, ok bool) {
	var out struct {
		Broadcast struct{ Broadcast struct{ ID string } }
	}
	r, err := m.admin.try(sayOp, text(o.text, "key of "+o.text, o.robot))
	if err != nil || len(r.Errors) > 0 || decode(r.Data, &out) != nil {
		return "", false
	}
	return out.Broadcast.Broadcast.ID, true
}

func (m *mill) acked(eventID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, eventID)
}

func (m *mill) countAcked() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.events)
}

// waiting is how many broadcasts have not been accepted.
func (m *mill) waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.texts) - len(m.accepted)
}

func (m *mill) wantEveryEventOnce(t *testing.T, admin client) {
	t.Helper()
	times := map[string]int{}
	for _, e := range admin.eventLog(t) {
		times[e.eventID(t)]++
	}
	for _, e := range m.events {
		if times[e] == 0 {
			t.Errorf("event %s was acknowledged and is not in the log", e)
		}
	}
	for e, n := range times {
		if n > 1 {
			t.Errorf("event %s is in the log %d times", e, n)
		}
	}
	t.Logf("%d events acknowledged, %d in the log", len(m.events), len(times))
}

func (m *mill) wantEveryBroadcastOnce(t *testing.T) {
	t.Helper()
	await(t, "every broadcast being heard", func() bool {
		heard := m.p.heard()
		return !slices.ContainsFunc(m.texts, func(text string) bool { return heard[text] == 0 })
	})
	for text, n := range m.p.heard() {
		if n != 1 {
			t.Errorf("%q was said %d times", text, n)
		}
	}
	for text, id := range m.accepted {
		await(t, "the end of "+text, func() bool { return m.admin.said(t, id).Status == "SENT" })
	}
	t.Logf("%d broadcasts accepted and said in %d calls", len(m.accepted), len(m.p.robotCalls()))
}

// wantBudgetsKept looks at every call that reached the platform, answered or not.
func wantBudgetsKept(t *testing.T, p *platform) {
	t.Helper()
	byRobot := map[string][]time.Time{}
	for _, c := range p.robotCalls() {
		byRobot[c.Token] = append(byRobot[c.Token], c.At)
	}
	const budget = 20
	for robot, at := range byRobot {
		for i := budget; i < len(at); i++ {
			if gap := at[i].Sub(at[i-budget]); gap < time.Minute {
				t.Errorf("robot %s was called %d times within %v", robot, budget+1, gap)
				break
			}
		}
	}
}
