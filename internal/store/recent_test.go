package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func TestEventsAreReadBackwardsWithAndWithoutPayload(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		for n := range 12 {
			e := anEvent(n)
			e.Type, e.CorpID = fmt.Sprint("t", n%3), fmt.Sprint("c", n%2)
			e.Payload = []byte("\"\x00é" + fmt.Sprint(n) + "\"")
			appendEvents(t, db, e)
		}
		for _, f := range []event.Filter{
			{}, {Types: []string{"t1"}}, {Types: []string{"t2", "t0", "t2"}}, {CorpID: "c1"}, {Types: []string{"t1", "t2"}, CorpID: "c0"}, {Types: []string{"none"}},
		} {
			forwards, err := db.Events().List(t.Context(), event.ListQuery{Filter: f, Limit: 100, Payloads: true})
			must(t, err)
			outlines, err := db.Events().List(t.Context(), event.ListQuery{Filter: f, Limit: 100})
			must(t, err)
			want(t, "outlines", len(outlines), len(forwards))
			for i, e := range outlines {
				want(t, "outline", e.ID, forwards[i].ID)
				want(t, "size", e.PayloadBytes, len(forwards[i].Payload))
				want(t, "payload is there", e.Payload != nil, false)
			}
			slices.Reverse(forwards)
			for _, payloads := range []bool{false, true} {
				var backwards []event.Event
				for q := (event.RecentQuery{Filter: f, Limit: 3, Payloads: payloads}); ; {
					some, err := db.Events().Recent(t.Context(), q)
					must(t, err)
					if len(some) == 0 {
						break
					}
					backwards = append(backwards, some...)
					q.Before = some[len(some)-1].Position
				}
				want(t, "events", len(backwards), len(forwards))
				for i, e := range backwards {
					want(t, "event", e.ID, forwards[i].ID)
					want(t, "size", e.PayloadBytes, len(forwards[i].Payload))
					want(t, "payload is there", e.Payload != nil, payloads)
				}
			}
		}
	})
}

func TestAnEventIsFoundByItsID(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		appendEvents(t, db, anEvent(1), anEvent(2))
		got, err := db.Events().Get(t.Context(), anEvent(2).ID)
		must(t, err)
		want(t, "position", got.Position, 2)
		want(t, "payload", string(got.Payload), "{}")
		_, err = db.Events().Get(t.Context(), "evnt_none")
		wantReason(t, err, "event.not_found")
	})
}
