package graph_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/graph"
)

func TestFramesThatBreakTheRulesCloseTheSocket(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{limits: graph.Limits{Body: 10_000}})
	large := bytes.Repeat([]byte("x"), 10_001)
	for name, c := range map[string]struct {
		sent []byte
		code uint16
	}{
		"a message too large":               {frame(final|opText, large), 1009},
		"a message that claims 8 EiB":       {frameClaiming(final|opText, 1<<62, large), 1009},
		"a message too large, in pieces":    {append(append(frame(opText, large[:6000]), frame(opContinuation, large[:4001])...), frame(final|opContinuation, nil)...), 1009},
		"a frame that is not masked":        {[]byte{final | opText, 2, '{', '}'}, 1002},
		"reserved bits":                     {frame(final|0x40|opText, []byte("{}")), 1002},
		"an unknown opcode":                 {frame(final|0x3, []byte("{}")), 1002},
		"a continuation of nothing":         {frame(final|opContinuation, []byte("{}")), 1002},
		"a text within a text":              {append(frame(opText, []byte("{")), frame(final|opText, []byte("}"))...), 1002},
		"a ping in pieces":                  {frame(opPing, nil), 1002},
		"a ping too long":                   {frame(final|opPing, large[:126]), 1002},
		"a goodbye with half a code":        {frame(final|opClose, []byte{3}), 1002},
		"a goodbye with an impossible code": {frame(final|opClose, []byte{3, 0xEE}), 1002}, // 1006 is never sent
		"a text that is no JSON":            {frame(final|opText, []byte("hello")), 4400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := h.dialRaw(t, nil)
			p.send(c.sent)
			p.wantClose(c.code)
		})
	}
}

func TestFramesAsOddAsTheRulesAllowAreRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{limits: graph.Limits{Body: 10_000}})
	const ack, pong = `{"type":"connection_ack"}`, `{"type":"pong"}`
	init := []byte(initAnonymous)
	whole := frame(final|opText, init)
	for name, c := range map[string]struct {
		early []byte
		sent  [][]byte
	}{
		"with the handshake, in one packet":    {whole, nil},
		"half of it with the handshake":        {whole[:7], [][]byte{whole[7:]}},
		"the header alone with the handshake":  {whole[:1], [][]byte{whole[1:]}},
		"byte by byte":                         {nil, bytewise(whole)},
		"in pieces":                            {nil, [][]byte{frame(opText, init[:5]), frame(opContinuation, nil), frame(final|opContinuation, init[5:])}},
		"with pings between the pieces":        {nil, [][]byte{frame(opText, init[:5]), frame(final|opPing, []byte("x")), frame(final|opContinuation, init[5:])}},
		"after pongs nobody asked for":         {nil, [][]byte{frame(final|opPong, []byte("x")), whole}},
		"with as much as is allowed":           {nil, [][]byte{frame(final|opText, []byte(initAnonymous+strings.Repeat(" ", 10_000-len(initAnonymous))))}},
		"and much more with the handshake":     {append(append([]byte{}, whole...), bytes.Repeat(frame(final|opText, []byte(`{"type":"pong"}`)), 100)...), nil},
		"a large one split over the handshake": {frame(final|opText, []byte(initAnonymous+strings.Repeat(" ", 9000)))[:3000], [][]byte{frame(final|opText, []byte(initAnonymous+strings.Repeat(" ", 9000)))[3000:]}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := h.dialRaw(t, c.early)
			for _, b := range c.sent {
				p.send(b)
			}
			p.wantText(ack)
			p.send(frame(final|opText, []byte(`{"type":"ping"}`)))
			p.wantText(pong)
		})
	}
}

func bytewise(b []byte) [][]byte {
	var out [][]byte
	for i := range b {
		out = append(out, b[i:i+1])
	}
	return out
}

func TestManyMessagesInOnePacketAreAllAnswered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	p := h.dialRaw(t, nil)
	packet := frame(final|opText, []byte(initAnonymous))
	for i := range 30 {
		packet = append(packet, frame(final|opText, []byte(fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"{ a: __typename }"}}`, i)))...)
	}
	p.send(packet)
	done := map[string]bool{}
	for len(done) < 30 {
		text := string(p.await(final | opText))
		if id, ok := strings.CutSuffix(text, `","type":"complete"}`); ok {
			done[id] = true
		}
	}
}

// Somebody who sends the beginning of a message and then nothing more holds the socket no longer than
// one who sends nothing.
func TestHalfAMessageIsNoSignOfLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{idle: true})
	p := h.dialRaw(t, nil)
	p.send(frame(final|opText, []byte(initAnonymous)))
	p.wantText(`{"type":"connection_ack"}`)
	p.send(frame(final|opText, []byte(`{"type":"ping"}`))[:9])
	for range 4 {
		h.tick(t)
	}
	for {
		if _, _, err := p.read(); err != nil {
			return
		}
	}
}

func TestAPeerThatIsGoneGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{limits: graph.Limits{Connections: 1}})
	boss := h.admin(t)
	for _, leave := range []func(*rawPeer){
		func(p *rawPeer) { _ = p.conn.Close() },
		func(p *rawPeer) { p.send(frame(final|opClose, []byte{3, 0xE8})) },
		func(p *rawPeer) { p.send(frame(final|opClose, nil)) },
		func(p *rawPeer) { p.send(frame(opText, []byte("half"))); _ = p.conn.Close() },
	} {
		var p *rawPeer
		eventually(t, "the place of the one before", func() bool {
			early := frame(final|opText, []byte(`{"type":"connection_init","payload":{"authorization":"Bearer `+boss.Token+`"}}`))
			var status int
			if p, status = h.tryDialRaw(t, early); status == http.StatusSwitchingProtocols {
				if first, _, err := p.read(); err == nil && first == final|opText {
					return true
				}
			}
			_ = p.conn.Close()
			return false
		})
		leave(p)
	}
}
