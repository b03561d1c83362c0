package session_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/session"
)

// listed gives the ids of the first page, and how often the store was asked for it.
func (f fixture) listed(t *testing.T, a account.Account) ([]id.Session, int) {
	t.Helper()
	f.db.TakeCalls()
	rows, err := f.ListLive(t.Context(), as(a, ""), a.ID, page.Request{First: 10})
	if err != nil {
		t.Fatal(err)
	}
	var ids []id.Session
	for _, row := range rows.Items {
		ids = append(ids, row.ID)
	}
	slices.Sort(ids)
	return ids, f.db.TakeCalls()["Sessions.ListLive"]
}

func (f fixture) wantListed(t *testing.T, when string, a account.Account, reads int, want ...id.Session) {
	t.Helper()
	slices.Sort(want)
	if got, asked := f.listed(t, a); !slices.Equal(got, want) || asked != reads {
		t.Errorf("%s: listed %v in %d reads, want %v in %d", when, got, asked, want, reads)
	}
}

func TestTheFirstPageComesFromMemoryAndFollowsChangesAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t)
	first := f.token(t, a)
	f.wantListed(t, "at first", a, 1, first.Session.ID)
	f.wantListed(t, "again", a, 0, first.Session.ID)

	second := f.token(t, a)
	f.wantListed(t, "after a sign-in", a, 1, first.Session.ID, second.Session.ID)
	third := f.skey(t, a)
	f.wantListed(t, "after one from a mini-program", a, 1, first.Session.ID, second.Session.ID, third.Session.ID)

	if err := f.End(t.Context(), as(a, ""), second.Session.ID); err != nil {
		t.Fatal(err)
	}
	f.wantListed(t, "after an ending", a, 1, first.Session.ID, third.Session.ID)
	f.wantListed(t, "again after an ending", a, 0, first.Session.ID, third.Session.ID)

	if _, err := f.Refresh(t.Context(), as(a, ""), session.RefreshInput{Token: first.RefreshToken}); err != nil {
		t.Fatal(err)
	}
	f.wantListed(t, "after a refresh, which moves the expiry", a, 1, first.Session.ID, third.Session.ID)

	f.clk.Advance(time.Minute)
	f.wantListed(t, "after a while", a, 1, first.Session.ID, third.Session.ID)
}

func TestARememberedPageLeavesOutWhatHasRunOut(t *testing.T) {
	t.Parallel()
	f := newHouse().process(t, func(c *session.Config) { c.SkeyTTL = 5 * time.Second })
	a := f.account(t)
	lasting, brief := f.token(t, a), f.skey(t, a)
	f.wantListed(t, "at first", a, 1, lasting.Session.ID, brief.Session.ID)
	f.clk.Advance(5 * time.Second)
	f.wantListed(t, "later", a, 1, lasting.Session.ID)
}

func TestARememberedPageIsTheCallersToChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.account(t)
	g := f.token(t, a)
	for range 2 {
		rows, err := f.ListLive(t.Context(), as(a, ""), a.ID, page.Request{First: 10})
		if err != nil || len(rows.Items) != 1 || rows.Items[0].ID != g.Session.ID {
			t.Fatalf("%+v, %v", rows, err)
		}
		rows.Items[0].ID = "changed"
	}
}

func TestARememberedPageKnowsTheLatestUse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.run(t)
	a := f.account(t)
	g := f.token(t, a)
	f.listed(t, a)
	used := f.clk.Now().Add(3 * time.Second)
	f.clk.Advance(3 * time.Second)
	if _, err := f.bearer(t, g.AccessToken); err != nil {
		t.Fatal(err)
	}
	for range 2 { // known to this process only, then written down
		rows, err := f.ListLive(t.Context(), as(a, ""), a.ID, page.Request{First: 10})
		if err != nil || !rows.Items[0].LastSeenAt.Equal(used.Truncate(time.Millisecond)) {
			t.Fatalf("last seen at %v, want %v (%v)", rows.Items[0].LastSeenAt, used, err)
		}
		f.minute()
	}
}

func TestOtherProcessesForgetAListThatChanged(t *testing.T) {
	t.Parallel()
	h := newHouse()
	here, there := h.process(t, nil), h.process(t, nil)
	here.bus.Subscribe(session.TopicChanged, func(message []byte) {
		if err := there.bus.Publish(t.Context(), session.TopicChanged, message); err != nil {
			t.Error(err)
		}
	})
	a := h.account(t)
	first := here.token(t, a)
	there.wantListed(t, "at first", a, 1, first.Session.ID)
	second := here.token(t, a)
	there.wantListed(t, "after a sign-in elsewhere", a, 1, first.Session.ID, second.Session.ID)
}

func TestAListIsNotKeptWhenItChangedWhileItWasRead(t *testing.T) {
	t.Parallel()
	var f fixture
	var once bool
	f = newHouse().process(t, func(c *session.Config) {
		c.Store = readsSlowly{c.Store, func(a id.Account) {
			if !once {
				once = true
				f.token(t, account.Account{ID: a})
			}
		}}
	})
	a := f.account(t)
	if got, _ := f.listed(t, a); len(got) != 0 {
		t.Fatalf("the page was read before the sign-in, yet has %v", got)
	}
	if got, _ := f.listed(t, a); len(got) != 1 {
		t.Fatalf("the old page was kept: %v", got)
	}
}

// readsSlowly lets something happen between the reading of a page and its arrival.
type readsSlowly struct {
	session.Store
	meanwhile func(id.Account)
}

func (r readsSlowly) ListLive(ctx context.Context, owner id.Account, now time.Time, p page.Request) (page.Of[session.Session], error) {
	rows, err := r.Store.ListLive(ctx, owner, now, p)
	r.meanwhile(owner)
	return rows, err
}
