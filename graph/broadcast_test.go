package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/server/sandbox"
)

func text(content string) vars { return vars{"text": vars{"content": content}} }

// broadcastOf reads what the contract's operations tell of a broadcast.
type broadcastOf struct {
	ID, Status string
	Deliveries struct {
		Nodes []struct {
			ID, Status    string
			NextAttemptAt *string
			Robot         *struct{ ID, Name string }
			Attempts      []struct{ At, Outcome, PlatformCode, PlatformMessage, Remedy string }
		}
	}
}

func (c client) broadcast(t testing.TB, input vars) broadcastOf {
	t.Helper()
	var got struct {
		Broadcast struct{ Broadcast broadcastOf }
	}
	c.contract(t, "Broadcast", vars{"input": input}).into(t, &got)
	return got.Broadcast.Broadcast
}

func (c client) broadcastByID(t testing.TB, id string) broadcastOf {
	t.Helper()
	var got struct{ Node broadcastOf }
	c.contract(t, "BroadcastById", vars{"id": id}).into(t, &got)
	return got.Node
}

func TestABroadcastIsTakenSentAndFollowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	ops := h.robotID(t, "ops")
	taken := boss.contract(t, "Broadcast", vars{"input": vars{"robotIds": []string{ops}, "message": text("驿站: deploy done ✅"), "mentions": vars{"phones": []string{"13800000002"}}}})
	if !strings.Contains(taken.Body, `"status":"PENDING"`) && !strings.Contains(taken.Body, `"status":"SENT"`) {
		t.Fatalf("got %s", taken.Body)
	}
	var got struct {
		Broadcast struct{ Broadcast broadcastOf }
	}
	taken.into(t, &got)
	await(t, "the call to DingTalk", h.completed)
	wantBody(t, boss.contract(t, "BroadcastById", vars{"id": got.Broadcast.Broadcast.ID}),
		`{"data":{"node":{"id":"bcst","status":"SENT","createdAt":"2026-01-05T08:00:00.000Z","deliveries":{"nodes":[`+
			`{"id":"dlvr","status":"SENT","nextAttemptAt":null,"robot":{"id":"robt","name":"ops"},"attempts":[`+
			`{"at":"2026-01-05T08:00:00.000Z","outcome":"ACCEPTED","platformCode":"0","platformMessage":"ok","remedy":null}]}]}}}}`)
	said := h.box.Messages(sandbox.MessageFilter{Robot: "ops"})
	if len(said) != 1 || !strings.Contains(string(said[0].Body), "deploy done") {
		t.Fatalf("the chat shows %+v", said)
	}
}

func TestEachKindOfMessageReachesTheChat(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	ops := h.robotID(t, "ops")
	link := vars{"title": "t", "text": "x", "messageUrl": "https://example.com/", "picUrl": "https://example.com/p.png"}
	for msgtype, message := range map[string]vars{
		"text":       text("hello"),
		"markdown":   {"markdown": vars{"title": "t", "text": "# hello"}},
		"link":       {"link": link},
		"actionCard": {"actionCard": vars{"title": "t", "text": "x", "buttons": []vars{{"title": "a", "url": "https://example.com/a"}, {"title": "b", "url": "https://example.com/b"}}, "horizontal": true}},
		"feedCard":   {"feedCard": vars{"links": []vars{{"title": "t", "messageUrl": "https://example.com/", "picUrl": "https://example.com/p.png"}}}},
	} {
		boss.broadcast(t, vars{"robotIds": []string{ops}, "message": message})
		await(t, "the call to DingTalk", h.completed)
		said := h.box.Messages(sandbox.MessageFilter{})
		if last := said[len(said)-1]; last.Msgtype != msgtype {
			t.Errorf("the chat shows %+v, want a %s", last, msgtype)
		}
	}
}

func TestBroadcastsAreRefusedWithTheirReasons(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	ops, news := h.robotID(t, "ops"), h.robotID(t, "news")
	key := vars{"robotIds": []string{ops}, "message": text("one"), "idempotencyKey": "k1"}
	first := boss.broadcast(t, key)
	if again := boss.broadcast(t, key); again.ID != first.ID {
		t.Fatalf("the same key gave %s and %s", first.ID, again.ID)
	}
	phones := make([]string, 51)
	for i := range phones {
		phones[i] = fmt.Sprintf("138000010%02d", i)
	}
	for name, c := range map[string]struct {
		input        vars
		reason, code string
	}{
		"another message under the same key": {vars{"robotIds": []string{ops}, "message": text("two"), "idempotencyKey": "k1"}, "broadcast.idempotency_conflict", "CONFLICT"},
		"a message too long":                 {vars{"robotIds": []string{ops}, "message": text(strings.Repeat("长", 10_000))}, "broadcast.too_long", "INVALID"},
		"51 people":                          {vars{"robotIds": []string{ops}, "message": text("x"), "mentions": vars{"phones": phones}}, "broadcast.too_many_mentions", "INVALID"},
		"a robot that is not there":          {vars{"robotIds": []string{ops, "robt_00000000000000000000000000"}, "message": text("x")}, "robot.not_found", "NOT_FOUND"},
		"an id of something else":            {vars{"robotIds": []string{first.ID}, "message": text("x")}, "robot.not_found", "NOT_FOUND"},
		"mentions with a link":               {vars{"robotIds": []string{ops}, "message": vars{"link": vars{"title": "t", "text": "x", "messageUrl": "https://example.com/"}}, "mentions": vars{"all": true}}, "broadcast.mentions_unsupported", "INVALID"},
		"a time too far ahead":               {vars{"robotIds": []string{news}, "message": text("x"), "sendAt": start.Add(91 * 24 * time.Hour).Format(time.RFC3339)}, "broadcast.send_at_invalid", "INVALID"},
		"an empty text":                      {vars{"robotIds": []string{ops}, "message": text("")}, "broadcast.message_invalid", "INVALID"},
		"a key too long":                     {vars{"robotIds": []string{ops}, "message": text("x"), "idempotencyKey": strings.Repeat("k", 129)}, "broadcast.idempotency_key_invalid", "INVALID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := boss.contract(t, "Broadcast", vars{"input": c.input})
			wantReason(t, a, c.reason)
			if a.Status != 200 || a.Errors[0].Extensions.Code != c.code || a.Errors[0].Message == "" {
				t.Fatalf("got %d %s", a.Status, a.Body)
			}
		})
	}
}

func TestABroadcastOfLaterWaitsForItsTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{sessions: session.Config{AccessTTL: time.Hour}})
	boss := h.as(h.admin(t))
	b := boss.broadcast(t, vars{"robotIds": []string{h.robotID(t, "ops")}, "message": text("later"), "sendAt": "2026-01-05T16:30:00+08:00", "priority": "BULK"})
	if b.Status != "SCHEDULED" || len(b.Deliveries.Nodes) != 1 || b.Deliveries.Nodes[0].Status != "QUEUED" {
		t.Fatalf("got %+v", b)
	}
	if due := boss.broadcastByID(t, b.ID).Deliveries.Nodes[0].NextAttemptAt; due == nil || *due != "2026-01-05T08:30:00.000Z" {
		t.Fatalf("due at %v", due)
	}
	h.clock.Advance(30 * time.Minute)
	await(t, "the call to DingTalk", h.completed)
	if b = boss.broadcastByID(t, b.ID); b.Status != "SENT" {
		t.Fatalf("got %+v", b)
	}
}

// What DingTalk refuses is told with its own code, and with what to do about it in the language asked
// for, or else that of the request.
func TestARefusalOfDingTalkComesWithItsRemedy(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	admin := h.admin(t)
	boss := h.as(admin)
	b := boss.broadcast(t, vars{"robotIds": []string{h.robotID(t, "news"), h.robotID(t, "ops")}, "message": text("without the keyword")})
	await(t, "a call to DingTalk", h.completed)
	await(t, "a call to DingTalk", h.completed)
	zh, en := boss.broadcastByID(t, b.ID), h.as(admin, "Accept-Language", "en").broadcastByID(t, b.ID)
	if zh.Status != "PARTIAL" {
		t.Fatalf("got %+v", zh)
	}
	for i, d := range zh.Deliveries.Nodes {
		if d.Robot.Name != "news" {
			continue
		}
		a := d.Attempts[0]
		if d.Status != "FAILED" || a.Outcome != "REFUSED" || a.PlatformCode != "310000" || !strings.Contains(a.Remedy, "关键词") {
			t.Errorf("got %+v", d)
		}
		if english := en.Deliveries.Nodes[i].Attempts[0].Remedy; !strings.Contains(english, "keyword") {
			t.Errorf("in English: %q", english)
		}
	}
	asked := boss.ask(t, `query ($id: ID!) { node(id: $id) { ... on Broadcast { deliveries { nodes { attempts { zh: remedy(language: ZH_CN) en: remedy(language: EN) remedy } } } } } }`, vars{"id": b.ID})
	if !strings.Contains(asked.Body, "关键词") || !strings.Contains(asked.Body, "keyword") {
		t.Errorf("got %s", asked.Body)
	}
}

func TestARobotIsAddedOnceAndNeverTellsItsSecrets(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	webhook, signing := strings.Repeat("0a", 32), "SEC"+strings.Repeat("1b", 32)
	in := func(over vars) vars {
		all := vars{"name": "alarm", "webhook": webhook, "secret": signing, "keywords": []string{"alarm"}}
		for k, v := range over {
			all[k] = v
		}
		return vars{"input": all}
	}
	wantBody(t, boss.contract(t, "CreateRobot", in(nil)), `{"data":{"createRobot":{"robot":{"id":"robt","name":"alarm"}}}}`)
	for reason, variables := range map[string]vars{
		"robot.name_taken":      in(vars{"webhook": strings.Repeat("2c", 32)}),
		"robot.webhook_taken":   in(vars{"name": "another"}),
		"robot.name_invalid":    in(vars{"name": "bad\x00name"}),
		"robot.webhook_invalid": in(vars{"name": "x", "webhook": "https://evil.example.com/robot/send?access_token=" + webhook}),
		"robot.secret_invalid":  in(vars{"name": "x", "webhook": strings.Repeat("3d", 32), "secret": "no SEC"}),
		"robot.keyword_invalid": in(vars{"name": "x", "webhook": strings.Repeat("4e", 32), "keywords": []string{""}}),
	} {
		wantReason(t, boss.contract(t, "CreateRobot", variables), reason)
	}
	wantBody(t, boss.contract(t, "Robots", nil), `{"data":{"robots":{"nodes":[`+
		`{"id":"robt","name":"ops","keywords":[],"hasSecret":true,"blockedUntil":null},`+
		`{"id":"robt","name":"news","keywords":["Posthouse"],"hasSecret":true,"blockedUntil":null},`+
		`{"id":"robt","name":"alarm","keywords":["alarm"],"hasSecret":true,"blockedUntil":null}],"pageInfo":{"hasNextPage":false,"endCursor":"KEY"}}}}`)
}

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

func TestARobotThatSpokeTooFastIsShownAsBlocked(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{sessions: session.Config{AccessTTL: time.Hour}})
	boss := h.as(h.admin(t))
	check(t, h.box.SetFaults([]sandbox.Fault{{Path: "/robot/send", Kind: sandbox.FaultThrottle, Times: 1}}))
	b := boss.broadcast(t, vars{"robotIds": []string{h.robotID(t, "ops")}, "message": text("x")})
	await(t, "the call to DingTalk", h.completed)
	got := boss.broadcastByID(t, b.ID)
	if d := got.Deliveries.Nodes[0]; got.Status != "PENDING" || d.Status != "QUEUED" || d.NextAttemptAt == nil || d.Attempts[0].Outcome != "THROTTLED" || d.Attempts[0].Remedy == "" {
		t.Fatalf("got %+v", got)
	}
	robots := boss.contract(t, "Robots", nil)
	var list struct {
		Robots struct {
			Nodes []struct {
				Name         string
				BlockedUntil *time.Time
			}
		}
	}
	robots.into(t, &list)
	until := list.Robots.Nodes[0].BlockedUntil
	if until == nil || until.Before(start.Add(10*time.Minute)) || list.Robots.Nodes[1].BlockedUntil != nil {
		t.Fatalf("got %s", robots.Body)
	}
	h.clock.Advance(until.Sub(start) + time.Second)
	await(t, "the second call to DingTalk", h.completed)
	if got = boss.broadcastByID(t, b.ID); got.Status != "SENT" {
		t.Fatalf("got %+v", got)
	}
	if again := boss.contract(t, "Robots", nil); strings.Contains(again.Body, "2026-01-05T08:1") {
		t.Errorf("still blocked: %s", again.Body)
	}
}

func raw(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
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
