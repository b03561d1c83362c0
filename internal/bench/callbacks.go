package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	callbackConnections = 64
	callbackLasts       = 20 * time.Second
	// callbackAhead is how many pushes are encrypted for each second of the run, ahead of it.
	callbackAhead = 16_000
	// verifyEvery answer is decrypted and its signature checked; all are looked at.
	verifyEvery = 50
)

// measureCallbacks pushes encrypted events as fast as they are acknowledged, then counts the log.
func measureCallbacks(ctx context.Context, s settings, t *table) (err error) {
	h, err := s.open(ctx, "callbacks")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	token, err := h.administrator(ctx)
	if err != nil {
		return err
	}
	p, err := newPusher(h.address)
	if err != nil {
		return err
	}
	if _, err := pushFor(ctx, p, "warm", s.lasting(time.Second)); err != nil {
		return err
	}
	warmed, err := countEvents(ctx, h.address, token)
	if err != nil {
		return err
	}
	before, err := h.memory()
	if err != nil {
		return err
	}
	halves := make([]loaded, 2)
	memories := make([]int64, 2)
	for i := range halves {
		if halves[i], err = pushFor(ctx, p, fmt.Sprint("half", i), s.lasting(callbackLasts/2)); err != nil {
			return err
		}
		if memories[i], err = h.memory(); err != nil {
			return err
		}
	}
	stored, err := countEvents(ctx, h.address, token)
	if err != nil {
		return err
	}
	pushed := len(halves[0].latencies) + len(halves[1].latencies)
	if stored-warmed != pushed {
		return fmt.Errorf("%d events were acknowledged and %d stored", pushed, stored-warmed)
	}
	rate := float64(pushed) / (halves[0].took + halves[1].took).Seconds()
	worst := max(halves[0].at(0.99), halves[1].at(0.99))
	t.judged(rate >= 5000, "encrypted callbacks, stored and acknowledged", "≥ 5,000/s",
		"**%.0f/s** over %.0f s (%d connections)", rate, (halves[0].took + halves[1].took).Seconds(), callbackConnections)
	t.judged(worst < 100*time.Millisecond, "their latency", "p99 < 100 ms", "p50 %s, p99 **%s**, worst %s",
		ms(max(halves[0].at(0.5), halves[1].at(0.5))), ms(worst), ms(max(halves[0].at(1), halves[1].at(1))))
	t.told("events acknowledged and found in the log afterwards", "%d and %d", pushed, stored-warmed)
	t.judged(memories[1] < memories[0]+memories[0]/4+(8<<20), "the server's memory meanwhile", "flat",
		"%s before, %s at half time, **%s** at the end", mib(before), mib(memories[0]), mib(memories[1]))
	return nil
}

// pushFor encrypts pushes ahead, then sends them for that long.
func pushFor(ctx context.Context, p *pusher, name string, lasts time.Duration) (loaded, error) {
	requests := make([][]byte, int(lasts.Seconds()*callbackAhead)+callbackConnections)
	for i := range requests {
		requests[i] = p.request(push(fmt.Sprintf("%s-%08d", name, i), time.Now()))
	}
	var next, answered atomic.Int64
	return load{
		address: p.address, connections: callbackConnections, lasts: lasts,
		next: func(int) []byte {
			i := next.Add(1) - 1
			if i >= int64(len(requests)) {
				return nil
			}
			return requests[i]
		},
		check: func(status int, body []byte) error {
			if err := taken(status, body); err != nil || answered.Add(1)%verifyEvery != 0 {
				return err
			}
			return p.verify(body)
		},
	}.run(ctx)
}

// countEvents pages through the whole log.
func countEvents(ctx context.Context, address, token string) (int, error) {
	const query = `query($after: String) { callbackEventLog(first: 200, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }`
	seen := map[string]bool{}
	variables := map[string]any{}
	for {
		var data struct {
			CallbackEventLog struct {
				Nodes    []struct{ ID string }
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
			}
		}
		if err := ask(ctx, address, token, query, variables, &data); err != nil {
			return 0, err
		}
		for _, node := range data.CallbackEventLog.Nodes {
			seen[node.ID] = true
		}
		if !data.CallbackEventLog.PageInfo.HasNextPage {
			return len(seen), nil
		}
		variables["after"] = data.CallbackEventLog.PageInfo.EndCursor
	}
}
