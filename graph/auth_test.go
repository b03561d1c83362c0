package graph_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/server/sandbox"
)

// onlyPassword signs in without codes.
var onlyPassword = []login.FactorName{login.Password}

func register(name, phone string) vars {
	return vars{"input": vars{"username": name, "phone": phone, "password": password}}
}

type tokens struct{ AccessToken, RefreshToken, ExpiresAt string }

func TestAPersonRegistersGetsACodeAndSignsIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	somebody := h.nobody("Accept-Language", "en")

	wantBody(t, somebody.contract(t, "Register", register("Zhang.San", "13800000001")),
		`{"data":{"register":{"session":{"accessToken":"JWT","refreshToken":"phr","expiresAt":"2026-01-05T08:15:00.000Z"},`+
			`"account":{"id":"acct","username":"Zhang.San","phone":"+8613800000001","createdAt":"2026-01-05T08:00:00.000Z"}}}}`)

	wantReason(t, somebody.contract(t, "Login", vars{"input": vars{"username": "zhang.san", "password": password}}), "login.factor_required")

	asked := somebody.contract(t, "RequestOtp", vars{"input": vars{"username": "ZHANG.SAN"}})
	wantBody(t, asked, `{"data":{"requestOtp":{"challengeId":"otpc","channel":"DINGTALK_GROUP","destination":"+86138****0001",`+
		`"expiresAt":"2026-01-05T08:05:00.000Z","resendAt":"2026-01-05T08:01:00.000Z"}}}`)
	var otp struct{ RequestOtp struct{ ChallengeID string } }
	asked.into(t, &otp)
	code, _ := h.code(t, "13800000001", 0)
	if strings.Contains(asked.Body, code) || strings.Contains(h.log.String(), code) {
		t.Fatalf("the code %s was told to more than the chat: %s", code, asked.Body)
	}

	h.clock.Advance(time.Second)
	in := vars{"username": "zhang.san", "password": password, "otp": vars{"challengeId": otp.RequestOtp.ChallengeID, "code": code}}
	signedIn := somebody.contract(t, "Login", vars{"input": in})
	wantBody(t, signedIn, `{"data":{"login":{"session":{"accessToken":"JWT","refreshToken":"phr","expiresAt":"2026-01-05T08:15:01.000Z"},`+
		`"account":{"id":"acct","username":"Zhang.San"}}}}`)
	var got struct{ Login struct{ Session tokens } }
	signedIn.into(t, &got)

	wantReason(t, somebody.contract(t, "Login", vars{"input": in}), "otp.expired") // a code works once

	zhang := h.as(credentials{Token: got.Login.Session.AccessToken}, "Accept-Language", "en")
	wantBody(t, zhang.contract(t, "Viewer", nil), `{"data":{"viewer":{"id":"acct","username":"Zhang.San","phone":"+8613800000001","roles":["MEMBER"],"identities":[],`+
		`"sessions":{"nodes":[{"id":"sess","createdAt":"2026-01-05T08:00:01.000Z","lastSeenAt":"2026-01-05T08:00:01.000Z","current":true},`+
		`{"id":"sess","createdAt":"2026-01-05T08:00:00.000Z","lastSeenAt":"2026-01-05T08:00:00.000Z","current":false}]}}}}`)
}

func TestASessionIsRefreshedOnceAndEndsWhenATokenComesTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{factors: onlyPassword})
	var made struct{ Register struct{ Session tokens } }
	h.nobody().contract(t, "Register", register("zhang", "13800000001")).into(t, &made)
	first := made.Register.Session

	refresh := func(token string) answer {
		return h.nobody().contract(t, "RefreshSession", vars{"input": vars{"refreshToken": token}})
	}
	h.clock.Advance(10 * time.Minute)
	var renewed struct{ RefreshSession struct{ Session tokens } }
	refresh(first.RefreshToken).into(t, &renewed)
	second := renewed.RefreshSession.Session
	if second.RefreshToken == first.RefreshToken || second.ExpiresAt != "2026-01-05T08:25:00.000Z" {
		t.Fatalf("got %+v after %+v", second, first)
	}
	zhang := h.as(credentials{Token: second.AccessToken})
	if a := zhang.contract(t, "Viewer", nil); a.reason() != "" {
		t.Fatalf("got %s", a.Body)
	}
	wantReason(t, refresh(first.RefreshToken), "session.reused")
	wantReason(t, refresh(second.RefreshToken), "session.expired") // the whole family is over
	wantReason(t, zhang.contract(t, "Viewer", nil), "session.expired")
	wantReason(t, refresh("phr_"+strings.Repeat("A", 43)), "session.expired")
	wantReason(t, refresh("anything"), "session.expired")
}

func TestASessionEndsAtOnceAtLogout(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	wantBody(t, boss.contract(t, "Logout", nil), `{"data":{"logout":{"ok":true}}}`)
	wantReason(t, boss.contract(t, "Viewer", nil), "session.expired")
	wantReason(t, boss.contract(t, "Logout", nil), "session.expired")
	wantReason(t, h.nobody().contract(t, "Logout", nil), "session.missing")
}

func TestAnAccessTokenEndsByTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	h.clock.Advance(15*time.Minute - time.Second)
	wantReason(t, boss.contract(t, "Viewer", nil), "")
	h.clock.Advance(2 * time.Second)
	wantReason(t, boss.contract(t, "Viewer", nil), "session.expired")
}

// What each refusal of signing in looks like to the client; one house for all.
func TestRefusalsOfSigningInHaveTheirReasons(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	somebody := h.nobody("Accept-Language", "en")
	somebody.contract(t, "Register", register("zhang", "13800000001"))
	in := func(over vars) vars {
		all := vars{"username": "li.si", "phone": "13800000002", "password": password}
		for k, v := range over {
			all[k] = v
		}
		return vars{"input": all}
	}
	for name, c := range map[string]struct {
		operation    string
		variables    vars
		reason, code string
		fields       []string
	}{
		"a username somebody has":        {"Register", in(vars{"username": "ZHANG"}), "account.username_taken", "CONFLICT", []string{"username"}},
		"the phone of somebody":          {"Register", in(vars{"phone": "+86 138 0000 0001"}), "account.phone_taken", "CONFLICT", []string{"phone"}},
		"an empty username":              {"Register", in(vars{"username": ""}), "account.username_invalid", "INVALID", []string{"username"}},
		"a username with NUL":            {"Register", in(vars{"username": "li\x00si"}), "account.username_invalid", "INVALID", []string{"username"}},
		"a username of emoji":            {"Register", in(vars{"username": "😀😀😀"}), "account.username_invalid", "INVALID", []string{"username"}},
		"a username that turns around":   {"Register", in(vars{"username": "li\u202esi"}), "account.username_invalid", "INVALID", []string{"username"}},
		"a very long username":           {"Register", in(vars{"username": strings.Repeat("a", 1000)}), "account.username_invalid", "INVALID", []string{"username"}},
		"a phone that is none":           {"Register", in(vars{"phone": "12345"}), "account.phone_invalid", "INVALID", []string{"phone"}},
		"a phone of emoji":               {"Register", in(vars{"phone": "☎️"}), "account.phone_invalid", "INVALID", []string{"phone"}},
		"a short password":               {"Register", in(vars{"password": "short"}), "account.password_weak", "INVALID", []string{"password"}},
		"a common password":              {"Register", in(vars{"password": "password123"}), "account.password_weak", "INVALID", []string{"password"}},
		"a password of 100 kB":           {"Register", in(vars{"password": strings.Repeat("x", 100_000)}), "account.password_weak", "INVALID", []string{"password"}},
		"everything wrong at once":       {"Register", in(vars{"username": "", "phone": "x", "password": "x"}), "account.username_invalid", "INVALID", []string{"username", "phone", "password"}},
		"a wrong password":               {"Login", vars{"input": vars{"username": "zhang", "password": "wrong wrong"}}, "login.invalid_credentials", "UNAUTHENTICATED", nil},
		"an unknown username":            {"Login", vars{"input": vars{"username": "nobody", "password": password}}, "login.invalid_credentials", "UNAUTHENTICATED", nil},
		"an impossible username":         {"Login", vars{"input": vars{"username": "\x00", "password": password}}, "login.invalid_credentials", "UNAUTHENTICATED", nil},
		"a password nobody could have":   {"Login", vars{"input": vars{"username": "zhang", "password": strings.Repeat("x", 100_000)}}, "login.invalid_credentials", "UNAUTHENTICATED", nil},
		"a challenge that never was":     {"Login", vars{"input": vars{"username": "zhang", "password": password, "otp": vars{"challengeId": "otpc_0", "code": "123456"}}}, "otp.invalid", "UNAUTHENTICATED", nil},
		"a channel that is not set up":   {"RequestOtp", vars{"input": vars{"username": "zhang", "channel": "DINGTALK_PRIVATE"}}, "otp.no_channel", "UNAVAILABLE", nil},
		"a WeChat code that never was":   {"WechatLogin", vars{"input": vars{"code": "made-up"}}, "wechat.code_invalid", "INVALID", nil},
		"an empty WeChat code":           {"WechatLogin", vars{"input": vars{"code": ""}}, "wechat.code_invalid", "INVALID", nil},
		"a mini-program not of ours":     {"WechatLogin", vars{"input": vars{"code": "x", "appId": "wx1"}}, "wechat.app_unknown", "INVALID", nil},
		"a viewer who has not signed in": {"Viewer", nil, "session.missing", "UNAUTHENTICATED", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := somebody.contract(t, c.operation, c.variables)
			wantReason(t, a, c.reason)
			e := a.Errors[0]
			if a.Status != 200 || e.Extensions.Code != c.code || e.Message == "" || e.Extensions.RequestID == "" {
				t.Fatalf("got %d %s", a.Status, a.Body)
			}
			if len(e.Extensions.Fields) != len(c.fields) {
				t.Fatalf("fields %v, want %v", e.Extensions.Fields, c.fields)
			}
			for _, f := range c.fields {
				if e.Extensions.Fields[f] == "" {
					t.Errorf("nothing is said of %s: %v", f, e.Extensions.Fields)
				}
			}
			if strings.Contains(a.Body, password) || strings.Contains(a.Body, "xxxxx") {
				t.Errorf("a password came back: %.300s", a.Body)
			}
		})
	}
}

func TestCodesRunOutOfTimeTriesAndNumber(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{codes: factor.Ceilings{PerAccount: 3}})
	somebody := h.nobody()
	somebody.contract(t, "Register", register("zhang", "13800000001"))
	seen := int64(0)
	ask := func() answer {
		return somebody.contract(t, "RequestOtp", vars{"input": vars{"username": "zhang"}})
	}
	issued := func() (challenge, code string) {
		var got struct{ RequestOtp struct{ ChallengeID string } }
		ask().into(t, &got)
		code, seen = h.code(t, "13800000001", seen)
		return got.RequestOtp.ChallengeID, code
	}
	enter := func(challenge, code string) answer {
		return somebody.contract(t, "Login", vars{"input": vars{"username": "zhang", "password": password, "otp": vars{"challengeId": challenge, "code": code}}})
	}

	challenge, code := issued()
	early := ask()
	wantReason(t, early, "otp.cooldown")
	if early.Errors[0].Extensions.RetryAfter != 60 || early.Errors[0].Extensions.Code != "RATE_LIMITED" {
		t.Fatalf("got %s", early.Body)
	}
	h.clock.Advance(5*time.Minute + time.Second)
	wantReason(t, enter(challenge, code), "otp.expired")

	challenge, code = issued()
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	for range 5 {
		wantReason(t, enter(challenge, wrong), "otp.invalid")
	}
	wantReason(t, enter(challenge, code), "otp.too_many_tries") // even the right one

	h.clock.Advance(time.Minute)
	issued()
	h.clock.Advance(time.Minute)
	wantReason(t, ask(), "otp.limit")
}

func TestTooManyAttemptsAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{ceilings: login.Ceilings{RegisterPerAddress: 2, FailuresPerAccount: 3}})
	somebody := h.nobody()
	for i, want := range []string{"", "", "rate.limited"} {
		a := somebody.contract(t, "Register", register("person"+string(rune('0'+i)), "1380000001"+string(rune('0'+i))))
		wantReason(t, a, want)
		if want != "" && (a.Errors[0].Extensions.Code != "RATE_LIMITED" || a.Errors[0].Extensions.RetryAfter <= 0) {
			t.Fatalf("got %s", a.Body)
		}
	}
	for _, want := range []string{"login.invalid_credentials", "login.invalid_credentials", "login.invalid_credentials", "rate.limited"} {
		wantReason(t, somebody.contract(t, "Login", vars{"input": vars{"username": "person0", "password": "wrong wrong"}}), want)
	}
}

// Somebody who tries out usernames learns nothing: the answers for one that exists and one that does
// not are the same text but for random ids.
func TestKnownAndUnknownUsernamesCannotBeToldApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	somebody := h.nobody()
	somebody.contract(t, "Register", register("zhang", "13800000001"))
	wrongCode := vars{"challengeId": "otpc_00000000000000000000000000", "code": "123456"}
	for name, c := range map[string]struct {
		operation string
		input     vars
	}{
		"signing in with a wrong password":            {"Login", vars{"password": "wrong wrong"}},
		"signing in with a wrong password and a code": {"Login", vars{"password": "wrong wrong", "otp": wrongCode}},
	} {
		var answers [2]string
		for i, username := range []string{"zhang", "nobody"} {
			c.input["username"] = username
			answers[i] = normal(somebody.contract(t, c.operation, vars{"input": c.input}).Body)
		}
		if answers[0] != answers[1] {
			t.Errorf("%s:\nknown   %s\nunknown %s", name, answers[0], answers[1])
		}
	}

	var known, unknown [2]answer
	for i := range 2 { // the second is refused for being too soon
		known[i] = somebody.contract(t, "RequestOtp", vars{"input": vars{"username": "zhang"}})
		unknown[i] = somebody.contract(t, "RequestOtp", vars{"input": vars{"username": "nobody"}})
	}
	if normal(known[1].Body) != normal(unknown[1].Body) || known[1].reason() != "otp.cooldown" {
		t.Errorf("too soon:\nknown   %s\nunknown %s", known[1].Body, unknown[1].Body)
	}
	type issued struct {
		RequestOtp struct{ ChallengeID, Channel, Destination, ExpiresAt, ResendAt string }
	}
	var one, other issued
	known[0].into(t, &one)
	unknown[0].into(t, &other)
	a, b := one.RequestOtp, other.RequestOtp
	if a.Channel != b.Channel || a.ExpiresAt != b.ExpiresAt || a.ResendAt != b.ResendAt || len(a.ChallengeID) != len(b.ChallengeID) {
		t.Errorf("got %+v for a known and %+v for an unknown username", a, b)
	}
	if len(a.Destination) != len(b.Destination) || !strings.Contains(b.Destination, "****") {
		t.Errorf("destinations %q and %q", a.Destination, b.Destination)
	}
	again := somebody.contract(t, "RequestOtp", vars{"input": vars{"username": "nobody2"}})
	h.clock.Advance(2 * time.Minute)
	var later, twice issued
	again.into(t, &later)
	somebody.contract(t, "RequestOtp", vars{"input": vars{"username": "nobody2"}}).into(t, &twice)
	if later.RequestOtp.Destination != twice.RequestOtp.Destination {
		t.Errorf("an unknown username has a new phone each time: %q and %q", later.RequestOtp.Destination, twice.RequestOtp.Destination)
	}
	h.code(t, "13800000001", 0)
	if got := h.box.Messages(sandbox.MessageFilter{}); len(got) != 1 {
		t.Errorf("%d messages were sent, want the one for the person who exists", len(got))
	}
	wantReason(t, somebody.contract(t, "Login", vars{"input": vars{
		"username": "nobody", "password": password, "otp": vars{"challengeId": b.ChallengeID, "code": "000000"},
	}}), "login.invalid_credentials")
}

func TestAMiniProgramSignsInAndItsSessionSlides(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	code, err := h.box.NewWechatCode(sandbox.WechatPerson{OpenID: "openid-1"})
	check(t, err)
	signIn := vars{"input": vars{"code": code.Code}}
	first := h.nobody().contract(t, "WechatLogin", signIn)
	wantBody(t, first, `{"data":{"wechatLogin":{"session":{"skey":"phs","expiresAt":"2026-01-05T10:00:00.000Z"},"account":{"id":"acct"},"created":true}}}`)
	if again := h.nobody().contract(t, "WechatLogin", signIn); again.Body != first.Body {
		t.Fatalf("the same code sent twice by a nervous client gave\n%s and\n%s", first.Body, again.Body)
	}
	var got struct {
		WechatLogin struct{ Session struct{ Skey string } }
	}
	first.into(t, &got)
	mini := client{h, []string{"skey", got.WechatLogin.Session.Skey}}
	want := `{"data":{"viewer":{"id":"acct","username":null,"phone":null,"roles":["MEMBER"],"identities":[{"provider":"WECHAT","subject":"openid-1"}],` +
		`"sessions":{"nodes":[{"id":"sess","createdAt":"2026-01-05T08:00:00.000Z","lastSeenAt":"2026-01-05T08:00:00.000Z","current":true}]}}}}`
	wantBody(t, mini.contract(t, "Viewer", nil), want)

	for range 3 { // each use within two hours keeps it alive
		h.clock.Advance(90 * time.Minute)
		if a := mini.contract(t, "Viewer", nil); a.reason() != "" {
			t.Fatalf("got %s", a.Body)
		}
	}
	h.clock.Advance(2*time.Hour + time.Second)
	wantReason(t, mini.contract(t, "Viewer", nil), "session.expired")
	wantReason(t, h.nobody().contract(t, "WechatLogin", signIn), "wechat.code_invalid") // long after

	code, err = h.box.NewWechatCode(sandbox.WechatPerson{OpenID: "openid-1"})
	check(t, err)
	back := h.nobody().contract(t, "WechatLogin", vars{"input": vars{"code": code.Code}})
	if !strings.Contains(back.Body, `"created":false`) {
		t.Fatalf("the person is known by now: %s", back.Body)
	}
}

func TestTroubleWithWeChatIsToldAsSuch(t *testing.T) {
	t.Parallel()
	for kind, reason := range map[string]string{
		sandbox.FaultHTML:  "wechat.unavailable",
		sandbox.FaultReset: "wechat.unavailable",
	} {
		h := newHouse(t, plan{})
		check(t, h.box.SetFaults([]sandbox.Fault{{Path: "/sns/jscode2session", Kind: kind}}))
		code, err := h.box.NewWechatCode(sandbox.WechatPerson{})
		check(t, err)
		a := h.nobody().contract(t, "WechatLogin", vars{"input": vars{"code": code.Code}})
		wantReason(t, a, reason)
		secret := h.box.Credentials().WeChat.AppSecret
		if strings.Contains(a.Body, secret) || strings.Contains(h.log.String(), secret) || strings.Contains(h.log.String(), code.Code) {
			t.Errorf("%s: a secret shows in %s or in the log", kind, a.Body)
		}
	}
}

func TestErrorsSpeakTheLanguageOfTheRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	for language, want := range map[string]struct{ signIn, phone, depth string }{
		"":                        {"请先登录。", "手机号", "查询嵌套过深"},
		"zh-CN,zh;q=0.9,en;q=0.8": {"请先登录。", "手机号", "查询嵌套过深"},
		"en-US,en;q=0.9":          {"Please sign in first.", "phone", "The query nests too deeply"},
		"fr":                      {"请先登录。", "手机号", "查询嵌套过深"},
	} {
		c := h.nobody("Accept-Language", language)
		if got := c.contract(t, "Viewer", nil).Errors[0].Message; got != want.signIn {
			t.Errorf("%q gave %q", language, got)
		}
		if got := c.contract(t, "Register", register("li.si", "1")).Errors[0].Message; !strings.Contains(got, want.phone) {
			t.Errorf("%q gave %q", language, got)
		}
		if got := c.ask(t, nested(50), nil).Errors[0].Message; !strings.HasPrefix(got, want.depth) {
			t.Errorf("%q gave %q", language, got)
		}
	}
}

// Every secret that went in or came out is looked for in everything else that was said.
func TestSecretsShowNowhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{registerRole: authz.Admin, factors: onlyPassword})
	var made struct{ Register struct{ Session tokens } }
	h.nobody().contract(t, "Register", register("zhang", "13800000001")).into(t, &made)
	zhang := h.as(credentials{Token: made.Register.Session.AccessToken})
	webhook, signing := strings.Repeat("ab12", 16), "SEC"+strings.Repeat("cd34", 16)
	said := []answer{
		zhang.contract(t, "CreateRobot", vars{"input": vars{"name": "r1", "webhook": webhook, "secret": signing}}),
		zhang.contract(t, "CreateRobot", vars{"input": vars{"name": "r1", "webhook": webhook, "secret": signing}}),
		zhang.contract(t, "CreateRobot", vars{"input": vars{"name": "r2", "webhook": webhook, "secret": "no " + signing}}),
		zhang.contract(t, "CreateRobot", vars{"input": vars{"name": "r2", "webhook": "https://evil.example.com/?access_token=" + webhook}}),
		zhang.contract(t, "Robots", nil),
		zhang.contract(t, "Viewer", nil),
		zhang.contract(t, "Login", vars{"input": vars{"username": "zhang", "password": 7.5}}),
		zhang.ask(t, `mutation { login(input: {username: "zhang", password: 20261234567}) { account { id } } }`, nil),
		zhang.ask(t, `mutation { login(input: {username: "zhang", password: [hunter2secret]}) { account { id } } }`, nil),
		zhang.ask(t, `mutation { createRobot(input: {name: "x", webhook: hunter2secret}) { robot { id } } }`, nil),
		zhang.ask(t, `mutation { login(input: {username: "zhang", password "hunter2secret"}) { account { id } } }`, nil),
		zhang.ask(t, `mutation { login(input: {username: "zhang", password: "\hunter2secret"}) { account { id } } }`, nil),
		zhang.ask(t, `mutation { login(input: {username: "zhang", password: "x"} "hunter2secret") { account { id } } }`, nil),
	}
	robots, err := json.Marshal(h.box.Credentials().Robots)
	check(t, err)
	var seeded []struct{ AccessToken, Secret string }
	check(t, json.Unmarshal(robots, &seeded))
	secrets := []string{password, webhook, signing, "20261234567", "hunter2secret", made.Register.Session.RefreshToken, made.Register.Session.AccessToken}
	for _, r := range seeded {
		secrets = append(secrets, r.AccessToken, r.Secret)
	}
	for _, secret := range secrets {
		for _, a := range said {
			if strings.Contains(a.Body, secret) {
				t.Errorf("%q came back in %s", secret, a.Body)
			}
		}
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}
