package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/platform"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/wechat"
)

const (
	testSecret = "s3cr+t/of=the app"
	testCode   = "0a1Bc+2d/3"
)

var testApp = platform.WechatApp{Name: "shop", AppID: "wxapp0001", AppSecret: secret.NewText(testSecret)}

// serve starts a WeChat that answers with h and counts the requests.
func serve(t *testing.T, h http.HandlerFunc) (*wechat.Client, *atomic.Int32) {
	t.Helper()
	var hits atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		h(w, r)
	}))
	t.Cleanup(server.Close)
	return wechat.NewClient(wechat.Config{BaseURL: server.URL, HTTPClient: server.Client()}), &hits
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// mustNotLeak fails when an error or what it wraps shows a credential.
func mustNotLeak(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		text := fmt.Sprintf("%v %+v", e, e)
		for _, hidden := range []string{testSecret, url.QueryEscape(testSecret), url.PathEscape(testSecret), testCode, url.QueryEscape(testCode)} {
			if strings.Contains(text, hidden) {
				t.Errorf("%q shows %q", text, hidden)
			}
		}
	}
}

func TestTheRequestIsAsWeChatWantsIt(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if r.Method != http.MethodGet || r.URL.Path != "/sns/jscode2session" || err != nil || len(body) != 0 || len(r.TransferEncoding) != 0 {
			t.Errorf("got %s %s with body %q, %v, %v", r.Method, r.URL.Path, body, err, r.TransferEncoding)
		}
		want := url.Values{"appid": {"wxapp0001"}, "secret": {testSecret}, "js_code": {testCode}, "grant_type": {"authorization_code"}}
		if r.URL.Query().Encode() != want.Encode() {
			t.Errorf("got the query %v", r.URL.Query())
		}
		answer(200, `{"session_key":"tiihtNczf5v6AKRyjwEUhQ==","openid":"oABC","unionid":"uABC"}`)(w, r)
	})
	p, err := client.Code2Session(t.Context(), testApp, testCode)
	if err != nil || p.Openid != "oABC" || p.Unionid != "uABC" || p.SessionKey.Reveal() != "tiihtNczf5v6AKRyjwEUhQ==" {
		t.Fatalf("got %+v, %v", p, err)
	}
	if strings.Contains(fmt.Sprintf("%+v", p), "tiiht") {
		t.Fatal("the session key shows when printed")
	}
}

func TestSuccessIsAnOpenidWithoutAnErrcode(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no errcode, no unionid": `{"session_key":"k","openid":"o1"}`,
		"errcode zero":           `{"session_key":"k","openid":"o1","errcode":0,"errmsg":"ok"}`,
		"errcode quoted zero":    `{"session_key":"k","openid":"o1","errcode":"0"}`,
		"errcode null":           `{"session_key":"k","openid":"o1","errcode":null,"unionid":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, answer(200, body))
			p, err := client.Code2Session(t.Context(), testApp, testCode)
			if err != nil || p.Openid != "o1" || p.Unionid != "" || p.SessionKey.Reveal() != "k" {
				t.Fatalf("got %+v, %v", p, err)
			}
		})
	}
}

func TestAnswersBecomeReasons(t *testing.T) {
	t.Parallel()
	failure := func(code any) string {
		return fmt.Sprintf(`{"errcode":%v,"errmsg":"invalid code %s for %s, rid: 6-7-8"}`, code, testCode, testSecret)
	}
	for name, c := range map[string]struct {
		status int
		body   string
		want   *errs.Error
	}{
		"40029 invalid code":      {200, failure(40029), login.ErrWechatCodeInvalid},
		"40029 quoted":            {200, failure(`"40029"`), login.ErrWechatCodeInvalid},
		"40163 code used":         {200, failure(40163), login.ErrWechatCodeInvalid},
		"45011 too often":         {200, failure(45011), login.ErrWechatRateLimited},
		"40226 risky person":      {200, failure(40226), login.ErrWechatLoginBlocked},
		"40013 appid":             {200, failure(40013), login.ErrWechatMisconfigured},
		"40125 secret":            {200, failure(40125), login.ErrWechatMisconfigured},
		"41002 appid missing":     {200, failure(41002), login.ErrWechatMisconfigured},
		"41004 secret missing":    {200, failure(41004), login.ErrWechatMisconfigured},
		"41008 code missing":      {200, failure(41008), login.ErrWechatMisconfigured},
		"40243 secret frozen":     {200, failure(40243), login.ErrWechatMisconfigured},
		"40164 address":           {200, failure(40164), login.ErrWechatMisconfigured},
		"-1 busy":                 {200, failure(-1), login.ErrWechatUnavailable},
		"a code nobody knows":     {200, failure(99999), login.ErrWechatUnavailable},
		"a code beside an openid": {200, `{"errcode":40029,"openid":"o1","session_key":"k"}`, login.ErrWechatCodeInvalid},
		"500 with JSON":           {500, failure(40029), login.ErrWechatUnavailable},
		"503 with HTML":           {503, "<html>busy</html>", login.ErrWechatUnavailable},
		"404 with an openid":      {404, `{"openid":"o1","session_key":"k"}`, login.ErrWechatUnavailable},
		"HTML":                    {200, "<html></html>", login.ErrWechatUnavailable},
		"empty":                   {200, "", login.ErrWechatUnavailable},
		"an array":                {200, "[]", login.ErrWechatUnavailable},
		"no openid":               {200, `{"session_key":"k"}`, login.ErrWechatUnavailable},
		"an openid with NUL":      {200, `{"openid":"o\u0000","session_key":"k"}`, login.ErrWechatUnavailable},
		"an errcode of words":     {200, `{"errcode":"much","openid":"o1"}`, login.ErrWechatUnavailable},
		"a flood":                 {200, `{"openid":"o1","x":"` + strings.Repeat("a", 1<<17) + `"}`, login.ErrWechatUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, hits := serve(t, answer(c.status, c.body))
			p, err := client.Code2Session(t.Context(), testApp, testCode)
			if !errors.Is(err, c.want) || p.Openid != "" {
				t.Fatalf("got %+v, %v; want %s", p, err, c.want.Reason)
			}
			if hits.Load() != 1 {
				t.Fatalf("asked %d times", hits.Load())
			}
			mustNotLeak(t, err)
		})
	}
}

func TestTheCauseOfAMisconfigurationNamesCodeAndRemedy(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, answer(200, `{"errcode":40125,"errmsg":"invalid appsecret, rid: 1-2-3"}`))
	_, err := client.Code2Session(t.Context(), testApp, testCode)
	for _, part := range []string{"40125", "wxapp0001", "rid: 1-2-3", "AppSecret"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v lacks %q", err, part)
		}
	}
}

func TestTooManySignInsSayWhenToComeBack(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, answer(200, `{"errcode":45011}`))
	_, err := client.Code2Session(t.Context(), testApp, testCode)
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.RetryAfter != time.Minute {
		t.Fatalf("got %v", err)
	}
}

func TestACodeThatCannotBeOneIsNotSent(t *testing.T) {
	t.Parallel()
	client, hits := serve(t, answer(200, `{"openid":"o1"}`))
	for _, code := range []string{"", strings.Repeat("x", 1<<20)} {
		if _, err := client.Code2Session(t.Context(), testApp, code); !errors.Is(err, login.ErrWechatCodeInvalid) {
			t.Errorf("got %v", err)
		}
	}
	if hits.Load() != 0 {
		t.Fatalf("asked %d times", hits.Load())
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the secret went to another host")
	}))
	t.Cleanup(elsewhere.Close)
	client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/?"+r.URL.RawQuery, http.StatusFound)
	})
	_, err := client.Code2Session(t.Context(), testApp, testCode)
	if !errors.Is(err, login.ErrWechatUnavailable) {
		t.Fatalf("got %v", err)
	}
	mustNotLeak(t, err)
}

// net/http repeats a GET by itself when a kept connection breaks; the second request would find the code
// used.
func TestABrokenConnectionIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	client, hits := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			answer(200, `{"openid":"o1","session_key":"k"}`)(w, r)
			return
		}
		hangUp(t, w)
	})
	if _, err := client.Code2Session(t.Context(), testApp, testCode); err != nil {
		t.Fatal(err)
	}
	_, err := client.Code2Session(t.Context(), testApp, testCode)
	if !errors.Is(err, login.ErrWechatUnavailable) || hits.Load() != 2 {
		t.Fatalf("got %v after %d requests, want two", err, hits.Load())
	}
	mustNotLeak(t, err)
}

func hangUp(t *testing.T, w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_ = conn.Close()
}

func TestTransportFailuresAreUnavailableAndTellNoSecret(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	talkative := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("proxy refused %s", r.URL)
	})}
	nested := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: io.ErrUnexpectedEOF}
	})}
	for name, c := range map[string]struct {
		cfg  wechat.Config
		want *errs.Error
	}{
		"refused":                   {wechat.Config{BaseURL: "http://" + closed.Addr().String()}, login.ErrWechatUnavailable},
		"a transport that tells":    {wechat.Config{HTTPClient: talkative}, login.ErrWechatUnavailable},
		"a nested url.Error":        {wechat.Config{HTTPClient: nested}, login.ErrWechatUnavailable},
		"an address that is none":   {wechat.Config{BaseURL: "http://a b/"}, login.ErrWechatMisconfigured},
		"an address without scheme": {wechat.Config{BaseURL: "api.weixin.qq.com"}, login.ErrWechatMisconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := wechat.NewClient(c.cfg).Code2Session(t.Context(), testApp, testCode)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v", err)
			}
			mustNotLeak(t, err)
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestGivingUpEndsTheCall(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	client, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := client.Code2Session(ctx, testApp, testCode)
	if !errors.Is(err, login.ErrWechatUnavailable) || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	mustNotLeak(t, err)
}

func TestASlowWeChatIsUnavailable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	client := wechat.NewClient(wechat.Config{BaseURL: server.URL, Timeout: 20 * time.Millisecond})
	_, err := client.Code2Session(t.Context(), testApp, testCode)
	if !errors.Is(err, login.ErrWechatUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	mustNotLeak(t, err)
}

func FuzzAnswer(f *testing.F) {
	for _, body := range []string{`{"openid":"o1","session_key":"k"}`, `{"errcode":"40029","errmsg":"x"}`, `{"errcode":-1}`, "<html>", ""} {
		f.Add(200, []byte(body))
	}
	var status int
	var body []byte
	client := wechat.NewClient(wechat.Config{HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body))), Request: r}, nil
	})}})
	f.Fuzz(func(t *testing.T, s int, b []byte) {
		status, body = s, b
		p, err := client.Code2Session(t.Context(), testApp, testCode)
		if (err == nil) != (p.Openid != "") {
			t.Fatalf("got %+v, %v", p, err)
		}
		mustNotLeak(t, err)
		if err != nil && !strings.HasPrefix(errs.ReasonOf(err), "wechat.") {
			t.Fatalf("an error without a reason of ours: %v", err)
		}
	})
}
