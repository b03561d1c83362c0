package graph_test

import (
	"strings"
	"testing"
	"time"

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

func TestARefreshWhoseAnswerWasLostIsAskedForAgainWithItsKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{factors: onlyPassword})
	var made struct{ Register struct{ Session tokens } }
	h.nobody().contract(t, "Register", register("zhang", "13800000001")).into(t, &made)
	input := vars{"refreshToken": made.Register.Session.RefreshToken, "retryKey": "0123456789abcdef"}
	for range 2 {
		if a := h.nobody().contract(t, "RefreshSession", vars{"input": input}); a.reason() != "" {
			t.Fatalf("got %s", a.Body)
		}
	}
	input["retryKey"] = "short"
	wantReason(t, h.nobody().contract(t, "RefreshSession", vars{"input": input}), "session.retry_key_invalid")
	input["retryKey"] = "fedcba9876543210"
	wantReason(t, h.nobody().contract(t, "RefreshSession", vars{"input": input}), "session.reused")
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
