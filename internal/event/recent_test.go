package event_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

func (m *memoryStore) Recent(_ context.Context, q event.RecentQuery) ([]event.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []event.Event
	for _, e := range slices.Backward(m.events) {
		wanted := (len(q.Types) == 0 || slices.Contains(q.Types, e.Type)) && (q.CorpID == "" || q.CorpID == e.CorpID)
		if e.Position < q.Before && wanted && len(out) < q.Limit {
			e.PayloadBytes = len(e.Payload)
			if !q.Payloads {
				e.Payload = nil
			}
			out = append(out, e)
		}
	}
	return out, nil
}

func (m *memoryStore) Get(_ context.Context, which id.Event) (event.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		if e.ID == which {
			return e, nil
		}
	}
	return event.Event{}, event.ErrNotFound
}

func TestTheLogIsReadBackwardsToItsBeginning(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemoryStore(), 0)
	for i := range 7 {
		f.push(t, i, map[bool]string{true: "even", false: "odd"}[i%2 == 0])
	}
	for name, c := range map[string]struct {
		filter event.Filter
		want   []int64
	}{
		"everything": {event.Filter{}, []int64{7, 6, 5, 4, 3, 2, 1}},
		"one type":   {event.Filter{Types: []string{"odd"}}, []int64{6, 4, 2}},
		"no company": {event.Filter{CorpID: "ding9"}, nil},
	} {
		var seen []int64
		for after := (*feed.Cursor)(nil); ; {
			page, err := f.Recent(t.Context(), admin, c.filter, 2, after, false)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Items {
				if e.Payload != nil || e.PayloadBytes != 2 {
					t.Errorf("an outline has payload %q of %d", e.Payload, e.PayloadBytes)
				}
				seen = append(seen, e.Position)
				after = &feed.Cursor{Epoch: page.Epoch, Position: e.Position}
			}
			if !page.HasNext {
				break
			}
		}
		if !slices.Equal(seen, c.want) {
			t.Errorf("%s: %v", name, seen)
		}
	}
	if empty, err := f.Recent(t.Context(), admin, event.Filter{CorpID: "ding9"}, 2, nil, false); err != nil || empty.Newest != 7 {
		t.Fatalf("a page without anything says that the log ends at %d, %v", empty.Newest, err)
	}
	whole, err := f.Recent(t.Context(), admin, event.Filter{}, 1, nil, true)
	if err != nil || string(whole.Items[0].Payload) != "{}" {
		t.Fatalf("got %+v, %v", whole, err)
	}
	// A subscription that began with an empty log has this cursor.
	none, err := f.Recent(t.Context(), admin, event.Filter{}, 5, &feed.Cursor{Epoch: whole.Epoch}, false)
	if err != nil || len(none.Items) != 0 || none.HasNext {
		t.Fatalf("got %+v, %v", none, err)
	}
}

func TestReadingBackwardsIsRefusedAsReadingForwardsIs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemoryStore(), 0)
	for name, c := range map[string]struct {
		actor  authz.Actor
		filter event.Filter
		after  *feed.Cursor
		want   error
	}{
		"nobody":                       {authz.Actor{}, event.Filter{}, nil, authz.ErrSignInRequired},
		"a member":                     {authz.Actor{Account: "a"}, event.Filter{}, nil, authz.ErrForbidden},
		"an empty type":                {admin, event.Filter{Types: []string{""}}, nil, event.ErrFilterInvalid},
		"a cursor of another database": {admin, event.Filter{}, &feed.Cursor{Epoch: "other", Position: 1}, page.ErrCursor},
	} {
		if _, err := f.Recent(t.Context(), c.actor, c.filter, 5, c.after, false); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestOneEventIsReadWhole(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemoryStore(), 0)
	f.push(t, 1, "x")
	got, err := f.Get(t.Context(), admin, f.store.events[0].ID)
	if err != nil || got.Position != 1 || got.Epoch == "" || string(got.Payload) != "{}" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := f.Get(t.Context(), admin, "evnt_none"); !errors.Is(err, event.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	if _, err := f.Get(t.Context(), authz.Actor{Account: "a"}, got.ID); !errors.Is(err, authz.ErrForbidden) {
		t.Fatalf("got %v", err)
	}
}
