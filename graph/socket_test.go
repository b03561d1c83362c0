package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/posthouse/posthouse/graph"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/server/sandbox"
)

const (
	initAnonymous = `{"type":"connection_init"}`
	watchEvents   = `subscription ($after: String) { callbackEvents(after: $after) { __typename ... on CallbackEvent { cursor payload } ... on FeedLagged { cursor } ... on FeedReset { cursor } } }`
)

func TestASocketCarriesOperationsOfEveryKind(t *testing.T) {
	t.Parallel()
	for name, protocols := range map[string][]string{"with the subprotocol": {protocol}, "with none named": nil, "among others": {"graphql-ws", protocol}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, plan{})
			w := h.dial(t, protocols)
			w.introduce(h.admin(t))
			w.quiet()

			w.subscribe("q", "{ viewer { username } }", nil)
			if m := w.want("q", "next"); string(m.Payload) != `{"data":{"viewer":{"username":"boss"}}}` {
				t.Fatalf("got %s", m.Payload)
			}
			w.want("q", "complete")

			w.subscribe("s", watchEvents, nil)
			w.subscribe("q", "{ a: __typename }", nil) // the same id again
			w.want("q", "next")
			w.want("q", "complete")
			h.append(t, "user_add_org", "1", raw(vars{"n": 1}))
			if f := feedOf(t, w.want("s", "next")); f.Data.CallbackEvents.Typename != "CallbackEvent" || f.Data.CallbackEvents.Payload.N != 1 {
				t.Fatalf("got %+v", f)
			}

			w.subscribe("e", "{ nobody }", nil)
			w.wantReason("e", "query.invalid")
			w.subscribe("e", `query ($n: Int!) { robots(first: $n) { nodes { id } } }`, vars{"n": "x"})
			w.wantReason("e", "query.invalid")
			w.subscribe("e", `{ robots(first: 0) { nodes { id } } }`, nil)
			if m := w.want("e", "next"); !strings.Contains(string(m.Payload), `"page.first_invalid"`) || !strings.Contains(string(m.Payload), `"data":null`) {
				t.Fatalf("got %s", m.Payload)
			}
			w.want("e", "complete")
			w.subscribe("e", watchEvents, vars{"after": "noise"})
			w.wantReason("e", "page.cursor_invalid")

			w.send(`{"id":"s","type":"complete"}`)
			w.quiet()
			h.append(t, "user_add_org", "2", raw(vars{"n": 2}))
			w.quiet()

			w.subscribe("m", contractOperation(t, "Logout"), nil)
			w.wantClose(4403)
		})
	}
}

// Everything that is not of the protocol closes the socket with the protocol's code for it.
func TestCloseCodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.admin(t)
	signIn := `{"type":"connection_init","payload":{"authorization":"Bearer ` + boss.Token + `"}}`
	sub := func(id string) string {
		return string(raw(vars{"id": id, "type": "subscribe", "payload": vars{"query": watchEvents}}))
	}
	for name, c := range map[string]struct {
		sent []string
		code websocket.StatusCode
	}{
		"text that is no JSON":             {[]string{"hello"}, 4400},
		"half of JSON":                     {[]string{`{"type":`}, 4400},
		"two messages in one":              {[]string{`{"type":"ping"}{"type":"ping"}`}, 4400},
		"nothing":                          {[]string{""}, 4400},
		"null":                             {[]string{"null"}, 4400},
		"a list":                           {[]string{"[]"}, 4400},
		"no type":                          {[]string{"{}"}, 4400},
		"a type that is a number":          {[]string{`{"type":5}`}, 4400},
		"an unknown type":                  {[]string{`{"type":"start"}`}, 4400},
		"what only servers say":            {[]string{initAnonymous, `{"id":"1","type":"next","payload":{}}`}, 4400},
		"an id that is a number":           {[]string{initAnonymous, `{"id":1,"type":"subscribe","payload":{"query":"{ a }"}}`}, 4400},
		"invalid UTF-8":                    {[]string{"{\"type\":\"ping\",\"payload\":\"\xff\"}"}, 4400},
		"subscribe without an id":          {[]string{initAnonymous, `{"type":"subscribe","payload":{"query":"{ a }"}}`}, 4400},
		"subscribe with an empty id":       {[]string{initAnonymous, `{"id":"","type":"subscribe","payload":{"query":"{ a }"}}`}, 4400},
		"subscribe without a payload":      {[]string{initAnonymous, `{"id":"1","type":"subscribe"}`}, 4400},
		"subscribe without a query":        {[]string{initAnonymous, `{"id":"1","type":"subscribe","payload":{}}`}, 4400},
		"a query that is a number":         {[]string{initAnonymous, `{"id":"1","type":"subscribe","payload":{"query":5}}`}, 4400},
		"variables that are a list":        {[]string{initAnonymous, `{"id":"1","type":"subscribe","payload":{"query":"{ a }","variables":[]}}`}, 4400},
		"complete without an id":           {[]string{initAnonymous, `{"type":"complete"}`}, 4400},
		"an introduction by a list":        {[]string{`{"type":"connection_init","payload":[]}`}, 4400},
		"a token that is a number":         {[]string{`{"type":"connection_init","payload":{"authorization":5}}`}, 4400},
		"subscribe without introduction":   {[]string{sub("1")}, 4401},
		"subscribe after a ping only":      {[]string{`{"type":"ping"}`, sub("1")}, 4401},
		"a token that never was":           {[]string{`{"type":"connection_init","payload":{"authorization":"Bearer x"}}`}, 4403},
		"an skey that never was":           {[]string{`{"type":"connection_init","payload":{"skey":"phs_x"}}`}, 4403},
		"one id for two that run":          {[]string{signIn, sub("1"), sub("1")}, 4409},
		"one long id for two that run":     {[]string{signIn, sub(strings.Repeat("驿", 100)), sub(strings.Repeat("驿", 100))}, 4409},
		"two introductions":                {[]string{initAnonymous, initAnonymous}, 4429},
		"an introduction after operations": {[]string{signIn, sub("1"), signIn}, 4429},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := h.dial(t, []string{protocol})
			for _, text := range c.sent {
				w.send(text)
			}
			if closed := w.wantClose(c.code); closed.Reason == "" {
				t.Error("no reason was given")
			}
		})
	}
	t.Run("a binary message", func(t *testing.T) {
		t.Parallel()
		w := h.dial(t, []string{protocol})
		w.write(websocket.MessageBinary, []byte(initAnonymous))
		w.wantClose(4400)
	})
	t.Run("another subprotocol", func(t *testing.T) {
		t.Parallel()
		for _, foreign := range []string{"graphql-ws", "x-" + protocol, "soap"} {
			h.dial(t, []string{foreign}).wantClose(4406)
		}
	})
}

func TestAPeerThatDoesNotIntroduceItselfIsSentAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{idle: true})
	w := h.dial(t, []string{protocol})
	h.clock.AwaitTimers(2) // of the one who visits, and of the one who waits for the introduction
	h.clock.Advance(10 * time.Second)
	w.wantClose(4408)
}

func TestASocketSignsInByPayloadOrByHeader(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss, clerk := h.admin(t), h.member(t)
	code, err := h.box.NewWechatCode(sandbox.WechatPerson{})
	check(t, err)
	var mini struct {
		WechatLogin struct{ Session struct{ Skey string } }
	}
	h.nobody().contract(t, "WechatLogin", vars{"input": vars{"code": code.Code}}).into(t, &mini)
	skey := mini.WechatLogin.Session.Skey
	for name, c := range map[string]struct {
		headers []string
		payload vars
		want    string
	}{
		"nobody":                           {nil, nil, `"reason":"session.missing"`},
		"an empty payload":                 {nil, vars{}, `"reason":"session.missing"`},
		"a payload of other things":        {nil, vars{"lang": "zh", "authorization": nil}, `"reason":"session.missing"`},
		"by payload":                       {nil, vars{"authorization": "Bearer " + boss.Token}, `"username":"boss"`},
		"by payload, in capitals":          {nil, vars{"Authorization": "bearer " + boss.Token}, `"username":"boss"`},
		"by header":                        {[]string{"Authorization", "Bearer " + boss.Token}, nil, `"username":"boss"`},
		"by header, with an empty one":     {[]string{"Authorization", "Bearer " + boss.Token}, vars{}, `"username":"boss"`},
		"the payload before the header":    {[]string{"Authorization", "Bearer " + boss.Token}, vars{"authorization": "Bearer " + clerk.Token}, `"username":"clerk"`},
		"the payload despite a bad header": {[]string{"Authorization", "Bearer nonsense"}, vars{"authorization": "Bearer " + clerk.Token}, `"username":"clerk"`},
		"a mini-program by payload":        {nil, vars{"skey": skey}, `"username":null`},
		"a mini-program by header":         {[]string{"skey", skey}, nil, `"username":null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := h.dial(t, []string{protocol}, c.headers...)
			init := vars{"type": "connection_init"}
			if c.payload != nil {
				init["payload"] = c.payload
			}
			w.send(string(raw(init)))
			w.want("", "connection_ack")
			w.subscribe("1", "{ viewer { username } }", nil)
			if m := w.want("1", "next"); !strings.Contains(string(m.Payload), c.want) {
				t.Errorf("got %s, want %s", m.Payload, c.want)
			}
		})
	}
	t.Run("a bad header", func(t *testing.T) {
		t.Parallel()
		w := h.dial(t, []string{protocol}, "Authorization", "Bearer nonsense")
		w.send(initAnonymous)
		if closed := w.wantClose(4403); closed.Reason != "session.expired" {
			t.Errorf("told %q", closed.Reason)
		}
	})
}

func TestAnEndedSessionClosesItsSocketsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.admin(t)
	other := h.sessionOf(t, boss.Account)
	byPayload := h.socket(t, boss)
	byHeader := h.dial(t, []string{protocol}, "Authorization", "Bearer "+boss.Token)
	byHeader.introduce(credentials{})
	another := h.socket(t, other)
	for _, w := range []*wire{byPayload, byHeader, another} {
		w.subscribe("s", watchEvents, nil)
		w.subscribe("q", "{ __typename }", nil)
		w.want("q", "next")
		w.want("q", "complete")
	}
	h.as(boss).contract(t, "Logout", nil)
	for _, w := range []*wire{byPayload, byHeader} {
		if closed := w.wantClose(4403); closed.Reason != "session.expired" {
			t.Errorf("told %q", closed.Reason)
		}
	}
	another.quiet() // the account's other session goes on
}

func TestASessionThatRunsOutOfTimeClosesItsSockets(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{idle: true, sessions: session.Config{SkeyTTL: time.Hour}})
	code, err := h.box.NewWechatCode(sandbox.WechatPerson{})
	check(t, err)
	var mini struct {
		WechatLogin struct{ Session struct{ Skey string } }
	}
	h.nobody().contract(t, "WechatLogin", vars{"input": vars{"code": code.Code}}).into(t, &mini)
	w := h.dial(t, nil, "skey", mini.WechatLogin.Session.Skey)
	w.introduce(credentials{})
	await(t, "someone who looks after the sockets", h.ticking)
	h.clock.Advance(time.Hour + time.Second)
	w.wantClose(4403)
}

func TestPeersAreAskedWhetherTheyLiveAndTheDeadCutOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{idle: true})
	dead := h.socket(t, credentials{})
	var live, talking *rawPeer
	for _, p := range []**rawPeer{&live, &talking} {
		*p = h.dialRaw(t, frame(final|opText, []byte(initAnonymous)))
		(*p).wantText(`{"type":"connection_ack"}`)
		(*p).settle()
	}
	for range 5 {
		h.tick(t)
		live.wantText(`{"type":"ping"}`)
		live.send(frame(final|opText, []byte(`{"type":"pong"}`)))
		live.settle()
		talking.wantText(`{"type":"ping"}`)
		talking.settle() // a ping of WebSocket itself shows life too
	}
	for {
		m, err := dead.read()
		if err != nil {
			break
		}
		if m.Type != "ping" {
			t.Fatalf("got %+v", m)
		}
	}
	live.settle()
	talking.settle()
}

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

func TestACompletedOperationStopsAndItsIDIsFreeAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{limits: graph.Limits{Operations: 1}})
	w := h.socket(t, h.admin(t))
	for i := range 200 {
		w.subscribe("1", "{ a: __typename }", nil) // its end is told only when the next may begin
		w.want("1", "next")
		w.want("1", "complete")
		w.subscribe("1", watchEvents, nil)
		w.send(`{"id":"1","type":"complete"}`)
		if i%50 == 0 {
			h.append(t, "x", fmt.Sprint(i), raw(vars{"n": i}))
		}
	}
	w.send(`{"id":"nobody","type":"complete"}`) // may cross the server's own
	w.subscribe("1", watchEvents, nil)
	eventually(t, "the last subscription", func() bool {
		h.append(t, "x", fmt.Sprint(time.Now().UnixNano()), raw(vars{"n": 1000}))
		w.send(`{"type":"ping"}`)
		m, err := w.read()
		check(t, err)
		return m.Type == "next" && m.ID == "1"
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
