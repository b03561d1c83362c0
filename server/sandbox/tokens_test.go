package sandbox

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

func oldTokenURL(key, secret string) string {
	return "/gettoken?" + url.Values{"appkey": {key}, "appsecret": {secret}}.Encode()
}

func TestAppTokenStaysTheSameWhileItIsValid(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	app := s.Credentials().DingTalk
	old := func() string {
		m := read(t, get(s, oldTokenURL(app.AppKey, app.AppSecret)))
		if m["errcode"] == nil || m["errmsg"] != "ok" || m["expires_in"] == nil {
			t.Fatalf("%v", m)
		}
		return m["access_token"].(string)
	}
	fresh := func() string {
		return read(t, post(s, "/v1.0/oauth2/accessToken", `{"appKey":"`+app.AppKey+`","appSecret":"`+app.AppSecret+`"}`))["accessToken"].(string)
	}
	unified := func() string {
		return read(t, post(s, "/v1.0/oauth2/"+app.CorpID+"/token", `{"client_id":"`+app.AppKey+`","client_secret":"`+app.AppSecret+`","grant_type":"client_credentials"}`))["access_token"].(string)
	}
	holds := func(token string) bool {
		return read(t, get(s, failedResultPath+"?access_token="+token))["sub_code"] == nil
	}
	first := old()
	if fresh() != first || unified() != first {
		t.Error("the hosts give different tokens")
	}
	s.Advance(2*time.Hour - time.Second)
	if old() != first {
		t.Error("a new token before the end of the old")
	}
	s.Advance(2*time.Hour - time.Second) // the call before renewed it
	if !holds(first) {
		t.Error("the call did not renew it")
	}
	s.Advance(time.Second)
	if holds(first) {
		t.Error("it lives beyond its end")
	}
	if second := fresh(); second == first || !holds(second) {
		t.Error("no new token after the end")
	}
}

func TestAppTokenErrors(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	app := s.Credentials().DingTalk
	for name, c := range map[string]struct {
		w      *httptest.ResponseRecorder
		status int
		field  string
		want   string
	}{
		"no key":       {get(s, "/gettoken"), 200, "errmsg", "缺少参数 corpid or appkey"},
		"wrong secret": {get(s, oldTokenURL(app.AppKey, "x")), 200, "errmsg", "不合法的appKey或appSecret"},
		"wrong key":    {get(s, oldTokenURL("x", app.AppSecret)), 200, "errmsg", "不合法的appKey或appSecret"},
		"no secret":    {get(s, "/gettoken?appkey="+app.AppKey), 200, "errmsg", "不合法的appKey或appSecret"},
		"corp secret":  {get(s, "/gettoken?corpid="+app.CorpID+"&corpsecret=x"), 200, "errmsg", "不合法的corpid或corpsecret"},
		"POST":         {post(s, oldTokenURL(app.AppKey, app.AppSecret), ""), 200, "errmsg", "需要GET请求"},

		"new, wrong":               {post(s, "/v1.0/oauth2/accessToken", `{"appKey":"x","appSecret":"y"}`), 400, "code", "invalidClientIdOrSecret"},
		"new, no JSON":             {post(s, "/v1.0/oauth2/accessToken", `x`), 400, "code", "invalidClientIdOrSecret"},
		"new, wrong in key casing": {post(s, "/v1.0/oauth2/accessToken", `{"appkey":"`+app.AppKey+`","appsecret":"`+app.AppSecret+`"}`), 400, "code", "invalidClientIdOrSecret"},
		"new, GET":                 {get(s, "/v1.0/oauth2/accessToken"), 200, "errmsg", "请求的URI地址不存在"},
		"unified, wrong corp":      {post(s, "/v1.0/oauth2/dingother/token", `{"client_id":"`+app.AppKey+`","client_secret":"`+app.AppSecret+`","grant_type":"client_credentials"}`), 500, "code", "unknownError"},
		"unified, wrong secret":    {post(s, "/v1.0/oauth2/"+app.CorpID+"/token", `{"client_id":"`+app.AppKey+`","client_secret":"x","grant_type":"client_credentials"}`), 400, "code", "invalidClientIdOrSecret"},
		"unified, wrong grant":     {post(s, "/v1.0/oauth2/"+app.CorpID+"/token", `{"client_id":"`+app.AppKey+`","client_secret":"`+app.AppSecret+`"}`), 400, "code", "invalidGrantType"},

		"token missing": {get(s, failedResultPath), 200, "sub_code", "40000"},
		"token wrong":   {get(s, failedResultPath+"?access_token=x"), 200, "errmsg", "ding talk error[subcode=40014,submsg=不合法的access_token]"},

		"unknown old path":     {get(s, "/topapi/nothing"), 200, "errmsg", "Invalid method[submsg=不合法ApiName]"},
		"unknown new path":     {post(s, "/v1.0/nothing", "{}"), 200, "errmsg", "请求的URI地址不存在"},
		"unified without corp": {post(s, "/v1.0/oauth2//token", "{}"), 200, "errmsg", "请求的URI地址不存在"},
		"a path with a detour": {post(s, "/robot//send", "{}"), 200, "errmsg", "Invalid method[submsg=不合法ApiName]"},
	} {
		if m := read(t, c.w); c.w.Code != c.status || m[c.field] != c.want {
			t.Errorf("%s: HTTP %d %s", name, c.w.Code, c.w.Body)
		}
	}
	for path, want := range map[string]int{"/cgi-bin/nothing": 40066, "/wxa/nothing": 40066, "/": 22} {
		if got := codeOf(t, post(s, path, "{}")); got != want {
			t.Errorf("%s: errcode %d", path, got)
		}
	}
	if w := get(s, "/"); w.Code != http.StatusFound || w.Header().Get("Location") != "/sandbox/" {
		t.Errorf("GET /: HTTP %d to %q", w.Code, w.Header().Get("Location"))
	}
}
