package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	subscriberCount = 10_000
	subscriberQuiet = 15 * time.Second
	fanOutEvents    = 5

	callbackSubscription = `subscription CallbackEvents($filter: CallbackEventFilter, $after: String) {
  callbackEvents(filter: $filter, after: $after) {
    __typename
    ... on CallbackEvent { cursor id type corpId occurredAt receivedAt payload }
    ... on FeedLagged { cursor }
    ... on FeedReset { cursor }
  }
}`
)

// measureSubscribers opens idle subscriptions over WebSocket, weighs them, and times how long one event
// takes to reach all of them.
func measureSubscribers(ctx context.Context, s settings, t *table) (err error) {
	h, err := s.open(ctx, "subscribers")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	token, err := h.administrator(ctx)
	if err != nil {
		return err
	}
	if err := pause(ctx, s.lasting(subscriberQuiet)); err != nil {
		return err
	}
	before, err := h.memory()
	if err != nil {
		return err
	}
	crowd := newCrowd(s.many(subscriberCount))
	defer crowd.close()
	if err := crowd.gather(ctx, h.address, token); err != nil {
		return err
	}
	full, err := h.memory()
	if err != nil {
		return err
	}
	if err := pause(ctx, s.lasting(subscriberQuiet)); err != nil {
		return err
	}
	settled, err := h.memory()
	if err != nil {
		return err
	}
	reached, err := crowd.fanOuts(ctx, h.address)
	if err != nil {
		return err
	}
	after, err := h.memory()
	if err != nil {
		return err
	}
	each := func(memory int64) float64 { return float64(memory-before) / 1024 / float64(crowd.size) }
	t.judged(max(each(full), each(settled)) <= 20, fmt.Sprintf("memory of each of %d idle subscribers (growth of the server's RSS)", crowd.size), "≤ 20 KiB",
		"**%.1f KiB** when all are there, %.1f KiB after %s of quiet, %.1f KiB after the events below", each(full), each(settled), subscriberQuiet, each(after))
	t.judged(slices.Max(reached) <= time.Second, "one event, from its push to the last of them", "≤ 1 s",
		"median **%s**, slowest %s of %d events", ms(slices.Sorted(slices.Values(reached))[len(reached)/2]), ms(slices.Max(reached)), len(reached))
	return nil
}

// crowd is many subscribers. They all report to one place.
type crowd struct {
	size  int
	conns []net.Conn
	// got counts who has the event that is on its way.
	got chan error
}

func newCrowd(size int) *crowd { return &crowd{size: size, got: make(chan error, size)} }

// gather connects everybody, a few at a time, and waits until the last one has subscribed.
func (c *crowd) gather(ctx context.Context, address, token string) error {
	var mu sync.Mutex
	var failures []error
	var all sync.WaitGroup
	gate := make(chan struct{}, 32)
	for range c.size {
		gate <- struct{}{}
		all.Go(func() {
			defer func() { <-gate }()
			sub, err := subscribe(ctx, address, token)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failures = append(failures, err)
				return
			}
			c.conns = append(c.conns, sub.conn)
			go sub.listen(c.got)
		})
	}
	all.Wait()
	if len(failures) > 0 {
		return fmt.Errorf("%d of %d could not subscribe: %w", len(failures), c.size, failures[0])
	}
	return nil
}

// fanOuts pushes events one by one and gives how long each took to reach everybody.
func (c *crowd) fanOuts(ctx context.Context, address string) ([]time.Duration, error) {
	p, err := newPusher(address)
	if err != nil {
		return nil, err
	}
	w, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer w.close()
	var out []time.Duration
	for i := range fanOutEvents {
		request := p.request(push(fmt.Sprintf("fan-out-%d", i), time.Now()))
		begun := time.Now()
		status, body, err := w.do(request)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(taken(status, body), p.verify(body)); err != nil {
			return nil, err
		}
		for range c.size {
			select {
			case err := <-c.got:
				if err != nil {
					return nil, err
				}
			case <-time.After(answerTimeout):
				return nil, errors.New("an event did not reach everybody")
			}
		}
		out = append(out, time.Since(begun))
		if err := pause(ctx, 500*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *crowd) close() {
	for _, conn := range c.conns {
		_ = conn.Close()
	}
}

// subscriber is a WebSocket client that can do what a subscriber needs (RFC 6455, graphql-transport-ws)
// and no more.
type subscriber struct {
	conn   net.Conn
	reader *bufio.Reader
}

// subscribe connects, signs in and subscribes. It returns once the server has taken the subscription.
func subscribe(ctx context.Context, address, token string) (*subscriber, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	s := &subscriber{conn: conn, reader: bufio.NewReaderSize(conn, 1024)}
	if err := s.introduce(address, token); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

func (s *subscriber) introduce(address, token string) error {
	if err := s.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	key := base64.StdEncoding.EncodeToString([]byte(rand.Text()[:16]))
	_, err := fmt.Fprintf(s.conn, "GET /graphql HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n", address, key)
	if err != nil {
		return err
	}
	for first := true; ; first = false {
		line, err := s.reader.ReadString('\n')
		if err != nil {
			return err
		}
		if first && !strings.HasPrefix(line, "HTTP/1.1 101 ") {
			return fmt.Errorf("no upgrade: %s", line)
		}
		if line == "\r\n" {
			break
		}
	}
	subscription, err := question(callbackSubscription, nil)
	if err != nil {
		return err
	}
	for _, step := range []struct{ say, hear string }{
		{fmt.Sprintf(`{"type":"connection_init","payload":{"authorization":"Bearer %s"}}`, token), `"connection_ack"`},
		{fmt.Sprintf(`{"id":"1","type":"subscribe","payload":%s}`, subscription), ""},
		{`{"type":"ping"}`, `"pong"`},
	} {
		if err := s.say([]byte(step.say)); err != nil {
			return err
		}
		if step.hear == "" {
			continue
		}
		if message, err := s.hear(); err != nil || !bytes.Contains(message, []byte(step.hear)) {
			return errors.Join(err, fmt.Errorf("expected %s, heard %s", step.hear, message))
		}
	}
	return s.conn.SetDeadline(time.Time{})
}

// say sends one text frame, masked with zeros.
func (s *subscriber) say(text []byte) error {
	frame := []byte{0x81}
	if len(text) < 126 {
		frame = append(frame, 0x80|byte(len(text)))
	} else {
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(len(text)))
	}
	_, err := s.conn.Write(append(append(frame, 0, 0, 0, 0), text...))
	return err
}

// hear reads one frame.
func (s *subscriber) hear() ([]byte, error) {
	var header [2]byte
	if _, err := io.ReadFull(s.reader, header[:]); err != nil {
		return nil, err
	}
	length := int(header[1])
	if length == 126 {
		var longer [2]byte
		if _, err := io.ReadFull(s.reader, longer[:]); err != nil {
			return nil, err
		}
		length = int(binary.BigEndian.Uint16(longer[:]))
	}
	message := make([]byte, length)
	if _, err := io.ReadFull(s.reader, message); err != nil {
		return nil, err
	}
	if header[0] != 0x81 {
		return nil, fmt.Errorf("a frame of kind %x: %q", header[0], message)
	}
	return message, nil
}

// listen reports every event until the connection ends.
func (s *subscriber) listen(got chan<- error) {
	for {
		message, err := s.hear()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			got <- err
			return
		}
		switch {
		case bytes.HasPrefix(message, []byte(`{"type":"ping"`)):
			err = s.say([]byte(`{"type":"pong"}`))
		case !json.Valid(message) || !bytes.Contains(message, []byte(`"__typename":"CallbackEvent"`)):
			err = fmt.Errorf("heard %s", message)
		}
		if err != nil || !bytes.HasPrefix(message, []byte(`{"type":"ping"`)) {
			got <- err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
