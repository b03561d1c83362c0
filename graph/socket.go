package graph

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/request"
)

// subprotocol is the only one spoken; a client that names none is taken to speak it, because the
// sockets of DingTalk's mini-programs cannot name one (protocols.md §7.6).
const subprotocol = "graphql-transport-ws"

// Close codes of graphql-transport-ws, and some of WebSocket itself. Clients come again after 1001 and
// 1013 and not after most others.
const (
	closeGoingAway    = websocket.StatusGoingAway
	closeTryAgain     = websocket.StatusTryAgainLater
	closeBroken       = websocket.StatusProtocolError
	closeBadMessage   = websocket.StatusCode(4400)
	closeUnauthorized = websocket.StatusCode(4401)
	closeForbidden    = websocket.StatusCode(4403)
	closeSubprotocol  = websocket.StatusCode(4406)
	closeInitTimeout  = websocket.StatusCode(4408)
	closeDuplicateID  = websocket.StatusCode(4409)
	closeTooManyInits = websocket.StatusCode(4429)
)

const (
	// readBuffer and writeBuffer are the sizes of a socket's buffers; net/http's own have 4 KiB each, too
	// much for an idle subscriber. Large messages are read past the one. Through the other go control
	// frames only, each whole.
	readBuffer  = 128
	writeBuffer = 2 + 125
	// closePatience is how long a peer that is sent away may take to say goodbye.
	closePatience = 5 * time.Second
	// pingPatience is short because one goroutine pings everybody. A ping fits into any socket buffer
	// that is not full already.
	pingPatience = time.Second
)

var errStopping = errs.New(errs.Unavailable, "server.stopping", "The server is stopping. Try again in a moment.")

// socket is one WebSocket connection. Idle, it is one goroutine that waits for what the peer says.
type socket struct {
	api    *API
	conn   *websocket.Conn
	net    net.Conn
	reader *bufio.Reader // what conn reads from
	raw    syscall.RawConn

	told   sync.WaitGroup // of the server's stop
	untell func() bool

	// ctx ends when the peer is sent away or gone; its values are those of every operation.
	ctx    context.Context
	cancel context.CancelFunc
	heard  atomic.Int64 // when the peer last sent something, in milliseconds

	writing sync.Mutex

	// The goroutine that reads owns these.
	inited bool
	leave  func() // gives back the connection's place in the tally
	forget func() // stops watching the session
	acked  chan struct{}

	mu         sync.Mutex
	actor      authz.Actor
	operations []*running // few enough to look through
}

// serveSocket upgrades the request and hands the connection to a goroutine of its own, so that
// net/http can let go of everything that belongs to the request.
func (a *API) serveSocket(w http.ResponseWriter, r *http.Request) {
	if a.stopping() {
		a.writeRefusal(w, r, http.StatusServiceUnavailable, errStopping)
		return
	}
	actor := authz.From(r.Context())
	leave, err := a.tally.connect(subject(actor))
	if err != nil {
		a.writeRefusal(w, r, http.StatusTooManyRequests, err)
		return
	}
	info := request.From(r.Context())
	s := &socket{
		api: a, actor: actor, leave: leave, forget: func() {},
		acked: make(chan struct{}),
	}
	if err := s.accept(w, r); err != nil {
		leave()
		return // the peer has its answer
	}
	s.ctx, s.cancel = context.WithCancel(request.With(a.group.Context(), &info))
	s.hear()
	foreign := s.conn.Subprotocol() == "" && len(r.Header.Values("Sec-WebSocket-Protocol")) > 0
	if !a.spawn(s.ctx, "socket", func() { s.greet(foreign) }) {
		s.close(closeGoingAway, errStopping.Reason)
		s.done()
	}
}

func (s *socket) accept(w http.ResponseWriter, r *http.Request) error {
	small := &smallBuffers{ResponseWriter: w}
	conn, err := websocket.Accept(small, r, &websocket.AcceptOptions{
		Subprotocols:    []string{subprotocol},
		CompressionMode: websocket.CompressionDisabled,
		// Sessions travel in headers and messages, never in cookies, so a foreign page has nothing to
		// ride on; and mini-programs send no Origin at all.
		InsecureSkipVerify: true,
		// A peer may show that it lives by the pings of WebSocket itself.
		OnPingReceived: func(context.Context, []byte) bool { s.hear(); return true },
	})
	if err != nil {
		return err
	}
	conn.SetReadLimit(s.api.limits.Body)
	s.conn, s.net, s.reader = conn, small.conn, small.reader
	if small.early == 0 {
		s.raw = rawOf(small.conn)
	}
	return nil
}

// rawOf gives access to a connection on which whatever has come and is not read yet lies with the
// operating system, and nil for others, such as those that decrypt.
func rawOf(conn net.Conn) syscall.RawConn {
	switch conn.(type) {
	case *net.TCPConn, *net.UnixConn:
		raw, err := conn.(syscall.Conn).SyscallConn()
		if err == nil {
			return raw
		}
	}
	return nil
}

// smallBuffers makes the upgraded connection use small buffers.
type smallBuffers struct {
	http.ResponseWriter
	conn   net.Conn
	reader *bufio.Reader
	early  int
}

// Hijack implements http.Hijacker.
func (s *smallBuffers) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, old, err := http.NewResponseController(s.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, _ := old.Reader.Peek(old.Reader.Buffered())
	s.conn, s.early = conn, len(early)
	if len(early) == 0 {
		s.reader = bufio.NewReaderSize(conn, readBuffer)
	} else {
		// What came with the handshake must not be lost: it stays readable in a buffer that holds it whole.
		s.reader = bufio.NewReaderSize(bytes.NewReader(bytes.Clone(early)), max(readBuffer, len(early)))
		_, _ = s.reader.Peek(len(early))
	}
	return conn, bufio.NewReadWriter(s.reader, bufio.NewWriterSize(conn, writeBuffer)), nil
}

// greet begins to serve a new peer.
func (s *socket) greet(foreign bool) {
	s.api.sockets.add(s)
	s.told.Add(1)
	s.untell = context.AfterFunc(s.api.group.Context(), func() {
		defer s.told.Done()
		s.close(closeGoingAway, errStopping.Reason)
	})
	if foreign {
		s.close(closeSubprotocol, "Subprotocol not acceptable")
		s.part()
		return
	}
	s.api.spawn(s.ctx, "socket init", s.awaitInit)
	s.serve()
}

// serve reads until the peer leaves or is sent away. Where it can wait without reading it does so in a
// goroutine that has not done anything else: one that has read and answered keeps the stack it needed
// for that, which is most of what an idle peer would cost.
func (s *socket) serve() {
	handedOn := false
	defer func() {
		if !handedOn {
			s.part()
		}
	}()
	for {
		if s.raw != nil {
			awaitData(s.raw)
		}
		if !s.heed() {
			return
		}
		if s.raw != nil {
			if handedOn = s.api.spawn(s.ctx, "socket", s.serve); handedOn {
				return
			}
		}
	}
}

// heed reads and answers what the peer has said; false when it is over.
func (s *socket) heed() bool {
	for {
		m, err := s.read()
		if err != nil {
			s.close(closeFor(err)) // the code counts only where none was sent before
			return false
		}
		if s.ctx.Err() == nil { // else it is on its way out, and what it still asks for is not looked at
			s.hear()
			if code, reason := s.handle(m); code != 0 {
				s.close(code, reason)
				return false
			}
		}
		if s.reader.Buffered() == 0 {
			return true
		}
	}
}

// part ends the socket once the peer knows why.
func (s *socket) part() {
	if !s.untell() {
		s.told.Wait()
	}
	s.done()
}

// done ends everything that belongs to the socket.
func (s *socket) done() {
	s.cancel()
	s.api.sockets.remove(s)
	_ = s.conn.CloseNow()
	s.forget()
	s.leave()
}

// awaitInit sends away a peer that does not introduce itself.
func (s *socket) awaitInit() {
	timer := s.api.clock.NewTimer(s.api.limits.InitWait)
	defer timer.Stop()
	select {
	case <-timer.C():
		s.close(closeInitTimeout, "Connection initialisation timeout")
	case <-s.acked:
	case <-s.ctx.Done():
	}
}

// lookAfter asks a silent peer whether it lives, and cuts off one that has not answered.
func (s *socket) lookAfter() {
	silent := s.api.clock.Now().Sub(time.UnixMilli(s.heard.Load()))
	switch {
	case silent >= 3*s.api.limits.Ping:
		s.cut()
	case silent >= s.api.limits.Ping/2 && s.writing.TryLock():
		defer s.writing.Unlock()
		s.writeNow(framed(append(make([]byte, frameRoom), `{"type":"ping"}`...)), pingPatience)
	}
}

func (s *socket) hear() { s.heard.Store(s.api.clock.Now().UnixMilli()) }

func (s *socket) session() id.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.actor.Session
}

// end sends the peer away without making the caller wait for it. Its operations end at once.
func (s *socket) end(code websocket.StatusCode, reason string) {
	s.cancel()
	// When the group has stopped, the socket is being told of that.
	s.api.spawn(s.ctx, "socket close", func() { s.close(code, reason) })
}

// close sends the peer away and waits for its answer. Of several codes the first counts.
func (s *socket) close(code websocket.StatusCode, reason string) {
	s.cancel()
	_ = s.net.SetDeadline(clock.Real().Now().Add(closePatience))
	s.writing.Lock()   // whatever is being written; nothing may follow the goodbye
	s.writing.Unlock() //nolint:staticcheck // nothing is to be done in between
	_ = s.conn.Close(code, reason)
}

// cut ends the connection without a word.
func (s *socket) cut() {
	s.cancel()
	_ = s.net.Close()
}

// write sends one message, unless the peer is being sent away: frameRoom bytes, then the text. A peer
// that does not take it in time is cut off.
func (s *socket) write(message []byte) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.ctx.Err() == nil && !s.api.stopping() {
		s.writeNow(framed(message), s.api.limits.Write)
	}
}

// writeNow is bounded by the operating system, hence by the machine's own time. One call writes a whole
// frame, and so do those of the library for its control frames: that is what keeps them apart.
func (s *socket) writeNow(frame []byte, patience time.Duration) {
	_ = s.net.SetWriteDeadline(clock.Real().Now().Add(patience))
	if _, err := s.net.Write(frame); err != nil {
		s.cut()
	}
}

// frameRoom is what stands before a text until it is framed, in bytes.
const frameRoom = 10

// framed makes a WebSocket frame in place: a whole text message, not masked (RFC 6455 §5.2). Messages
// are framed here and not by the library because that would need a buffer for each socket.
func framed(b []byte) []byte {
	const wholeText, two, eight = 0x81, 126, 127
	switch n := len(b) - frameRoom; {
	case n < two:
		b = b[frameRoom-2:]
		b[1] = byte(n)
	case n < 1<<16:
		b = b[frameRoom-4:]
		b[1] = two
		binary.BigEndian.PutUint16(b[2:], uint16(n))
	default:
		b[1] = eight
		binary.BigEndian.PutUint64(b[2:], uint64(n))
	}
	b[0] = wholeText
	return b
}
