package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// wire is a client's end of a socket.
type wire struct {
	t    testing.TB
	conn *websocket.Conn
}

// message is what goes over it.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

const protocol = "graphql-transport-ws"

// dial opens a socket. Headers come in pairs.
func (h *house) dial(t testing.TB, protocols []string, headers ...string) *wire {
	t.Helper()
	conn, _, err := h.tryDial(t, protocols, headers...)
	check(t, err)
	return &wire{t, conn}
}

func (h *house) tryDial(t testing.TB, protocols []string, headers ...string) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	header := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, strings.Replace(h.server.URL, "http", "ws", 1)+"/graphql", &websocket.DialOptions{
		Subprotocols: protocols, HTTPHeader: header, HTTPClient: h.server.Client(),
	})
	if err == nil {
		conn.SetReadLimit(64 << 20)
		t.Cleanup(func() { _ = conn.CloseNow() })
	}
	return conn, answer, err
}

// socket opens a socket and introduces it.
func (h *house) socket(t testing.TB, c credentials) *wire {
	t.Helper()
	w := h.dial(t, []string{protocol})
	w.introduce(c)
	return w
}

func (w *wire) introduce(c credentials) {
	w.t.Helper()
	init := `{"type":"connection_init"}`
	if c.Token != "" {
		init = `{"type":"connection_init","payload":{"authorization":"Bearer ` + c.Token + `"}}`
	}
	w.send(init)
	w.want("", "connection_ack")
}

func (w *wire) send(text string) { w.write(websocket.MessageText, []byte(text)) }

func (w *wire) write(kind websocket.MessageType, data []byte) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	check(w.t, w.conn.Write(ctx, kind, data))
}

func (w *wire) subscribe(id, query string, variables vars) {
	w.t.Helper()
	w.send(string(raw(vars{"id": id, "type": "subscribe", "payload": vars{"query": query, "variables": variables}})))
}

// watch subscribes to events after a cursor behind which there is one more, and waits for that: then the
// subscription lives.
func (w *wire) watch(id, after string) {
	w.t.Helper()
	w.subscribe(id, watchEvents, vars{"after": after})
	w.want(id, "next")
}

func (w *wire) read() (message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, text, err := w.conn.Read(ctx)
	if err != nil {
		return message{}, err
	}
	var m message
	return m, json.Unmarshal(text, &m)
}

// want reads the next message, which must be of the id and the type. Pings of the server are answered
// on the way.
func (w *wire) want(id, kind string) message {
	w.t.Helper()
	for {
		m, err := w.read()
		if err != nil {
			w.t.Fatalf("wanted %s for %q: %v", kind, id, err)
		}
		if m.Type == "ping" && kind != "ping" {
			w.send(`{"type":"pong"}`)
			continue
		}
		if m.ID != id || m.Type != kind {
			w.t.Fatalf("got %s for %q with %s, want %s for %q", m.Type, m.ID, m.Payload, kind, id)
		}
		return m
	}
}

// wantReason reads an error message for the id.
func (w *wire) wantReason(id, reason string) {
	w.t.Helper()
	m := w.want(id, "error")
	var list []answerError
	check(w.t, json.Unmarshal(m.Payload, &list))
	if len(list) == 0 || list[0].Extensions.Reason != reason || list[0].Message == "" {
		w.t.Fatalf("got %s, want %s", m.Payload, reason)
	}
}

// quiet asserts that nothing has been sent: what comes next answers a question asked now.
func (w *wire) quiet() {
	w.t.Helper()
	w.send(`{"type":"ping","payload":{"is":"quiet"}}`)
	if m := w.want("", "pong"); string(m.Payload) != `{"is":"quiet"}` {
		w.t.Fatalf("got %s", m.Payload)
	}
}

// wantClose reads until the server closes, which must be with the code.
func (w *wire) wantClose(code websocket.StatusCode) websocket.CloseError {
	w.t.Helper()
	for {
		m, err := w.read()
		if err == nil && slices.Contains([]string{"ping", "pong", "connection_ack"}, m.Type) {
			continue
		}
		var closed websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != code {
			w.t.Fatalf("got %+v, %v, want the socket closed with %d", m, err, code)
		}
		return closed
	}
}

// eventFeed is what a subscription of callbackEvents gives.
type eventFeed struct {
	Data struct {
		CallbackEvents struct {
			Typename string `json:"__typename"`
			Cursor   string
			Payload  struct{ N int }
		}
	}
}

func feedOf(t testing.TB, m message) eventFeed {
	t.Helper()
	var f eventFeed
	check(t, json.Unmarshal(m.Payload, &f))
	return f
}
