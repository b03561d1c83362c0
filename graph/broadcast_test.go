package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

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
