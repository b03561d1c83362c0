package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// answerTimeout is how long one answer may take before the run is given up.
const answerTimeout = 30 * time.Second

// wire is one kept-alive HTTP/1.1 connection. It does only what it must, because the client shares the
// processors with the server: it sends requests that were written before and reads answers that have a
// Content-Length. Not safe for concurrent use.
type wire struct {
	conn   net.Conn
	reader *bufio.Reader
	body   []byte
}

func dial(ctx context.Context, address string) (*wire, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, reader: bufio.NewReaderSize(conn, 4<<10)}, nil
}

// do sends a request and reads the answer. The body is good until the next call.
func (w *wire) do(request []byte) (status int, body []byte, err error) {
	if err := w.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return 0, nil, err
	}
	if _, err := w.conn.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := w.reader.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < 12 {
		return 0, nil, fmt.Errorf("status line %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, err
	}
	length, err := w.headers()
	if err != nil {
		return 0, nil, err
	}
	w.body = slices.Grow(w.body[:0], length)[:length]
	_, err = io.ReadFull(w.reader, w.body)
	return status, w.body, err
}

var contentLength = []byte("Content-Length: ")

// headers reads to the empty line and gives the length of the body.
func (w *wire) headers() (int, error) {
	length := -1
	for {
		line, err := w.reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if rest, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(rest)); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, errors.New("an answer without Content-Length")
	}
	return length, nil
}

func (w *wire) close() { _ = w.conn.Close() }

// post writes a request.
func post(address, path, contentType, token string, body []byte) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n", path, address, contentType, len(body))
	if token != "" {
		fmt.Fprintf(&out, "Authorization: Bearer %s\r\n", token)
	}
	out.WriteString("\r\n")
	out.Write(body)
	return out.Bytes()
}

// load is a closed loop: each connection sends its next request when the last was answered.
type load struct {
	address     string
	connections int
	// lasts ends the loop; zero when next does.
	lasts time.Duration
	// next gives a connection's request; nil ends that connection's work.
	next func(connection int) []byte
	// check refuses an answer and so ends the run.
	check func(status int, body []byte) error
	// pause is waited after each answer.
	pause time.Duration
}

// loaded is what came of it.
type loaded struct {
	took      time.Duration
	latencies []time.Duration // sorted
}

func (l loaded) perSecond() float64 { return float64(len(l.latencies)) / l.took.Seconds() }

// at gives a percentile.
func (l loaded) at(share float64) time.Duration {
	if len(l.latencies) == 0 {
		return 0
	}
	return l.latencies[min(int(share*float64(len(l.latencies))), len(l.latencies)-1)]
}

func (l load) run(ctx context.Context) (loaded, error) {
	wires := make([]*wire, l.connections)
	for i := range wires {
		w, err := dial(ctx, l.address)
		if err != nil {
			return loaded{}, err
		}
		defer w.close()
		wires[i] = w
	}
	if l.lasts > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.lasts)
		defer cancel()
	}
	latencies := make([][]time.Duration, l.connections)
	failures := make([]error, l.connections)
	var all sync.WaitGroup
	begun := time.Now()
	for i, w := range wires {
		all.Go(func() { latencies[i], failures[i] = l.drive(ctx, i, w) })
	}
	all.Wait()
	out := loaded{took: time.Since(begun), latencies: slices.Concat(latencies...)}
	slices.Sort(out.latencies)
	return out, errors.Join(failures...)
}

func (l load) drive(ctx context.Context, connection int, w *wire) (latencies []time.Duration, err error) {
	for ctx.Err() == nil {
		request := l.next(connection)
		if request == nil {
			break
		}
		sent := time.Now()
		status, body, err := w.do(request)
		latencies = append(latencies, time.Since(sent))
		if err == nil {
			err = l.check(status, body)
		}
		if err != nil {
			return latencies, err
		}
		if l.pause > 0 {
			time.Sleep(l.pause)
		}
	}
	return latencies, nil
}
