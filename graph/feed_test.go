package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// flood appends n events of 64 KiB each, numbered from 0.
func flood(t testing.TB, h *house, n int) {
	t.Helper()
	filler := strings.Repeat("x", 64<<10)
	for i := range n {
		h.append(t, "x", fmt.Sprint("flood", i), raw(vars{"n": i, "filler": filler}))
	}
}

// A reader that is slower than the feed is told where it stands, and loses nothing by it.
func TestASlowReaderIsToldWhereToResume(t *testing.T) {
	t.Parallel()
	const most = 500 // more than the feed's tail and the system's buffers hold
	for name, open := range map[string]func(*house, credentials, string) func() (string, error){
		"over a socket": func(h *house, boss credentials, after string) func() (string, error) {
			w := h.socket(t, boss)
			w.subscribe("s", watchEvents, vars{"after": after})
			return func() (string, error) {
				for {
					m, err := w.read()
					if err != nil || m.Type == "complete" {
						return "", err
					}
					if m.Type == "next" {
						return string(m.Payload), nil
					}
				}
			}
		},
		"as events": func(h *house, boss credentials, after string) func() (string, error) {
			e := h.as(boss).stream(t, watchEvents, vars{"after": after})
			return func() (string, error) {
				for {
					name, data, err := e.next()
					if err != nil || name == "complete" {
						return "", err
					}
					if name == "next" {
						return data, nil
					}
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, plan{})
			boss := h.admin(t)
			after := h.as(boss).cursor(t)
			next := open(h, boss, after)
			if first, err := next(); err != nil || !strings.Contains(first, `"n":-1`) {
				t.Fatalf("got %q, %v", first, err)
			}
			flood(t, h, most)
			want, lags := 0, 0
			for want < most {
				text, err := next()
				check(t, err)
				if text == "" {
					t.Fatalf("the subscription ended after %d without a word", want)
				}
				var f eventFeed
				check(t, json.Unmarshal([]byte(text), &f))
				got := f.Data.CallbackEvents
				if got.Typename == "FeedLagged" {
					lags++
					if end, err := next(); err != nil || end != "" {
						t.Fatalf("after the last word came %q, %v", end, err)
					}
					next = open(h, boss, got.Cursor)
					continue
				}
				if got.Payload.N != want {
					t.Fatalf("got %d, want %d", got.Payload.N, want)
				}
				want++
			}
			if lags == 0 {
				t.Error("the reader never lagged: the flood is too small to show anything")
			}
		})
	}
}

func TestACursorOfAnotherLifeIsReset(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.admin(t)
	h.as(boss).cursor(t)
	w := h.socket(t, boss)
	w.subscribe("s", watchEvents, vars{"after": "ZjE6YW5vdGhlcmxpZmU6NQ"})
	if f := feedOf(t, w.want("s", "next")); f.Data.CallbackEvents.Typename != "FeedReset" || f.Data.CallbackEvents.Cursor == "" {
		t.Fatalf("got %+v", f)
	}
	for _, n := range []int{-2, -1} {
		if f := feedOf(t, w.want("s", "next")); f.Data.CallbackEvents.Payload.N != n {
			t.Fatalf("got %+v, want %d", f, n)
		}
	}
}

func TestOnlyEventsThatTheFilterLetsThroughCome(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.admin(t)
	after := h.as(boss).cursor(t)
	w := h.socket(t, boss)
	w.subscribe("s", contractOperation(t, "CallbackEvents"), vars{"filter": vars{"types": []string{"wanted"}, "corpId": "corp"}, "after": after})
	for i, eventType := range []string{"unwanted", "wanted", "unwanted", "wanted"} {
		h.append(t, eventType, fmt.Sprint(i), raw(vars{"n": i}))
	}
	for _, n := range []int{1, 3} {
		m := w.want("s", "next")
		if f := feedOf(t, m); f.Data.CallbackEvents.Payload.N != n {
			t.Fatalf("got %s, want %d", m.Payload, n)
		}
	}
	w.subscribe("f", contractOperation(t, "CallbackEvents"), vars{"filter": vars{"types": []string{""}}})
	w.wantReason("f", "event.filter_invalid")
}

// What a platform pushed is passed on as it is, and may be spread over lines.
func TestAPayloadOfManyLinesIsOneEvent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	e := boss.stream(t, watchEvents, nil)
	h.append(t, "x", "1", []byte("{\r\n\t\"n\": 1,\n\n\"text\": \"a\\nb\"\r}"))
	e.wantN(1)
}

func TestDeliveriesAreFollowedToTheirEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	admin := h.admin(t)
	boss := h.as(admin)
	w := h.socket(t, admin)
	first := boss.broadcast(t, vars{"robotIds": []string{h.robotID(t, "ops")}, "message": text("one")})
	await(t, "the call to DingTalk", h.completed)
	w.subscribe("s", contractOperation(t, "DeliveryUpdates"), vars{"after": "ZjE6YW5vdGhlcmxpZmU6NQ"})
	type update struct {
		Data struct {
			DeliveryUpdates struct {
				Typename string `json:"__typename"`
				Cursor   string
				Delivery struct{ ID, Status string }
			}
		}
	}
	read := func() update {
		var u update
		check(t, json.Unmarshal(w.want("s", "next").Payload, &u))
		return u
	}
	if u := read(); u.Data.DeliveryUpdates.Typename != "FeedReset" {
		t.Fatalf("got %+v", u)
	}
	last := ""
	for range 2 { // taken, sent; both tell the delivery as it is now
		u := read().Data.DeliveryUpdates
		if u.Typename != "DeliveryUpdate" || u.Delivery.ID != first.Deliveries.Nodes[0].ID || u.Delivery.Status != "SENT" || u.Cursor == last {
			t.Fatalf("got %+v", u)
		}
		last = u.Cursor
	}
	second := boss.broadcast(t, vars{"robotIds": []string{h.robotID(t, "ops")}, "message": text("two")})
	for {
		if u := read().Data.DeliveryUpdates; u.Delivery.ID != second.Deliveries.Nodes[0].ID {
			t.Fatalf("got %+v", u)
		} else if u.Delivery.Status == "SENT" {
			return
		}
	}
}
