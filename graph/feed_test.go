package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// flood appends n events of 400 KiB each, numbered from 0.
func flood(t testing.TB, h *house, n int) {
	t.Helper()
	filler := strings.Repeat("x", 400<<10)
	for i := range n {
		h.append(t, "x", fmt.Sprint("flood", i), raw(vars{"n": i, "filler": filler}))
	}
}

// glimpse reads what matters of a large response without decoding it.
type glimpse struct{ Typename, Cursor, N string }

func glimpseOf(text string) glimpse {
	after := func(mark string, end string) string {
		_, rest, _ := strings.Cut(text, mark)
		found, _, _ := strings.Cut(rest, end)
		return found
	}
	return glimpse{after(`"__typename":"`, `"`), after(`"cursor":"`, `"`), after(`"n":`, "}")}
}

// A reader that is slower than the feed is told where it stands, and loses nothing by it.
func TestASlowReaderIsToldWhereToResume(t *testing.T) {
	t.Parallel()
	const most = 64 // more than the feed's tail and the system's buffers hold
	// Each opens a subscription and gives what reads the next response, empty at the end, and what leaves.
	for name, open := range map[string]func(*house, credentials, string) (func() (string, error), func()){
		"over a socket": func(h *house, boss credentials, after string) (func() (string, error), func()) {
			w := h.socket(t, boss)
			w.subscribe("s", watchEvents, vars{"after": after})
			return func() (string, error) {
				_, text, err := w.conn.Read(t.Context())
				if strings.HasSuffix(string(text), `"type":"complete"}`) {
					return "", err
				}
				return string(text), err
			}, func() { _ = w.conn.CloseNow() }
		},
		"as events": func(h *house, boss credentials, after string) (func() (string, error), func()) {
			e := h.as(boss).stream(t, watchEvents, vars{"after": after})
			return func() (string, error) {
				name, data, err := e.next()
				if name == "complete" {
					return "", err
				}
				return data, err
			}, e.leave
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, plan{})
			boss := h.admin(t)
			next, leave := open(h, boss, h.as(boss).cursor(t))
			if first, err := next(); err != nil || glimpseOf(first).N != "-1" {
				t.Fatalf("got %q, %v", first, err)
			}
			flood(t, h, most)
			lags := 0
			for want := 0; want < most; {
				text, err := next()
				check(t, err)
				got := glimpseOf(text)
				switch {
				case text == "":
					t.Fatalf("the subscription ended after %d without a word", want)
				case got.Typename == "FeedLagged":
					lags++
					if end, err := next(); err != nil || end != "" {
						t.Fatalf("after the last word came %q, %v", end, err)
					}
					leave()
					next, leave = open(h, boss, got.Cursor)
				case got.N != fmt.Sprint(want):
					t.Fatalf("got %s, want %d", got.N, want)
				default:
					want++
				}
			}
			leave()
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
