package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/graph"
)

// events reads server-sent events.
type events struct {
	t      testing.TB
	answer *http.Response
	lines  *bufio.Reader
	leave  context.CancelFunc
}

// stream sends an operation that wants its answer as events.
func (c client) stream(t testing.TB, query string, variables vars) *events {
	t.Helper()
	e, err := c.tryStream(t, query, variables)
	check(t, err)
	if e.answer.StatusCode != 200 || e.answer.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		body, _ := io.ReadAll(e.answer.Body)
		t.Fatalf("got %s %v %s", e.answer.Status, e.answer.Header, body)
	}
	return e
}

func (c client) tryStream(t testing.TB, query string, variables vars) (*events, error) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	t.Cleanup(leave)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.h.server.URL+"/graphql", strings.NewReader(string(raw(vars{"query": query, "variables": variables}))))
	check(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(c.headers); i += 2 {
		r.Header.Set(c.headers[i], c.headers[i+1])
	}
	answer, err := c.h.server.Client().Do(r)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return &events{t, answer, bufio.NewReader(answer.Body), leave}, nil
}

// next gives the next event; "" and its text for a comment.
func (e *events) next() (name, data string, err error) {
	for {
		line, err := e.lines.ReadString('\n')
		if err != nil {
			return "", "", err
		}
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "":
			return name, data, nil
		case strings.HasPrefix(line, ":"):
			name, data = "", line
		case strings.HasPrefix(line, "event: "):
			name = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			data = line[len("data: "):]
		}
	}
}

// want reads the next event, which must be of the name.
func (e *events) want(name string) string {
	e.t.Helper()
	got, data, err := e.next()
	if err != nil || got != name {
		e.t.Fatalf("got %q %q, %v, want %q", got, data, err, name)
	}
	return data
}

// wantEnd asserts that nothing more comes.
func (e *events) wantEnd() {
	e.t.Helper()
	if rest, err := io.ReadAll(e.lines); err != nil || len(rest) > 0 {
		e.t.Fatalf("after the end came %q, %v", rest, err)
	}
}

func (e *events) wantN(n int) {
	e.t.Helper()
	data := e.want("next")
	var f eventFeed
	check(e.t, json.Unmarshal([]byte(data), &f))
	if f.Data.CallbackEvents.Payload.N != n {
		e.t.Fatalf("got %s, want %d", data, n)
	}
}

func TestASubscriptionComesAsEvents(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	after := boss.cursor(t)
	e := boss.stream(t, watchEvents, vars{"after": after})
	if e.answer.Header.Get("Cache-Control") != "no-store" || e.answer.Header.Get("X-Accel-Buffering") != "no" {
		t.Errorf("got %v", e.answer.Header)
	}
	e.wantN(-1)
	for n := range 100 {
		h.append(t, "x", string(rune('a'+n)), raw(vars{"n": n}))
		e.wantN(n)
	}
}

// The header means that the subscription lives: what happens after it is not missed.
func TestAStreamWithoutACursorBeginsWithItsHeader(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	for n := range 20 {
		e := boss.stream(t, watchEvents, nil)
		h.append(t, "x", string(rune('a'+n)), raw(vars{"n": n}))
		e.wantN(n)
		e.leave()
	}
}

func TestOneAnswerComesAsEventsToo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	for name, c := range map[string]struct {
		query     string
		variables vars
		want      string
	}{
		"a query":                      {"{ viewer { username } }", nil, `{"data":{"viewer":{"username":"boss"}}}`},
		"a mutation":                   {`mutation { createRobot(input: {name: "s", webhook: "` + strings.Repeat("5f", 32) + `"}) { robot { name } } }`, nil, `{"data":{"createRobot":{"robot":{"name":"s"}}}}`},
		"a query that is refused":      {"{ nobody }", nil, `"reason":"query.invalid"`},
		"a subscription that is":       {watchEvents, vars{"after": "noise"}, `"reason":"page.cursor_invalid"`},
		"variables of another type":    {watchEvents, vars{"after": 5}, `"reason":"query.invalid"`},
		"a text that spans many lines": {"{ a: __typename\n\n\nb: __typename }", nil, `{"data":{"a":"Query","b":"Query"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := boss.stream(t, c.query, c.variables)
			if data := e.want("next"); !strings.Contains(data, c.want) {
				t.Errorf("got %s, want %s", data, c.want)
			}
			e.want("complete")
			e.wantEnd()
		})
	}
	forbidden := h.nobody().stream(t, watchEvents, nil)
	if data := forbidden.want("next"); !strings.Contains(data, `"reason":"session.missing"`) {
		t.Errorf("got %s", data)
	}
	forbidden.want("complete")
}

func TestAStreamMayComeByGet(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	a := boss.send(t, http.MethodGet, "/graphql?"+url.Values{"query": {"{ viewer { username } }"}}.Encode(), "", "Accept", "text/event-stream")
	if a.Body != "event: next\ndata: {\"data\":{\"viewer\":{\"username\":\"boss\"}}}\n\nevent: complete\ndata: \n\n" {
		t.Fatalf("got %q", a.Body)
	}
}

func TestASilentStreamIsKeptAliveByComments(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{unvisited: true})
	boss := h.as(h.admin(t))
	e := boss.stream(t, watchEvents, nil)
	for range 3 {
		h.tick(t)
		if comment := e.want(""); comment != ":" {
			t.Fatalf("got %q", comment)
		}
	}
	h.append(t, "x", "1", raw(vars{"n": 1}))
	e.wantN(1)
}

func TestAnEndedSessionEndsItsStreamsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.admin(t)
	e := h.as(boss).stream(t, watchEvents, nil)
	other := h.as(h.sessionOf(t, boss.Account)).stream(t, watchEvents, nil)
	h.as(boss).contract(t, "Logout", nil)
	if data := e.want("next"); !strings.Contains(data, `"reason":"session.expired"`) {
		t.Fatalf("got %s", data)
	}
	e.want("complete")
	e.wantEnd()
	h.append(t, "x", "1", raw(vars{"n": 1}))
	other.wantN(1)
}

// Without `complete` clients know that there is more, and come again.
func TestAServerThatStopsBreaksStreamsOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	after := boss.cursor(t)
	var all []*events
	for range 10 {
		all = append(all, boss.stream(t, watchEvents, nil), boss.stream(t, watchEvents, vars{"after": after}))
	}
	check(t, h.edge.Stop(t.Context()))
	for _, e := range all {
		for {
			name, _, err := e.next()
			if err != nil {
				break
			}
			if name != "next" {
				t.Fatalf("told %q at the stop", name)
			}
		}
	}
	late, err := boss.tryStream(t, watchEvents, nil)
	check(t, err)
	if rest, _ := io.ReadAll(late.lines); strings.Contains(string(rest), "complete") {
		t.Fatalf("a stream begun after the stop said %q", rest)
	}
}

func TestAClientThatLeavesGivesItsPlacesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{limits: graph.Limits{Connections: 2, Subscriptions: 1}})
	boss := h.as(h.admin(t))
	first := boss.stream(t, watchEvents, nil)
	refused, err := boss.tryStream(t, watchEvents, nil)
	check(t, err)
	body, err := io.ReadAll(refused.answer.Body)
	check(t, err)
	if refused.answer.StatusCode != http.StatusTooManyRequests || !strings.Contains(string(body), "rate.subscriptions") {
		t.Fatalf("got %s %s", refused.answer.Status, body)
	}
	first.leave()
	eventually(t, "the place of the stream that was left", func() bool {
		e, err := boss.tryStream(t, watchEvents, nil)
		check(t, err)
		defer e.leave()
		return e.answer.StatusCode == 200
	})
}

// The time limits of net/http are for reading a request, and ours for writing one event: neither may end
// a stream, or the connection after it.
func TestAStreamOutlivesTheServersTimeouts(t *testing.T) {
	t.Parallel()
	const timeout = 300 * time.Millisecond
	h := newHouse(t, plan{limits: graph.Limits{Write: timeout}, server: func(s *http.Server) { s.ReadTimeout, s.ReadHeaderTimeout = timeout, timeout }})
	boss := h.as(h.admin(t))
	e := boss.stream(t, watchEvents, nil)
	outlast(t, 3*timeout)
	h.append(t, "x", "1", raw(vars{"n": 1}))
	e.wantN(1)
}

func TestAConnectionServesOnAfterAStream(t *testing.T) {
	t.Parallel()
	const patient = 200 * time.Millisecond
	h := newHouse(t, plan{limits: graph.Limits{Write: patient}})
	boss := h.as(h.admin(t))
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(h.server.URL, "http://"))
	check(t, err)
	defer conn.Close()
	in := bufio.NewReader(conn)
	ask := func(accept string) string {
		body := `{"query":"{ viewer { username } }"}`
		r := newRequest(http.MethodPost, "/graphql", body, "Content-Type", "application/json", "Accept", accept, boss.headers[0], boss.headers[1])
		check(t, r.Write(conn))
		answer, err := http.ReadResponse(in, r)
		check(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		check(t, err)
		return string(text)
	}
	if got := ask("text/event-stream"); !strings.Contains(got, "event: complete") {
		t.Fatalf("got %q", got)
	}
	outlast(t, 3*patient)
	if got := ask("application/json"); got != `{"data":{"viewer":{"username":"boss"}}}` {
		t.Fatalf("the same connection then gave %q", got)
	}
}

// outlast lets so much of the machine's own time pass, which deadlines of connections are in.
func outlast(t testing.TB, d time.Duration) {
	t.Helper()
	select {
	case <-t.Context().Done():
	case <-time.After(d):
	}
}
