package graph_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/posthouse/posthouse/graph"
	"github.com/posthouse/posthouse/internal/authz"
)

func TestConnectionsOfAnAccountAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{limits: graph.Limits{Connections: 2}})
	boss, clerk := h.admin(t), h.member(t)
	header := []string{"Authorization", "Bearer " + boss.Token}
	first := h.dial(t, nil, header...)
	first.introduce(boss) // counted once, although it said twice who it is
	second := h.dial(t, nil, header...)
	second.introduce(credentials{})

	_, answer, err := h.tryDial(t, nil, header...)
	if err == nil || answer.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("got %v, %v", answer, err)
	}
	third := h.dial(t, nil) // from an address that has none open
	third.send(`{"type":"connection_init","payload":{"authorization":"Bearer ` + boss.Token + `"}}`)
	if closed := third.wantClose(1013); closed.Reason != "rate.connections" {
		t.Errorf("told %q", closed.Reason)
	}
	h.socket(t, clerk) // another account is not concerned

	check(t, first.conn.Close(websocket.StatusNormalClosure, ""))
	eventually(t, "the place of the closed socket", func() bool {
		conn, _, err := h.tryDial(t, nil, header...)
		if err == nil {
			_ = conn.CloseNow()
		}
		return err == nil
	})
	second.quiet()
}

func TestSubscriptionsOfAnAccountAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{limits: graph.Limits{Subscriptions: 3, Operations: 2}})
	boss := h.admin(t)
	after := h.as(boss).cursor(t)
	a, b := h.socket(t, boss), h.socket(t, boss)
	a.watch("1", after)
	a.watch("2", after)
	a.subscribe("3", watchEvents, nil)
	a.wantReason("3", "rate.subscriptions") // too many on this socket
	b.watch("1", after)
	b.subscribe("2", watchEvents, nil)
	b.wantReason("2", "rate.subscriptions") // too many of this account
	a.send(`{"id":"1","type":"complete"}`)
	eventually(t, "the place of the completed subscription", func() bool {
		b.subscribe("2", watchEvents, vars{"after": after})
		m, err := b.read()
		check(t, err)
		return m.Type == "next"
	})
}

func TestAServerThatStopsSaysSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.admin(t)
	subscribed, silent, fresh := h.socket(t, boss), h.socket(t, credentials{}), h.dial(t, nil)
	subscribed.subscribe("s", watchEvents, nil)
	subscribed.quiet()
	stopped := make(chan error, 1)
	go func() { stopped <- h.edge.Stop(t.Context()) }()
	for _, w := range []*wire{subscribed, silent, fresh} {
		w.wantClose(1001) // and no `complete` before: clients come again
	}
	check(t, await(t, "the end of every socket", stopped))
	_, answer, err := h.tryDial(t, nil)
	if err == nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("got %v, %v", answer, err)
	}
}

// A peer that takes its time with the goodbye is not waited for.
func TestAServerThatStopsDoesNotWaitForDeafPeers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	h.dial(t, nil) // never reads
	began := time.Now()
	check(t, h.edge.Stop(t.Context()))
	if took := time.Since(began); took > 10*time.Second {
		t.Fatalf("took %s", took)
	}
}

func TestWithoutSomebodyWhoVisitsSocketsStillEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{idle: true, unvisited: true})
	w := h.socket(t, credentials{})
	go func() { _ = h.edge.Stop(t.Context()) }()
	w.wantClose(1001)
}

// An administrator who is one no longer is none on the sockets that are open either.
func TestASocketActsWithTheRolesOfNow(t *testing.T) {
	t.Parallel()
	var demoted roleSwitch
	h := newHouse(t, plan{accounts: demoted.wrap})
	boss := h.admin(t)
	w := h.socket(t, boss)
	w.subscribe("1", "{ robots { nodes { name } } }", nil)
	if m := w.want("1", "next"); !strings.Contains(string(m.Payload), "ops") {
		t.Fatalf("got %s", m.Payload)
	}
	w.want("1", "complete")
	demoted.to(authz.Member)
	check(t, h.bus.Publish(t.Context(), "account.changed", []byte(boss.Account.ID)))
	w.subscribe("1", "{ robots { nodes { name } } }", nil)
	if m := w.want("1", "next"); !strings.Contains(string(m.Payload), "authz.forbidden") {
		t.Fatalf("got %s", m.Payload)
	}
}

// A database that is away is no reason to sign in anew.
func TestASocketThatCannotBeCheckedIsAskedToComeAgain(t *testing.T) {
	t.Parallel()
	var away roleSwitch
	h := newHouse(t, plan{accounts: away.wrap})
	boss := h.admin(t)
	away.fail(true)
	w := h.dial(t, nil)
	w.send(`{"type":"connection_init","payload":{"authorization":"Bearer ` + boss.Token + `"}}`)
	w.wantClose(1013)
	byHeader := h.dial(t, nil, "Authorization", "Bearer "+boss.Token)
	byHeader.send(initAnonymous)
	byHeader.wantClose(1013)
	a := h.as(boss).contract(t, "Viewer", nil)
	if a.Status != 200 || a.reason() != "store.unreachable" || a.Errors[0].Extensions.Code != "UNAVAILABLE" {
		t.Errorf("over HTTP: %d %s", a.Status, a.Body)
	}
	away.fail(false)
	h.socket(t, boss)
}
