package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
)

func TestPagesFollowOneAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	for i := range 5 {
		h.clock.Advance(time.Millisecond)
		boss.contract(t, "CreateRobot", vars{"input": vars{"name": fmt.Sprintf("r%d", i), "webhook": strings.Repeat(fmt.Sprintf("%02x", i), 32)}})
	}
	var names []string
	after := any(nil)
	for range 10 {
		var got struct {
			Robots struct {
				Nodes    []struct{ Name string }
				PageInfo struct {
					HasNextPage bool
					EndCursor   *string
				}
			}
		}
		boss.ask(t, `query ($after: String) { robots(first: 3, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }`, vars{"after": after}).into(t, &got)
		for _, n := range got.Robots.Nodes {
			names = append(names, n.Name)
		}
		if !got.Robots.PageInfo.HasNextPage {
			break
		}
		after = got.Robots.PageInfo.EndCursor
	}
	if len(names) != 7 || strings.Join(names[2:], " ") != "r0 r1 r2 r3 r4" {
		t.Fatalf("got %v", names)
	}
	end := boss.ask(t, `query ($after: String) { robots(after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }`, vars{"after": "azE6enp6eno"})
	wantBody(t, end, `{"data":{"robots":{"nodes":[],"pageInfo":{"hasNextPage":false,"endCursor":null}}}}`)
}

// Who may do what, operation by operation.
func TestRolesDecideWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ops := h.robotID(t, "ops")
	actors := map[string]client{
		"nobody": h.nobody(),
		"member": h.as(h.member(t)),
		"admin":  h.as(h.admin(t)),
		"owner":  h.as(h.person(t, "founder", "+8613900000003", authz.Owner)),
	}
	forAdmins := map[string]string{"nobody": "session.missing", "member": "authz.forbidden", "admin": "", "owner": ""}
	forAccounts := map[string]string{"nobody": "session.missing", "member": "", "admin": "", "owner": ""}
	n := 0
	for name, c := range map[string]struct {
		operation string
		variables func() vars
		reasons   map[string]string
	}{
		"Robots":           {"Robots", func() vars { return nil }, forAdmins},
		"CallbackEventLog": {"CallbackEventLog", func() vars { return nil }, forAdmins},
		"Viewer":           {"Viewer", func() vars { return nil }, forAccounts},
		"BroadcastById":    {"BroadcastById", func() vars { return vars{"id": "bcst_00000000000000000000000000"} }, forAccounts},
		"Broadcast": {"Broadcast", func() vars {
			return vars{"input": vars{"robotIds": []string{ops}, "message": text("x"), "sendAt": "2026-02-01T00:00:00Z"}}
		}, forAdmins},
		"CreateRobot": {"CreateRobot", func() vars {
			n++
			return vars{"input": vars{"name": fmt.Sprintf("r%d", n), "webhook": strings.Repeat(fmt.Sprintf("%02x", n), 32)}}
		}, forAdmins},
	} {
		for who, reason := range c.reasons {
			a := actors[who].contract(t, c.operation, c.variables())
			if a.reason() != reason {
				t.Errorf("%s by %s: got %q, want %q: %s", name, who, a.reason(), reason, a.Body)
			}
		}
	}
}

// An id gives its thing to those who may see it, and nothing to others, as if it were nobody's.
func TestNodeShowsOnlyWhatTheActorMaySee(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	admin, clerk, other := h.admin(t), h.member(t), h.person(t, "other", "+8613900000004", authz.Member)
	boss := h.as(admin)
	b := boss.broadcast(t, vars{"robotIds": []string{h.robotID(t, "ops")}, "message": text("x"), "sendAt": "2026-02-01T00:00:00Z"})
	ids := map[string]string{
		"one's own account":   string(clerk.Account.ID),
		"another's account":   string(other.Account.ID),
		"one's own session":   string(clerk.Session.ID),
		"another's session":   string(other.Session.ID),
		"a robot":             h.robotID(t, "ops"),
		"a broadcast":         b.ID,
		"a delivery":          b.Deliveries.Nodes[0].ID,
		"an unknown account":  "acct_00000000000000000000000000",
		"an unknown robot":    "robt_00000000000000000000000000",
		"an unknown delivery": "dlvr_00000000000000000000000000",
		"an unknown session":  "sess_00000000000000000000000000",
		"a login code":        "otpc_00000000000000000000000000",
		"nothing":             "",
		"noise":               "\x00'; DROP TABLE accounts; --",
		"a long id":           "acct_" + strings.Repeat("0", 10_000),
		"an unknown kind":     "xxxx_00000000000000000000000000",
	}
	memberSees := map[string]string{"one's own account": "Account", "one's own session": "Session"}
	adminSees := map[string]string{
		"one's own account": "Account", "another's account": "Account", "one's own session": "Session", "another's session": "Session",
		"a robot": "Robot", "a broadcast": "Broadcast", "a delivery": "Delivery",
	}
	const query = `query ($id: ID!) { node(id: $id) { __typename id } }`
	for name, id := range ids {
		check := func(c client, want string) {
			t.Helper()
			a := c.ask(t, query, vars{"id": id})
			var got struct {
				Node *struct {
					Typename string `json:"__typename"`
					ID       string
				}
			}
			a.into(t, &got)
			if (got.Node == nil) != (want == "") || got.Node != nil && (got.Node.Typename != want || got.Node.ID != id) {
				t.Errorf("%s: got %s, want %q", name, a.Body, want)
			}
		}
		check(h.as(clerk), memberSees[name])
		check(boss, adminSees[name])
		wantReason(t, h.nobody().ask(t, query, vars{"id": id}), "session.missing")
	}
	secretFields := h.as(clerk).ask(t, `query ($id: ID!) { node(id: $id) { ... on Account { phone sessions { nodes { id address userAgent } } identities { subject } } } }`, vars{"id": ids["another's account"]})
	wantBody(t, secretFields, `{"data":{"node":null}}`)
}

func TestANodeTellsEverythingOfItsKind(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	admin := h.admin(t)
	boss := h.as(admin)
	b := boss.broadcast(t, vars{"robotIds": []string{h.robotID(t, "ops")}, "message": text("x"), "sendAt": "2026-02-01T00:00:00Z", "priority": "URGENT"})
	for id, want := range map[string]string{
		string(admin.Session.ID): `{"data":{"node":{"id":"sess","kind":"TOKEN","createdAt":"2026-01-05T08:00:00.000Z","lastSeenAt":"2026-01-05T08:00:00.000Z","expiresAt":"2026-02-04T08:00:00.000Z","address":"","userAgent":"","current":true}}}`,
		b.ID:                     `{"data":{"node":{"id":"bcst","status":"SCHEDULED","priority":"URGENT","createdAt":"2026-01-05T08:00:00.000Z","sendAt":"2026-02-01T00:00:00.000Z","deliveries":{"nodes":[{"id":"dlvr"}],"pageInfo":{"hasNextPage":false,"endCursor":"KEY"}}}}}`,
		b.Deliveries.Nodes[0].ID: `{"data":{"node":{"id":"dlvr","delivery":"QUEUED","nextAttemptAt":"2026-02-01T00:00:00.000Z","robot":{"name":"ops"},"broadcast":{"id":"bcst","status":"SCHEDULED"},"attempts":[]}}}`,
		h.robotID(t, "news"):     `{"data":{"node":{"id":"robt","name":"news","keywords":["Posthouse"],"hasSecret":true,"blockedUntil":null,"createdAt":"2026-01-05T07:59:59.999Z"}}}`,
	} {
		wantBody(t, boss.ask(t, `query ($id: ID!) { node(id: $id) { id
			... on Session { kind createdAt lastSeenAt expiresAt address userAgent current }
			... on Broadcast { status priority createdAt sendAt deliveries { nodes { id } pageInfo { hasNextPage endCursor } } }
			... on Delivery { delivery: status nextAttemptAt robot { name } broadcast { id status } attempts { outcome } }
			... on Robot { name keywords hasSecret blockedUntil createdAt } } }`, vars{"id": id}), want)
	}
}

func TestTheEventLogIsPagedAndFiltered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	for i := range 5 {
		h.append(t, []string{"user_add_org", "user_leave_org"}[i%2], fmt.Sprint(i), raw(vars{"n": i}))
	}
	h.append(t, "user_add_org", "4", raw(vars{"n": "again"})) // DingTalk pushes it twice
	wantBody(t, boss.contract(t, "CallbackEventLog", vars{"first": 1}),
		`{"data":{"callbackEventLog":{"nodes":[{"cursor":"CURSOR","id":"evnt","type":"user_add_org","corpId":"corp","occurredAt":"2026-01-05T08:00:00.000Z","receivedAt":"2026-01-05T08:00:00.000Z","payload":{"n":0}}],"pageInfo":{"hasNextPage":true,"endCursor":"CURSOR"}}}}`)
	type logPage struct {
		CallbackEventLog struct {
			Nodes []struct {
				Cursor  string
				Payload struct{ N int }
			}
			PageInfo struct {
				HasNextPage bool
				EndCursor   *string
			}
		}
	}
	var seen []int
	after := any(nil)
	for {
		var got logPage
		boss.contract(t, "CallbackEventLog", vars{"first": 2, "after": after, "filter": vars{"types": []string{"user_add_org"}}}).into(t, &got)
		for _, n := range got.CallbackEventLog.Nodes {
			seen = append(seen, n.Payload.N)
		}
		if !got.CallbackEventLog.PageInfo.HasNextPage {
			break
		}
		after = *got.CallbackEventLog.PageInfo.EndCursor
	}
	if fmt.Sprint(seen) != "[0 2 4]" {
		t.Fatalf("got %v", seen)
	}
	for name, c := range map[string]struct {
		variables vars
		reason    string
	}{
		"of another company":     {vars{"filter": vars{"corpId": "other"}}, ""},
		"a cursor of a list":     {vars{"after": "azE6YWJj"}, "page.cursor_invalid"},
		"a cursor of another":    {vars{"after": "ZjE6eHh4eDox"}, "page.cursor_invalid"},
		"a cursor ahead":         {vars{"after": "noise"}, "page.cursor_invalid"},
		"more than a page holds": {vars{"first": 201}, "page.first_invalid"},
	} {
		if a := boss.contract(t, "CallbackEventLog", c.variables); a.reason() != c.reason {
			t.Errorf("%s: got %s", name, a.Body)
		}
	}
}
