package graph_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Opcodes of RFC 6455 §5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
	final          = 0x80
)

// rawPeer speaks WebSocket byte by byte, so that it can do it wrong.
type rawPeer struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

// dialRaw shakes hands. early is sent along with the request, in one packet.
func (h *house) dialRaw(t testing.TB, early []byte) *rawPeer {
	t.Helper()
	p, status := h.tryDialRaw(t, early)
	if status != http.StatusSwitchingProtocols {
		t.Fatalf("got %d", status)
	}
	return p
}

func (h *house) tryDialRaw(t testing.TB, early []byte) (*rawPeer, int) {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(h.server.URL, "http://"))
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	check(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = conn.Write(append([]byte("GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), early...))
	check(t, err)
	p := &rawPeer{t, conn, bufio.NewReader(conn)}
	answer, err := http.ReadResponse(p.in, nil)
	check(t, err)
	return p, answer.StatusCode
}

// frame makes a frame as clients must, masked with zeros.
func frame(first byte, payload []byte) []byte {
	return frameClaiming(first, uint64(len(payload)), payload)
}

// frameClaiming makes one whose header claims another length.
func frameClaiming(first byte, length uint64, payload []byte) []byte {
	b := []byte{first}
	switch {
	case length < 126:
		b = append(b, 0x80|byte(length))
	case length < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), length)
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

func (p *rawPeer) send(b []byte) {
	p.t.Helper()
	_, err := p.conn.Write(b)
	check(p.t, err)
}

// read gives the next frame of the server.
func (p *rawPeer) read() (first byte, payload []byte, err error) {
	var head [2]byte
	if _, err = io.ReadFull(p.in, head[:]); err != nil {
		return 0, nil, err
	}
	length := uint64(head[1])
	switch length {
	case 126:
		var n [2]byte
		_, err = io.ReadFull(p.in, n[:])
		length = uint64(binary.BigEndian.Uint16(n[:]))
	case 127:
		var n [8]byte
		_, err = io.ReadFull(p.in, n[:])
		length = binary.BigEndian.Uint64(n[:])
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(p.in, payload)
	return head[0], payload, err
}

// await reads until a frame with the first byte comes.
func (p *rawPeer) await(first byte) []byte {
	p.t.Helper()
	for {
		got, payload, err := p.read()
		if err != nil {
			p.t.Fatalf("waited in vain for a frame %#x: %v", first, err)
		}
		if got == first {
			return payload
		}
	}
}

// wantText reads until the text comes.
func (p *rawPeer) wantText(want string) {
	p.t.Helper()
	for {
		if got := string(p.await(final | opText)); got == want {
			return
		}
	}
}

// wantClose reads until the server closes, which must be with the code.
func (p *rawPeer) wantClose(code uint16) {
	p.t.Helper()
	payload := p.await(final | opClose)
	if len(payload) < 2 || binary.BigEndian.Uint16(payload) != code {
		p.t.Fatalf("closed with %q, want %d", payload, code)
	}
}

// settle waits until the server has done all that was asked before.
func (p *rawPeer) settle() {
	p.t.Helper()
	p.send(frame(final|opPing, nil))
	p.await(final | opPong)
}
