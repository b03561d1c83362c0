package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"time"
)

const (
	viewerConnections = 32
	viewerRounds      = 5
	viewerRound       = 3 * time.Second

	shortViewer = `{ viewer { id username } }`
	// wholeViewer is the operation of the contract.
	wholeViewer = `query Viewer {
  viewer {
    id
    username
    phone
    roles
    identities { provider subject }
    sessions(first: 10) { nodes { id createdAt lastSeenAt current } }
  }
}`
)

// measureViewer compares queries with a bare net/http handler that answers as many bytes, in
// alternating rounds.
func measureViewer(ctx context.Context, s settings, t *table) (err error) {
	h, err := s.open(ctx, "viewer")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	token, err := h.administrator(ctx)
	if err != nil {
		return err
	}
	for _, q := range []struct{ name, query string }{
		{"`viewer { id username }`", shortViewer},
		{"the contract's `Viewer` (identities and sessions too)", wholeViewer},
	} {
		if err := compareViewer(ctx, h, t, q.name, q.query, token); err != nil {
			return err
		}
	}
	return nil
}

func compareViewer(ctx context.Context, h *house, t *table, name, query, token string) (err error) {
	body, err := question(query, nil)
	if err != nil {
		return err
	}
	answer, err := askOnce(ctx, h.address, token, body)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bare, err := startProcess(ctx, answer, self, "bare")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	one := func(address string) load {
		request := post(address, "/graphql", "application/json", token, body)
		return load{
			address: address, connections: viewerConnections, lasts: h.settings.lasting(viewerRound),
			next: func(int) []byte { return request }, check: alike(answer),
		}
	}
	var ours, theirs, ratios []float64
	var ourLast loaded
	var ourTime, theirTime time.Duration
	for range viewerRounds {
		a, spentThere, err := bare.under(ctx, one(bare.address))
		if err != nil {
			return err
		}
		b, spentHere, err := h.under(ctx, one(h.address))
		if err != nil {
			return err
		}
		theirs, ours = append(theirs, a.perSecond()), append(ours, b.perSecond())
		ratios = append(ratios, b.perSecond()/a.perSecond())
		ourLast, ourTime, theirTime = b, ourTime+spentHere/time.Duration(len(b.latencies)), theirTime+spentThere/time.Duration(len(a.latencies))
	}
	h.settings.say("  %s: the servers computed %s a request, the bare one %s", name, ourTime/viewerRounds, theirTime/viewerRounds)
	t.judged(median(ratios) >= 0.40, name+" by access token, of a bare `net/http` handler", "≥ 40 %, aim 50",
		"**%.0f %%** (%.0f of %.0f/s; p50 %s, p99 %s)", 100*median(ratios), median(ours), median(theirs), ms(ourLast.at(0.5)), ms(ourLast.at(0.99)))
	return nil
}

// under runs a load and gives how long the server computed for it.
func (p *process) under(ctx context.Context, l load) (loaded, time.Duration, error) {
	before, err := p.processorTime()
	if err != nil {
		return loaded{}, 0, err
	}
	done, err := l.run(ctx)
	if err != nil {
		return loaded{}, 0, err
	}
	after, err := p.processorTime()
	return done, after - before, err
}

// alike accepts answers of the same length and beginning: times in them change.
func alike(answer []byte) func(int, []byte) error {
	same := answer[:min(len(answer), 60)]
	return func(status int, body []byte) error {
		if status != http.StatusOK || len(body) != len(answer) || !bytes.HasPrefix(body, same) {
			return fmt.Errorf("answered %d: %s", status, body)
		}
		return nil
	}
}

func askOnce(ctx context.Context, address, token string, body []byte) ([]byte, error) {
	w, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer w.close()
	status, answer, err := w.do(post(address, "/graphql", "application/json", token, body))
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK || bytes.Contains(answer, []byte(`"errors"`)) {
		return nil, fmt.Errorf("answered %d: %s", status, answer)
	}
	return bytes.Clone(answer), nil
}

// serveBare answers everything with what came on in, until ctx ends.
func serveBare(ctx context.Context, in io.Reader, out io.Writer) error {
	answer, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	web := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(answer)
	})}
	stop := context.AfterFunc(ctx, func() { _ = web.Close() })
	defer stop()
	fmt.Fprintf(out, "http://%s/\n", listener.Addr())
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
