package sandbox

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func sessionURL(s *Sandbox, code string, change map[string]string) string {
	app := s.Credentials().WeChat
	q := url.Values{"appid": {app.AppID}, "secret": {app.AppSecret}, "js_code": {code}, "grant_type": {"authorization_code"}}
	for k, v := range change {
		q.Set(k, v)
		if v == "" {
			q.Del(k)
		}
	}
	return "/sns/jscode2session?" + q.Encode()
}

func newCode(t *testing.T, s *Sandbox, p WechatPerson) WechatCode {
	t.Helper()
	c, err := s.NewWechatCode(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCode2Session(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	w := get(s, sessionURL(s, newCode(t, s, WechatPerson{OpenID: "o-1"}).Code, nil))
	first := read(t, w)
	if ct := w.Header().Get("Content-Type"); ct != "text/plain" {
		t.Errorf("Content-Type %q", ct)
	}
	key, err := base64.StdEncoding.DecodeString(first["session_key"].(string))
	if err != nil || len(key) != 16 || first["openid"] != "o-1" || first["unionid"] != nil || first["errcode"] != nil {
		t.Errorf("%v", first)
	}
	second := read(t, get(s, sessionURL(s, newCode(t, s, WechatPerson{OpenID: "o-1", UnionID: "u-1"}).Code, nil)))
	if second["session_key"] == first["session_key"] {
		t.Error("a new login keeps the session key")
	}
	if second["unionid"] != "u-1" {
		t.Errorf("%v", second)
	}
	third := read(t, get(s, sessionURL(s, newCode(t, s, WechatPerson{OpenID: "o-1"}).Code, nil)))
	if third["unionid"] != "u-1" {
		t.Errorf("the unionid is forgotten: %v", third)
	}
}

func TestOpenIDsAreDerivedFromWhoTheyAre(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	openid := func(p WechatPerson) string {
		return read(t, get(s, sessionURL(s, newCode(t, s, p).Code, nil)))["openid"].(string)
	}
	seen := map[string]bool{}
	for _, p := range []WechatPerson{{}, {Phone: "13900000001"}, {Phone: "13900000002"}, {UnionID: "u"}} {
		id := openid(p)
		if len(id) != 28 || id[0] != 'o' || seen[id] || openid(p) != id {
			t.Errorf("%+v: openid %q", p, id)
		}
		seen[id] = true
	}
}

func TestCode2SessionErrors(t *testing.T) {
	t.Parallel()
	type change = map[string]string
	for name, c := range map[string]struct {
		change change
		method string
		before func(t *testing.T, s *Sandbox, code string)
		code   int
	}{
		"POST":                    {method: http.MethodPost, code: 41002},
		"no appid":                {change: change{"appid": ""}, code: 41002},
		"no secret":               {change: change{"secret": ""}, code: 41004},
		"no code":                 {change: change{"js_code": ""}, code: 41008},
		"no secret, wrong appid":  {change: change{"appid": "x", "secret": ""}, code: 41004},
		"no code, wrong secret":   {change: change{"js_code": "", "secret": "x"}, code: 41008},
		"wrong appid":             {change: change{"appid": "wx0"}, code: 40013},
		"wrong secret":            {change: change{"secret": "x"}, code: 40125},
		"no grant type":           {change: change{"grant_type": ""}, code: 40002},
		"wrong grant type":        {change: change{"grant_type": "client_credential"}, code: 40002},
		"unknown code":            {change: change{"js_code": "x"}, code: 40029},
		"code of a robot message": {change: change{"js_code": strings.Repeat("9", 500)}, code: 40029},
		"used": {before: func(t *testing.T, s *Sandbox, code string) {
			if w := get(s, sessionURL(s, code, nil)); codeOf(t, w) != 0 {
				t.Fatal(w.Body)
			}
		}, code: 40163},
		"just before its end": {before: func(_ *testing.T, s *Sandbox, _ string) { s.Advance(5*time.Minute - time.Millisecond) }, code: 0},
		"at its end":          {before: func(_ *testing.T, s *Sandbox, _ string) { s.Advance(5 * time.Minute) }, code: 40029},
		"a refused try does not use it up": {before: func(t *testing.T, s *Sandbox, code string) {
			if got := codeOf(t, get(s, sessionURL(s, code, change{"secret": "x"}))); got != 40125 {
				t.Fatal(got)
			}
		}, code: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newBox(t)
			code := newCode(t, s, WechatPerson{}).Code
			if c.before != nil {
				c.before(t, s, code)
			}
			method := c.method
			if method == "" {
				method = http.MethodGet
			}
			w := do(s, httptest.NewRequest(method, sessionURL(s, code, c.change), nil))
			if w.Code != 200 || codeOf(t, w) != c.code || w.Header().Get("Content-Type") != "text/plain" {
				t.Fatalf("HTTP %d %s, want %d", w.Code, w.Body, c.code)
			}
			if c.code != 0 && !regexp.MustCompile(`, rid: 6[0-9a-f]{7}-[0-9a-f]{8}-[0-9a-f]{8}$`).MatchString(read(t, w)["errmsg"].(string)) {
				t.Errorf("errmsg %s", w.Body)
			}
		})
	}
}

func TestACodeIsSpentOnceUnderManyHands(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	target := sessionURL(s, newCode(t, s, WechatPerson{}).Code, nil)
	var won, used atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			switch body := get(s, target).Body.String(); {
			case strings.Contains(body, "session_key"):
				won.Add(1)
			case strings.Contains(body, "40163"):
				used.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || used.Load() != 31 {
		t.Errorf("%d won, %d were told it is used", won.Load(), used.Load())
	}
}

func TestWechatPeopleMustMakeSense(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	for _, p := range []WechatPerson{
		{OpenID: "a b"}, {OpenID: strings.Repeat("x", 65)}, {UnionID: "<script>"}, {Phone: "12"}, {Phone: "+86 138"}, {Phone: "1234567890123456"}, {Phone: "++8613800000001"},
	} {
		if _, err := s.NewWechatCode(p); err == nil {
			t.Errorf("%+v is accepted", p)
		}
	}
}

func wechatTokenURL(s *Sandbox) string {
	app := s.Credentials().WeChat
	return "/cgi-bin/token?grant_type=client_credential&appid=" + app.AppID + "&secret=" + app.AppSecret
}

func stable(s *Sandbox, force bool) *httptest.ResponseRecorder {
	app := s.Credentials().WeChat
	return post(s, "/cgi-bin/stable_token", fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q,"force_refresh":%t}`, app.AppID, app.AppSecret, force))
}

// holds asks with an access token for a phone number nobody has given: only a
// token that holds gets as far as 40029.
func holds(t *testing.T, s *Sandbox, token string) bool {
	t.Helper()
	switch got := codeOf(t, post(s, "/wxa/business/getuserphonenumber?access_token="+token, `{"code":"x"}`)); got {
	case 40029:
		return true
	case 40001:
		return false
	default:
		t.Fatalf("errcode %d", got)
		return false
	}
}

func TestOrdinaryWechatTokensReplaceOneAnother(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	token := func() string {
		m := read(t, get(s, wechatTokenURL(s)))
		if fmt.Sprint(m["expires_in"]) != "7200" || len(m["access_token"].(string)) < 100 {
			t.Fatalf("%v", m)
		}
		return m["access_token"].(string)
	}
	first := token()
	second := token()
	if first == second || !holds(t, s, first) || !holds(t, s, second) {
		t.Error("both hold for five minutes")
	}
	s.Advance(5 * time.Minute)
	if holds(t, s, first) || !holds(t, s, second) {
		t.Error("only the newer holds after five minutes")
	}
	s.Advance(2*time.Hour - 5*time.Minute)
	if holds(t, s, second) {
		t.Error("it holds beyond two hours")
	}
}

func TestStableWechatTokens(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	token := func() (string, string) {
		m := read(t, stable(s, false))
		return m["access_token"].(string), fmt.Sprint(m["expires_in"])
	}
	first, left := token()
	if left != "7200" {
		t.Errorf("expires_in %s", left)
	}
	read(t, get(s, wechatTokenURL(s))) // does not touch it
	s.Advance(2*time.Hour - 5*time.Minute - time.Second)
	if again, left := token(); again != first || left != "301" {
		t.Errorf("before its last five minutes: same %t, expires_in %s", again == first, left)
	}
	s.Advance(time.Second)
	second, left := token()
	if second == first || left != "7200" || !holds(t, s, first) || !holds(t, s, second) {
		t.Errorf("in its last five minutes both hold; expires_in %s", left)
	}
	s.Advance(5 * time.Minute)
	if holds(t, s, first) {
		t.Error("the first outlives its end")
	}
	third := read(t, stable(s, true))["access_token"].(string)
	if third == second || holds(t, s, second) || !holds(t, s, third) {
		t.Error("forcing must end the old one at once")
	}
	if got := codeOf(t, stable(s, true)); got != 45011 {
		t.Errorf("forced again at once: errcode %d", got)
	}
	for range 19 {
		s.Advance(30 * time.Second)
		if w := stable(s, true); codeOf(t, w) != 0 {
			t.Fatal(w.Body)
		}
	}
	s.Advance(30 * time.Second)
	if got := codeOf(t, stable(s, true)); got != 45009 {
		t.Errorf("forced a 21st time: errcode %d", got)
	}
	s.Advance(24 * time.Hour)
	if got := codeOf(t, stable(s, true)); got != 0 {
		t.Errorf("forced the next day: errcode %d", got)
	}
}

func TestWechatTokenErrors(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	app := s.Credentials().WeChat
	for name, c := range map[string]struct {
		w    *httptest.ResponseRecorder
		code int
	}{
		"no grant type":        {get(s, "/cgi-bin/token?appid="+app.AppID+"&secret="+app.AppSecret), 40002},
		"no appid":             {get(s, "/cgi-bin/token?grant_type=client_credential&secret=x"), 41002},
		"no secret":            {get(s, "/cgi-bin/token?grant_type=client_credential&appid=x"), 41004},
		"wrong appid":          {get(s, "/cgi-bin/token?grant_type=client_credential&appid=x&secret=x"), 40013},
		"wrong secret":         {get(s, "/cgi-bin/token?grant_type=client_credential&appid="+app.AppID+"&secret=x"), 40125},
		"stable by GET":        {get(s, "/cgi-bin/stable_token"), 43002},
		"stable without JSON":  {post(s, "/cgi-bin/stable_token", "x"), 47001},
		"stable, wrong secret": {post(s, "/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"`+app.AppID+`","secret":"x"}`), 40125},
		"phone by GET":         {get(s, "/wxa/business/getuserphonenumber"), 43002},
		"phone without token":  {post(s, "/wxa/business/getuserphonenumber", `{"code":"x"}`), 41001},
		"phone, wrong token":   {post(s, "/wxa/business/getuserphonenumber?access_token=x", `{"code":"x"}`), 40001},
	} {
		if got := codeOf(t, c.w); got != c.code || c.w.Code != 200 {
			t.Errorf("%s: HTTP %d %s, want %d", name, c.w.Code, c.w.Body, c.code)
		}
	}
}

func TestPhoneNumber(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	token := read(t, get(s, wechatTokenURL(s)))["access_token"].(string)
	target := "/wxa/business/getuserphonenumber?access_token=" + token
	for phone, want := range map[string][3]string{
		"":               {"+8613800000001", "13800000001", "86"},
		"13912345678":    {"+8613912345678", "13912345678", "86"},
		"+8613912345678": {"+8613912345678", "13912345678", "86"},
	} {
		code := newCode(t, s, WechatPerson{OpenID: "o-2", Phone: phone})
		if got := codeOf(t, post(s, target, `{"code":"`+code.Code+`"}`)); got != 40029 {
			t.Errorf("the login code for a phone code: %d", got)
		}
		if got := codeOf(t, post(s, target, `{"code":"`+code.PhoneCode+`","openid":"other"}`)); got != 40029 {
			t.Errorf("for another person: %d", got)
		}
		info, _ := read(t, post(s, target, `{"code":"`+code.PhoneCode+`","openid":"o-2"}`))["phone_info"].(map[string]any)
		if info["phoneNumber"] != want[0] || info["purePhoneNumber"] != want[1] || info["countryCode"] != want[2] ||
			info["watermark"].(map[string]any)["appid"] != s.Credentials().WeChat.AppID {
			t.Errorf("%q: %v", phone, info)
		}
		if got := codeOf(t, post(s, target, `{"code":"`+code.PhoneCode+`"}`)); got != 40029 {
			t.Errorf("twice: %d", got)
		}
	}
}
