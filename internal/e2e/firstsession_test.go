package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestTheFirstSession is what the README leads through, against `posthouse serve --sandbox` and an
// empty folder.
func TestTheFirstSession(t *testing.T) {
	t.Parallel()
	h := startHouse(t, setup{Sandbox: true})
	chats := h.chats()
	chats.hushCredentials()

	first := h.client().register(t, "Wang.Xiaoming", "correct horse battery", "138 0000 0001")
	registered := h.client().as(first.AccessToken)
	signedIn := loginWithCode(t, h, chats, "wang.xiaoming", "correct horse battery")
	wantViewer(t, h.client().as(signedIn.AccessToken))

	admin := h.client().as(signedIn.AccessToken)
	broadcastIsSeenInChat(t, admin, chats)
	eventsArrive(t, admin, chats)
	wechatSession(t, h, chats)
	refreshing(t, h, signedIn)

	admin = registered
	admin.ask(t, logoutOp, nil, nil)
	if e := admin.refused(t, viewerOp, nil); e.Extensions.Code != "UNAUTHENTICATED" {
		t.Errorf("after logout the token is answered %+v", e)
	}
	if e := h.client().refused(t, refreshOp, vars{"input": vars{"refreshToken": first.RefreshToken}}); e.Extensions.Code != "UNAUTHENTICATED" {
		t.Errorf("after logout the refresh token is answered %+v", e)
	}
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// loginWithCode reads the code where a person would.
func loginWithCode(t *testing.T, h *house, chats chats, username, password string) tokens {
	t.Helper()
	withoutCode := vars{"username": username, "password": password}
	e := h.client().refused(t, loginOp, vars{"input": withoutCode})
	if e.Extensions.Reason != "login.factor_required" || !slices.Equal(e.Extensions.Factors, []string{"OTP"}) {
		t.Fatalf("without a code the login is answered %+v", e)
	}
	out, err := h.client().try(otpOp, vars{"input": vars{"username": username}})
	check(t, err)
	var asked struct {
		RequestOtp struct{ ChallengeID, Channel, Destination string }
	}
	check(t, json.Unmarshal(out.Data, &asked))
	if asked.RequestOtp.Channel != "DINGTALK_GROUP" || strings.Contains(asked.RequestOtp.Destination, "00000001") {
		t.Errorf("the code travels so: %+v", asked.RequestOtp)
	}
	code, m := chats.awaitCode("ops", 0)
	if strings.Contains(string(out.Data), code) {
		t.Error("the code was returned to the one who asked for it")
	}
	if !slices.Contains(m.Mentions.NotifiedUserIDs, "zhangsan") {
		t.Errorf("the code mentions %v, want the owner of the phone", m.Mentions)
	}
	proof := vars{"challengeId": asked.RequestOtp.ChallengeID, "code": code}
	var done struct{ Login struct{ Session tokens } }
	h.client().ask(t, loginOp, vars{"input": vars{"username": username, "password": password, "otp": proof}}, &done)
	if e := h.client().refused(t, loginOp, vars{"input": vars{"username": username, "password": password, "otp": proof}}); e.Extensions.Reason != "otp.expired" {
		t.Errorf("a code used twice is answered %+v", e)
	}
	return done.Login.Session.hush()
}

func wantViewer(t *testing.T, c client) {
	t.Helper()
	var out struct {
		Viewer struct {
			Username, Phone string
			Roles           []string
			Sessions        struct{ Nodes []struct{ Current bool } }
		}
	}
	c.ask(t, viewerOp, nil, &out)
	v := out.Viewer
	if v.Username != "Wang.Xiaoming" || v.Phone != "+8613800000001" || !slices.Equal(v.Roles, []string{"ADMIN"}) || len(v.Sessions.Nodes) != 2 {
		t.Errorf("the viewer is %+v", v)
	}
}

func broadcastIsSeenInChat(t *testing.T, c client, chats chats) {
	t.Helper()
	updates := subscriber(t, "sse", c, updatesOp, nil)
	await(t, "the subscription to deliveries", func() bool { return updates.connected() == 1 })
	broadcast := c.say(t, "Posthouse: 今晚八点停机维护", c.robotID(t, "ops"), c.robotID(t, "news"))
	for _, robot := range []string{"ops", "news"} {
		await(t, "the broadcast in the chat of "+robot, func() bool { return len(chats.saying(robot, "今晚八点停机维护")) == 1 })
	}
	await(t, "the broadcast being known as sent", func() bool { return c.said(t, broadcast).Status == "SENT" })
	await(t, "both deliveries being announced as sent", func() bool {
		return strings.Count(updates.stdout.String(), `"status":"SENT","delivery"`) == 2
	})
	if code := updates.interrupt(); code != 0 {
		t.Errorf("the subscriber ended with %d: %s", code, updates.stderr)
	}
}

// eventsArrive watches with every kind of client there is.
func eventsArrive(t *testing.T, c client, chats chats) {
	t.Helper()
	kinds := []string{"ws", "bare", "sse"}
	watching := map[string]*script{}
	for _, kind := range kinds {
		watching[kind] = subscriber(t, kind, c, eventsOp, nil)
	}
	push := func() string {
		pushed := chats.push("user_add_org", map[string]any{"userId": []string{"newcomer"}})
		if !pushed.Delivered || pushed.Attempts != 1 || pushed.Answer != "success" {
			t.Fatalf("the push went so: %+v", pushed)
		}
		return pushed.EventID
	}
	var sent []string
	// Nothing tells from outside when a subscription over WebSocket lives, but that events come.
	for kind, s := range watching {
		await(t, "events over "+kind, func() bool {
			sent = append(sent, push())
			return len(s.events()) > 0
		})
	}
	sent = append(sent, push())
	for kind, s := range watching {
		await(t, "the last event over "+kind, func() bool { return ids(t, s.events())[len(s.events())-1] == sent[len(sent)-1] })
		if got := ids(t, s.events()); !slices.Equal(got, sent[len(sent)-len(got):]) {
			t.Errorf("over %s came %v, pushed were %v", kind, got, sent)
		}
		if code := s.interrupt(); code != 0 {
			t.Errorf("the subscriber over %s ended with %d: %s", kind, code, s.stderr)
		}
	}
	if got := ids(t, c.eventLog(t)); !slices.Equal(got, sent) {
		t.Errorf("the log holds %v, pushed were %v", got, sent)
	}
}

func wechatSession(t *testing.T, h *house, chats chats) {
	t.Helper()
	type answer struct {
		WechatLogin struct {
			Session struct{ Skey, ExpiresAt string }
			Account struct{ ID string }
			Created bool
		}
	}
	login := func() (out answer) {
		var fresh struct{ Code string }
		chats.call("POST", "wechat/codes", vars{"openid": "o-first-session"}, &fresh)
		input := vars{"input": vars{"code": secret("a WeChat code", fresh.Code)}}
		var again answer
		h.client().ask(t, wechatOp, input, &out)
		h.client().ask(t, wechatOp, input, &again)
		if out != again {
			t.Errorf("the same code sent twice gave %+v and %+v", out.WechatLogin.Account, again.WechatLogin.Account)
		}
		secret("an skey", out.WechatLogin.Session.Skey)
		return out
	}
	once, later := login(), login()
	if !once.WechatLogin.Created || later.WechatLogin.Created || once.WechatLogin.Account != later.WechatLogin.Account {
		t.Errorf("created at first sight %v, later %v", once.WechatLogin.Created, later.WechatLogin.Created)
	}
	var out struct {
		Viewer struct {
			ID         string
			Identities []struct{ Provider, Subject string }
		}
	}
	h.client().withSkey(once.WechatLogin.Session.Skey).ask(t, viewerOp, nil, &out)
	if out.Viewer.ID != once.WechatLogin.Account.ID || len(out.Viewer.Identities) != 1 || out.Viewer.Identities[0].Subject != "o-first-session" {
		t.Errorf("the skey signs in as %+v", out.Viewer)
	}
}

// refreshing ends the session: a refresh token that comes twice has been stolen.
func refreshing(t *testing.T, h *house, session tokens) {
	t.Helper()
	input := func(s tokens) vars { return vars{"input": vars{"refreshToken": s.RefreshToken}} }
	var out struct{ RefreshSession struct{ Session tokens } }
	h.client().ask(t, refreshOp, input(session), &out)
	next := out.RefreshSession.Session.hush()
	h.client().as(next.AccessToken).ask(t, viewerOp, nil, nil)
	if e := h.client().refused(t, refreshOp, input(session)); e.Extensions.Reason != "session.reused" {
		t.Errorf("a refresh token used twice is answered %+v", e)
	}
	for name, token := range map[string]string{"the first": session.AccessToken, "the next": next.AccessToken} {
		if e := h.client().as(token).refused(t, viewerOp, nil); e.Extensions.Code != "UNAUTHENTICATED" {
			t.Errorf("%s access token of the ended family is answered %+v", name, e)
		}
	}
	if e := h.client().refused(t, refreshOp, input(next)); e.Extensions.Code != "UNAUTHENTICATED" {
		t.Errorf("the next refresh token of the ended family is answered %+v", e)
	}
}
