package graph_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
)

// trap panics where it is told to.
type trap struct{ set atomic.Bool }

func (p *trap) spring() {
	if p.set.Load() {
		panic("panic with secret-detail")
	}
}

type trappedRobots struct {
	robot.Store
	*trap
}

func (s trappedRobots) List(ctx context.Context, p page.Request) (page.Of[robot.Robot], error) {
	s.spring()
	return s.Store.List(ctx, p)
}

func (s trappedRobots) GetMany(ctx context.Context, ids []id.Robot) ([]robot.Robot, error) {
	s.spring()
	return s.Store.GetMany(ctx, ids)
}

type trappedEvents struct {
	event.Store
	*trap
}

func (s trappedEvents) Bounds(ctx context.Context) (feed.Bounds, error) {
	s.spring()
	return s.Store.Bounds(ctx)
}

// A panic is one operation's failure, whatever carries it and wherever it happens: it shows a fixed
// sentence, its cause is in the log, and everybody else is served on.
func TestAPanicIsOneOperationsFailure(t *testing.T) {
	t.Parallel()
	var p trap
	h := newHouse(t, plan{
		robots: func(s robot.Store) robot.Store { return trappedRobots{s, &p} },
		events: func(s event.Store) event.Store { return trappedEvents{s, &p} },
	})
	admin := h.admin(t)
	boss := h.as(admin)
	after := boss.cursor(t)
	bystander := h.socket(t, admin)
	bystander.watch("s", after)
	streaming := boss.stream(t, watchEvents, vars{"after": after})
	streaming.wantN(-1)
	w := h.socket(t, admin)
	b := boss.broadcast(t, vars{"robotIds": []string{h.robotID(t, "ops"), h.robotID(t, "news")}, "message": text("x"), "sendAt": "2026-02-01T00:00:00Z"})

	p.set.Store(true)
	wantInternal := func(what, text string) {
		t.Helper()
		if !strings.Contains(text, `"reason":"internal"`) || !strings.Contains(text, `"code":"INTERNAL"`) || strings.Contains(text, "secret-detail") {
			t.Errorf("%s: got %s", what, text)
		}
	}
	a := boss.contract(t, "Robots", nil)
	wantInternal("a query", a.Body)
	if a.Status != http.StatusOK {
		t.Errorf("got %d", a.Status)
	}
	wantInternal("the fields of a list", boss.contract(t, "BroadcastById", vars{"id": b.ID}).Body)
	batch := boss.post(t, string(raw([]vars{{"query": "{ robots { nodes { id } } }"}, {"query": "{ viewer { username } }"}})))
	wantInternal("a batch", batch.Body)
	if !strings.Contains(batch.Body, `{"data":{"viewer":{"username":"boss"}}}`) {
		t.Errorf("the rest of the batch: %s", batch.Body)
	}
	w.subscribe("q", "{ robots { nodes { id } } }", nil)
	wantInternal("a query over a socket", string(w.want("q", "next").Payload))
	w.want("q", "complete")
	w.subscribe("s", watchEvents, nil)
	wantInternal("a subscription over a socket", string(w.want("s", "error").Payload))
	refused := boss.stream(t, watchEvents, nil)
	wantInternal("a subscription as events", refused.want("next"))
	refused.want("complete")
	p.set.Store(false)

	for _, still := range []*wire{bystander, w} {
		still.quiet()
	}
	h.append(t, "x", "1", raw(vars{"n": 1}))
	if f := feedOf(t, bystander.want("s", "next")); f.Data.CallbackEvents.Payload.N != 1 {
		t.Errorf("got %+v", f)
	}
	streaming.wantN(1)
	if log := h.log.String(); !strings.Contains(log, "secret-detail") || !strings.Contains(log, "request_id") {
		t.Error("the log does not say what happened")
	}
	if h.edge.Context().Err() != nil {
		t.Error("one operation's panic ended the group of them all")
	}
}

// failing gives errors as a broken database does.
type failingBroadcasts struct {
	broadcast.Store
	fail *atomic.Bool
}

type driverError struct{}

func (driverError) Error() string { return "disk I/O error: secret-detail /var/lib/posthouse" }

func (s failingBroadcasts) Attempts(ctx context.Context, ids []id.Delivery) ([]broadcast.Attempt, error) {
	if s.fail.Load() {
		return nil, driverError{}
	}
	return s.Store.Attempts(ctx, ids)
}

func TestAFaultInsideShowsAFixedSentence(t *testing.T) {
	t.Parallel()
	var fail atomic.Bool
	h := newHouse(t, plan{broadcasts: func(s broadcast.Store) broadcast.Store { return failingBroadcasts{s, &fail} }})
	boss := h.as(h.admin(t), "Accept-Language", "en")
	b := boss.broadcast(t, vars{"robotIds": []string{h.robotID(t, "ops")}, "message": text("x"), "sendAt": "2026-02-01T00:00:00Z"})
	fail.Store(true)
	a := boss.contract(t, "BroadcastById", vars{"id": b.ID})
	if a.Status != http.StatusOK || a.reason() != "internal" || !strings.Contains(a.Errors[0].Message, "request id") || strings.Contains(a.Body, "secret-detail") {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	if log := h.log.String(); !strings.Contains(log, "secret-detail") || !strings.Contains(log, a.Errors[0].Extensions.RequestID) {
		t.Error("the log does not say what happened to the request")
	}
}
