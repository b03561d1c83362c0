package graph

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/request"
)

// subprotocol is the only one spoken; a client that names none is taken to speak it, because the
// sockets of DingTalk's mini-programs cannot name one (protocols.md §7.6).
const subprotocol = "graphql-transport-ws"

// Close codes of graphql-transport-ws, and one of WebSocket itself.
const (
	closeGoingAway    = websocket.StatusGoingAway
	closeBadMessage   = websocket.StatusCode(4400)
	closeUnauthorized = websocket.StatusCode(4401)
	closeForbidden    = websocket.StatusCode(4403)
	closeSubprotocol  = websocket.StatusCode(4406)
	closeInitTimeout  = websocket.StatusCode(4408)
	closeDuplicateID  = websocket.StatusCode(4409)
	closeTooManyInits = websocket.StatusCode(4429)
)

// socketBuffer is the size of each of a socket's two buffers. net/http's own have 4 KiB each, which is
// most of what an idle subscriber would cost.
const socketBuffer = 512

// socket is one WebSocket connection. Idle, it is one goroutine that reads, and one for each
// subscription.
type socket struct {
	api  *API
	conn *websocket.Conn
	net  net.Conn

	// ctx ends with the socket; its values are those of every operation.
	ctx    context.Context
	cancel context.CancelFunc
	heard  atomic.Int64 // when the peer last sent something, in milliseconds

	writing sync.Mutex

	mu         sync.Mutex
	inited     bool
	acked      chan struct{}
	actor      authz.Actor
	leave      func() // gives back the connection's place in the tally
	forget     func() // stops watching the session
	operations map[string]context.CancelFunc
}

// serveSocket upgrades the request and hands the connection to a goroutine of its own, so that
// net/http can let go of everything that belongs to the request.
func (a *API) serveSocket(w http.ResponseWriter, r *http.Request) {
	actor := authz.From(r.Context())
	leave, err := a.tally.connect(subject(actor))
	if err != nil {
		a.writeRefusal(w, r, http.StatusTooManyRequests, err)
		return
	}
	small := &smallBuffers{ResponseWriter: w}
	conn, err := websocket.Accept(small, r, &websocket.AcceptOptions{
		Subprotocols:    []string{subprotocol},
		CompressionMode: websocket.CompressionDisabled,
		// Sessions travel in headers and messages, never in cookies, so a foreign page has nothing to
		// ride on; and mini-programs send no Origin at all.
		InsecureSkipVerify: true,
	})
	if err != nil {
		leave()
		return // Accept has answered
	}
	conn.SetReadLimit(a.limits.Body)
	info := request.From(r.Context())
	s := &socket{
		api: a, conn: conn, net: small.conn, actor: actor, leave: leave, forget: func() {},
		acked: make(chan struct{}), operations: map[string]context.CancelFunc{},
	}
	s.ctx, s.cancel = context.WithCancel(request.With(a.group.Context(), &info))
	s.hear()
	offered := r.Header.Get("Sec-WebSocket-Protocol")
	if !a.group.Go("socket", func(context.Context) error { s.serve(offered); return nil }) {
		leave()
		_ = conn.CloseNow()
	}
}

// smallBuffers makes the upgraded connection use small buffers.
type smallBuffers struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack implements http.Hijacker.
func (s *smallBuffers) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, old, err := http.NewResponseController(s.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, _ := old.Reader.Peek(old.Reader.Buffered())
	s.conn = conn
	if len(early) == 0 {
		return conn, bufio.NewReadWriter(bufio.NewReaderSize(conn, socketBuffer), bufio.NewWriterSize(conn, socketBuffer)), nil
	}
	// What came with the handshake must not be lost: it stays readable in a buffer that holds it whole.
	reader := bufio.NewReaderSize(bytes.NewReader(bytes.Clone(early)), max(socketBuffer, len(early)))
	_, _ = reader.Peek(len(early))
	return conn, bufio.NewReadWriter(reader, bufio.NewWriterSize(conn, socketBuffer)), nil
}

// serve reads until the peer leaves or is sent away.
func (s *socket) serve(offered string) {
	s.api.sockets.add(s)
	defer s.done()
	if offered != "" && !strings.Contains(offered, subprotocol) {
		_ = s.conn.Close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	s.api.group.Go("socket init", func(context.Context) error { s.awaitInit(); return nil })
	for {
		m, err := s.read()
		if err != nil {
			return
		}
		s.hear()
		if code, reason := s.handle(m); code != 0 {
			_ = s.conn.Close(code, reason)
			return
		}
	}
}

// done ends everything that belongs to the socket.
func (s *socket) done() {
	s.cancel()
	s.api.sockets.remove(s)
	_ = s.conn.CloseNow()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	s.leave()
}

// awaitInit sends away a peer that does not introduce itself.
func (s *socket) awaitInit() {
	timer := s.api.clock.NewTimer(s.api.limits.InitWait)
	defer timer.Stop()
	select {
	case <-timer.C():
		s.end(closeInitTimeout, "Connection initialisation timeout")
	case <-s.acked:
	case <-s.ctx.Done():
	}
}

// lookAfter asks a silent peer whether it lives, and cuts off one that has not answered.
func (s *socket) lookAfter() {
	silent := s.api.clock.Now().Sub(time.UnixMilli(s.heard.Load()))
	switch {
	case silent >= 3*s.api.limits.Ping:
		_ = s.conn.CloseNow()
	case silent >= s.api.limits.Ping/2 && s.writing.TryLock():
		defer s.writing.Unlock()
		s.writeNow([]byte(`{"type":"ping"}`), pingPatience)
	}
}

// pingPatience is short because one goroutine pings everybody. A ping fits into any socket buffer that
// is not full already.
const pingPatience = time.Second

func (s *socket) hear() { s.heard.Store(s.api.clock.Now().UnixMilli()) }

func (s *socket) session() id.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.actor.Session
}

// end closes the socket with a code, without making the caller wait for the peer's answer.
func (s *socket) end(code websocket.StatusCode, reason string) {
	if !s.api.group.Go("socket close", func(context.Context) error {
		_ = s.conn.Close(code, reason)
		return nil
	}) {
		_ = s.conn.CloseNow()
	}
}

// write sends one message. A peer that does not take it in time is cut off.
func (s *socket) write(message []byte) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.writeNow(message, s.api.limits.Write)
}

func (s *socket) writeNow(message []byte, patience time.Duration) {
	_ = s.net.SetWriteDeadline(clock.Real().Now().Add(patience))
	if err := s.conn.Write(context.Background(), websocket.MessageText, message); err != nil {
		_ = s.conn.CloseNow()
	}
}
