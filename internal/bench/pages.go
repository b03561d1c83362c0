package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/store"
)

const (
	smallRows   = 1000
	largeRows   = 1_000_000
	pageRounds  = 7
	pageRound   = time.Second
	robotsInOne = 1000

	eventPage = `query($after: String) { callbackEventLog(first: 20, after: $after) { nodes { cursor id type corpId receivedAt payload } pageInfo { hasNextPage endCursor } } }`
	typedPage = `query($after: String) { callbackEventLog(filter: {types: ["user_leave_org"], corpId: "` + corpID + `"}, first: 20, after: $after) { nodes { cursor id type corpId receivedAt payload } pageInfo { hasNextPage endCursor } } }`
	robotPage = `query($after: String) { robots(first: 20, after: $after) { nodes { id name keywords hasSecret blockedUntil } pageInfo { hasNextPage endCursor } } }`
)

// measurePages compares pages in the middle of a small and of a large database, in alternating rounds.
func measurePages(ctx context.Context, s settings, t *table) (err error) {
	large := s.many(largeRows)
	var houses [2]*house
	var tokens [2]string
	for i, rows := range []int{smallRows, large} {
		name := fmt.Sprintf("pages-%d", rows)
		if err := s.fill(ctx, name, rows); err != nil {
			return err
		}
		h, err := s.open(ctx, name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, h.stop()) }()
		houses[i] = h
		if tokens[i], err = h.administrator(ctx); err != nil {
			return err
		}
	}
	for _, list := range []struct{ name, field, query string }{
		{"page of `callbackEventLog`", "callbackEventLog", eventPage},
		{"page of `callbackEventLog` by type and company", "callbackEventLog", typedPage},
		{"page of `robots`", "robots", robotPage},
	} {
		if err := comparePages(ctx, s, t, houses, tokens, large, list.name, list.field, list.query); err != nil {
			return err
		}
	}
	return nil
}

func comparePages(ctx context.Context, s settings, t *table, houses [2]*house, tokens [2]string, large int, name, field, query string) error {
	var requests [2][]byte
	for i, h := range houses {
		cursor, err := middle(ctx, h.address, tokens[i], field, query)
		if err != nil {
			return err
		}
		body, err := question(query, map[string]any{"after": cursor})
		if err != nil {
			return err
		}
		requests[i] = post(h.address, "/graphql", "application/json", tokens[i], body)
	}
	var medians [2][]float64
	for range pageRounds {
		for i, h := range houses {
			got, err := load{
				address: h.address, connections: 1, lasts: s.lasting(pageRound),
				next: func(int) []byte { return requests[i] }, check: answeredWith(`{"data":{"` + field + `":{"nodes":[{"`),
			}.run(ctx)
			if err != nil {
				return err
			}
			medians[i] = append(medians[i], float64(got.at(0.5)))
		}
	}
	ratio := median(medians[1]) / median(medians[0])
	t.judged(ratio <= 1.5, fmt.Sprintf("%s at %d rows, of the same at %d", name, large, smallRows), "within 1.5×",
		"**%.2f×** (%s and %s)", ratio, ms(time.Duration(median(medians[1]))), ms(time.Duration(median(medians[0]))))
	return nil
}

// middle walks ten pages into a list, so that the page asked for is not the first.
func middle(ctx context.Context, address, token, field, query string) (string, error) {
	variables := map[string]any{}
	cursor := ""
	for range 10 {
		var data map[string]struct{ PageInfo struct{ EndCursor string } }
		if err := ask(ctx, address, token, query, variables, &data); err != nil {
			return "", err
		}
		if next := data[field].PageInfo.EndCursor; next != "" {
			cursor = next
		}
		variables["after"] = cursor
	}
	return cursor, nil
}

// fill makes a database of so many events and robots.
func (s settings) fill(ctx context.Context, name string, rows int) (err error) {
	h, err := s.open(ctx, name) // makes the folder and its keys
	if err != nil {
		return err
	}
	if err := h.stop(); err != nil {
		return err
	}
	s.say("  filling %s", name)
	db, err := store.Open(ctx, store.Config{DSN: filepath.Join(h.data, "posthouse.db")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return errors.Join(fillEvents(ctx, db, rows), fillRobots(ctx, db, rows))
}

// fillEvents appends from many goroutines, since appends that come together share a commit.
func fillEvents(ctx context.Context, db *store.DB, rows int) error {
	var next atomic.Int64
	failures := make([]error, 256)
	var all sync.WaitGroup
	for worker := range failures {
		all.Go(func() {
			for n := next.Add(1); n <= int64(rows) && failures[worker] == nil; n = next.Add(1) {
				now := time.Now()
				kind := "user_add_org"
				if n%4 == 0 {
					kind = "user_leave_org"
				}
				eventID := fmt.Sprintf("fill-%d", n)
				_, _, failures[worker] = db.Events().Append(ctx, event.Event{
					ID: id.Event(id.New(id.EventPrefix, now)), App: appName, DedupeKey: eventID, Type: kind, CorpID: corpID,
					OccurredAt: now, ReceivedAt: now, Payload: push(eventID, now),
				})
			}
		})
	}
	all.Wait()
	return errors.Join(failures...)
}

func fillRobots(ctx context.Context, db *store.DB, rows int) error {
	for done := 0; done < rows; {
		err := db.InTx(ctx, func(ctx context.Context) error {
			for range min(robotsInOne, rows-done) {
				now := time.Now()
				robotID := id.Robot(id.New(id.RobotPrefix, now))
				err := db.Robots().Create(ctx, robot.Robot{
					ID: robotID, Name: string(robotID), Keywords: []string{"Posthouse"}, SealedToken: strings.Repeat("t", 120),
					SealedSecret: strings.Repeat("s", 120), TokenHash: string(robotID), CreatedAt: now,
				})
				if err != nil {
					return err
				}
				done++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
