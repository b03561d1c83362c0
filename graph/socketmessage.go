package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/session"
)

// message is what either side sends.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// initPayload is how a socket signs in: the names are those of the HTTP headers.
type initPayload struct {
	Authorization string `json:"authorization"`
	Skey          string `json:"skey"`
}

// errBadMessage is a message that is not of the protocol.
var errBadMessage = errors.New("graph: not a message of graphql-transport-ws")

// errDuplicateID is an operation that uses the id of one that still runs.
var errDuplicateID = errors.New("graph: this id is in use")

func (s *socket) read() (message, error) {
	kind, reader, err := s.conn.Reader(context.Background())
	if err != nil {
		return message{}, err
	}
	buf := bodies.Get().(*bytes.Buffer)
	buf.Reset()
	defer func() {
		if buf.Cap() <= 64<<10 {
			bodies.Put(buf)
		}
	}()
	if _, err := buf.ReadFrom(reader); err != nil {
		return message{}, err
	}
	var m message
	if kind != websocket.MessageText || !utf8.Valid(buf.Bytes()) || json.Unmarshal(buf.Bytes(), &m) != nil || m.Type == "" {
		s.end(closeBadMessage, "Invalid message received")
		return message{}, errBadMessage
	}
	return m, nil
}

// handle does what a message asks; a code other than zero closes the socket.
func (s *socket) handle(m message) (websocket.StatusCode, string) {
	switch m.Type {
	case "connection_init":
		return s.init(m)
	case "ping":
		s.send(message{Type: "pong", Payload: m.Payload})
	case "pong":
	case "subscribe":
		return s.subscribe(m)
	case "complete":
		s.stop(m.ID)
	default:
		return closeBadMessage, "Invalid message received"
	}
	return 0, ""
}

// init signs the socket in with the payload's token, or else with the headers of the upgrade.
func (s *socket) init(m message) (websocket.StatusCode, string) {
	s.mu.Lock()
	again := s.inited
	s.inited = true
	actor := s.actor
	s.mu.Unlock()
	if again {
		return closeTooManyInits, "Too many initialisation requests"
	}
	var payload initPayload
	if len(m.Payload) > 0 && json.Unmarshal(m.Payload, &payload) != nil {
		return closeBadMessage, "Invalid message received"
	}
	if payload != (initPayload{}) {
		var code websocket.StatusCode
		if actor, code = s.signIn(payload); code != 0 {
			return code, "session.expired"
		}
	} else if errors.Is(actor.RequireAccount(), session.ErrExpired) {
		return closeForbidden, "session.expired"
	}
	leave, err := s.api.tally.connect(subject(actor))
	if err != nil {
		return closeForbidden, errConnections.Reason
	}
	s.mu.Lock()
	s.leave() // its place was counted under whoever the upgrade came from
	s.actor, s.leave = actor, leave
	s.forget = s.api.sockets.watch(actor.Session, func() { s.end(closeForbidden, "session.expired") })
	s.mu.Unlock()
	close(s.acked)
	s.send(message{Type: "connection_ack"})
	return 0, ""
}

func (s *socket) signIn(p initPayload) (authz.Actor, websocket.StatusCode) {
	s.mu.Lock()
	before := s.actor
	s.mu.Unlock()
	actor, err := s.api.services.Sessions.Authenticate(s.ctx, session.ParseCredentials(p.Authorization, p.Skey), before.Address, before.UserAgent)
	if err != nil {
		return authz.Actor{}, closeForbidden
	}
	return actor, 0
}

// subscribe starts an operation of any kind.
func (s *socket) subscribe(m message) (websocket.StatusCode, string) {
	select {
	case <-s.acked:
	default:
		return closeUnauthorized, "Unauthorized"
	}
	p, err := parseParams(m.Payload)
	if m.ID == "" || err != nil {
		return closeBadMessage, "Invalid message received"
	}
	ctx, actor, err := s.begin(m.ID)
	switch {
	case errors.Is(err, errDuplicateID):
		return closeDuplicateID, "Subscriber for " + clippedID(m.ID) + " already exists"
	case err != nil:
		s.refuse(m.ID, s.api.presenter.requestError(s.ctx, err))
		return 0, ""
	}
	op, refused := s.api.prepare(ctx, p)
	if refused != nil {
		s.stop(m.ID)
		s.refuse(m.ID, refused)
		return 0, ""
	}
	if !s.api.group.Go("socket operation", func(context.Context) error { s.run(ctx, m.ID, op, actor); return nil }) {
		s.stop(m.ID)
	}
	return 0, ""
}

// begin makes room for an operation. Its context ends with stop.
func (s *socket) begin(id string) (context.Context, authz.Actor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.operations[id]; taken {
		return nil, authz.Actor{}, errDuplicateID
	}
	if len(s.operations) >= s.api.limits.Operations {
		return nil, authz.Actor{}, errSubscriptions
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.operations[id] = cancel
	return authz.With(ctx, s.actor), s.actor, nil
}

// clippedID keeps a close reason within the 123 bytes that WebSocket allows.
func clippedID(id string) string { return id[:min(len(id), 64)] }

// run executes an operation and sends what it gives.
func (s *socket) run(ctx context.Context, id string, op *operation, actor authz.Actor) {
	defer s.stop(id)
	if op.kind() == ast.Subscription {
		leave, err := s.api.tally.subscribe(subject(actor))
		if err != nil {
			s.refuse(id, s.api.presenter.requestError(ctx, err))
			return
		}
		defer leave()
	}
	next := op.start(ctx)
	for out := next(); out != nil; out = next() {
		if out.data == nil {
			s.refuse(id, out)
			return
		}
		s.next(id, out)
	}
	if ctx.Err() == nil {
		s.send(message{ID: id, Type: "complete"})
	}
}

// stop ends an operation, if it still runs.
func (s *socket) stop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel, ok := s.operations[id]; ok {
		cancel()
		delete(s.operations, id)
	}
}

func (s *socket) next(id string, out *response) {
	buf := bodies.Get().(*bytes.Buffer)
	buf.Reset()
	b := append(buf.AvailableBuffer(), `{"id":`...)
	b = appendQuoted(b, id)
	b = append(b, `,"type":"next","payload":`...)
	b = append(out.appendJSON(b), '}')
	s.write(b)
	if cap(b) <= 64<<10 {
		bodies.Put(bytes.NewBuffer(b[:0]))
	}
}

// refuse ends an operation that has failed as a whole.
func (s *socket) refuse(id string, out *response) {
	payload, err := json.Marshal(out.errors)
	if err != nil {
		payload = []byte(`[{"message":"The errors cannot be shown."}]`)
	}
	s.send(message{ID: id, Type: "error", Payload: payload})
}

func (s *socket) send(m message) {
	b, err := json.Marshal(m)
	if err != nil {
		return // only a payload that is not JSON cannot be written, and every payload was read as JSON
	}
	s.write(b)
}

func appendQuoted(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...)
	}
	return append(b, quoted...)
}
