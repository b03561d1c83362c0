package graph

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
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

// reasonBadMessage is what a peer that sent one is told.
const reasonBadMessage = "Invalid message received"

func (s *socket) read() (message, error) {
	kind, reader, err := s.conn.Reader(context.Background())
	if err != nil {
		return message{}, err
	}
	buf := s.api.buffers.take()
	defer s.api.buffers.give(buf)
	if _, err := buf.ReadFrom(reader); err != nil {
		return message{}, err
	}
	var m message
	if kind != websocket.MessageText || !utf8.Valid(buf.Bytes()) || json.Unmarshal(buf.Bytes(), &m) != nil {
		return message{}, errBadMessage
	}
	return m, nil
}

// closeFor is the code for a connection that cannot be read any further. What broke the rules of
// WebSocket has been answered by then.
func closeFor(err error) (websocket.StatusCode, string) {
	if errors.Is(err, errBadMessage) {
		return closeBadMessage, reasonBadMessage
	}
	return closeBroken, ""
}

// handle does what a message asks; a code other than zero closes the socket.
func (s *socket) handle(m message) (websocket.StatusCode, string) {
	switch {
	case m.Type == "connection_init":
		return s.init(m)
	case m.Type == "ping":
		s.send(message{Type: "pong", Payload: m.Payload})
	case m.Type == "pong":
	case m.Type == "subscribe" && m.ID != "":
		return s.subscribe(m)
	case m.Type == "complete" && m.ID != "":
		s.stop(m.ID)
	default:
		return closeBadMessage, reasonBadMessage
	}
	return 0, ""
}

// init signs the socket in with the payload's token, or else with the headers of the upgrade.
func (s *socket) init(m message) (websocket.StatusCode, string) {
	if s.inited {
		return closeTooManyInits, "Too many initialisation requests"
	}
	s.inited = true
	var payload initPayload
	if len(m.Payload) > 0 && json.Unmarshal(m.Payload, &payload) != nil {
		return closeBadMessage, reasonBadMessage
	}
	actor, err := s.signIn(payload)
	if err == nil {
		err = s.become(actor)
	}
	if err != nil {
		return refusalCode(err), errs.ReasonOf(err)
	}
	close(s.acked)
	s.send(message{Type: "connection_ack"})
	return 0, ""
}

// signIn finds out who speaks. Nobody in particular is no error.
func (s *socket) signIn(p initPayload) (authz.Actor, error) {
	if p == (initPayload{}) {
		err := s.actor.RequireAccount()
		if errors.Is(err, authz.ErrSignInRequired) {
			err = nil
		}
		return s.actor, err
	}
	return s.api.services.Sessions.Authenticate(s.ctx, session.ParseCredentials(p.Authorization, p.Skey), s.actor.Address, s.actor.UserAgent)
}

// become counts the socket under the actor, whatever it was counted under before, and follows the
// actor's session.
func (s *socket) become(actor authz.Actor) error {
	if subject(actor) != subject(s.actor) {
		leave, err := s.api.tally.connect(subject(actor))
		if err != nil {
			return err
		}
		s.leave()
		s.leave = leave
	}
	s.mu.Lock()
	s.actor = actor
	s.mu.Unlock()
	s.forget = s.api.sockets.watch(actor.Session, func() { s.end(closeForbidden, session.ErrExpired.Reason) })
	if s.api.ended(s.ctx, actor.Session) { // before anyone was watching
		return session.ErrExpired
	}
	return nil
}

// refusalCode tells clients whether to sign in anew or to come again later.
func refusalCode(err error) websocket.StatusCode {
	switch errs.CodeOf(err) {
	case errs.Unauthenticated, errs.Forbidden:
		return closeForbidden
	default:
		return closeTryAgain
	}
}

// refuse ends an operation that has failed as a whole.
func (s *socket) refuse(id string, out *response) {
	s.send(message{ID: id, Type: "error", Payload: encodeErrors(out.errors)})
}

// next sends one response of an operation.
func (s *socket) next(id string, out *response) {
	buf := s.api.buffers.take()
	defer s.api.buffers.give(buf)
	buf.Write(make([]byte, frameRoom))
	buf.WriteString(`{"id":`)
	buf.Write(quoted(id))
	buf.WriteString(`,"type":"next","payload":`)
	out.writeTo(buf)
	buf.WriteByte('}')
	s.write(buf.Bytes())
}

func (s *socket) send(m message) {
	b, err := json.Marshal(m)
	if err != nil {
		return // only a payload that is not JSON cannot be written, and every payload was read as JSON
	}
	s.write(append(make([]byte, frameRoom, frameRoom+len(b)), b...))
}

func quoted(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return []byte(`""`) // no string gets here: each can be written
	}
	return b
}

// clippedID keeps a close reason within the 123 bytes that WebSocket allows.
func clippedID(id string) string { return strings.ToValidUTF8(id[:min(len(id), 64)], "") }
