package dingtalk_test

import (
	"context"
	"encoding/json"
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

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/dingtalk"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/secret"
)

const robotToken = "deadbeef0123456789deadbeef0123456789"

var (
	signing = robot.Credentials{Token: secret.NewText(robotToken), Secret: secret.NewText("SECtest0000")}
	hello   = broadcast.Message{Text: &broadcast.Text{Content: "hi"}}
	nobody  broadcast.Mentions
)

// serveRobot starts a DingTalk that answers with h and counts the requests.
func serveRobot(t *testing.T, h http.HandlerFunc) (*dingtalk.RobotSender, *atomic.Int32) {
	t.Helper()
	var hits atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		h(w, r)
	}))
	t.Cleanup(server.Close)
	return dingtalk.NewRobotSender(dingtalk.RobotConfig{
		BaseURL: server.URL + "/", HTTPClient: server.Client(), Clock: clock.NewFake(time.UnixMilli(1600000000000)),
	}), &hits
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// mustNotTell fails when a receipt shows a credential.
func mustNotTell(t *testing.T, r broadcast.Receipt) {
	t.Helper()
	text := fmt.Sprintf("%+v", r)
	for _, hidden := range []string{robotToken, "SECtest0000", "Q8F5+14q", "Q8F5%2B14q"} {
		if strings.Contains(text, hidden) {
			t.Errorf("%q shows %q", text, hidden)
		}
	}
}

func TestRequestsAreSignedAsPublished(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ ms, secret, inURL string }{
		{"1577262236757", "this is secret", "hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D"},
		{"1600000000000", "SECtest0000", "Q8F5%2B14qN1GDNPjyoz2GF2H7nlYxHj1D7L1wNcysIRw%3D"},
		{"1546084445901", "testappSecret", "fYP0TV8RJULxGabs59wSO94FZbNekbH7ebQJu2oy%2B%2F0%3D"},
	} {
		t.Run(v.secret, func(t *testing.T) {
			t.Parallel()
			var rawQuery string
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { rawQuery = r.URL.RawQuery }))
			t.Cleanup(server.Close)
			var ms int64
			if _, err := fmt.Sscan(v.ms, &ms); err != nil {
				t.Fatal(err)
			}
			s := dingtalk.NewRobotSender(dingtalk.RobotConfig{BaseURL: server.URL, Clock: clock.NewFake(time.UnixMilli(ms))})
			s.Send(t.Context(), robot.Credentials{Token: secret.NewText("to/ken"), Secret: secret.NewText(v.secret)}, hello, nobody, "")
			if want := "access_token=to%2Fken&sign=" + v.inURL + "&timestamp=" + v.ms; rawQuery != want {
				t.Fatalf("got  %s\nwant %s", rawQuery, want)
			}
		})
	}
}

func TestEverySendIsSignedAnew(t *testing.T) {
	t.Parallel()
	var queries []url.Values
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { queries = append(queries, r.URL.Query()) }))
	t.Cleanup(server.Close)
	now := clock.NewFake(time.UnixMilli(1600000000000))
	s := dingtalk.NewRobotSender(dingtalk.RobotConfig{BaseURL: server.URL, Clock: now})
	s.Send(t.Context(), signing, hello, nobody, "")
	now.Advance(2 * time.Hour)
	s.Send(t.Context(), signing, hello, nobody, "")
	s.Send(t.Context(), robot.Credentials{Token: signing.Token}, hello, nobody, "")
	if queries[1].Get("timestamp") != "1600007200000" || queries[0].Get("sign") == queries[1].Get("sign") || len(queries[1]["sign"]) != 1 || len(queries[1]["timestamp"]) != 1 {
		t.Fatalf("got %v", queries)
	}
	if len(queries[2]) != 1 {
		t.Fatalf("a robot without a secret does not sign: %v", queries[2])
	}
}

func TestTheRequestIsAsDingTalkWantsIt(t *testing.T) {
	t.Parallel()
	var got []byte
	s, _ := serveRobot(t, func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.URL.Path != "/robot/send" || r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("got %s %s %v", r.Method, r.URL.Path, r.Header)
		}
		if r.ContentLength != int64(len(got)) {
			t.Errorf("announced %d bytes, sent %d", r.ContentLength, len(got))
		}
		reply(200, `{"errcode":0,"errmsg":"ok"}`)(w, r)
	})
	r := s.Send(t.Context(), signing, hello, nobody, "uuid-1")
	if r != (broadcast.Receipt{Outcome: broadcast.Accepted, PlatformCode: "0", PlatformMessage: "ok"}) {
		t.Fatalf("got %+v", r)
	}
	if want := `{"msgtype":"text","text":{"content":"hi"},"msgUuid":"uuid-1"}`; string(got) != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func TestAPathInTheAddressIsKept(t *testing.T) {
	t.Parallel()
	var path string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { path = r.URL.Path }))
	t.Cleanup(server.Close)
	dingtalk.NewRobotSender(dingtalk.RobotConfig{BaseURL: server.URL + "/sandbox/dingtalk"}).Send(t.Context(), signing, hello, nobody, "")
	if path != "/sandbox/dingtalk/robot/send" {
		t.Fatalf("got %s", path)
	}
}

func TestAnswersBecomeOutcomes(t *testing.T) {
	t.Parallel()
	failure := func(code int) string { return fmt.Sprintf(`{"errcode":%d,"errmsg":"e"}`, code) }
	type row struct {
		status  int
		body    string
		outcome broadcast.Outcome
		code    string
	}
	rows := map[string]row{
		"ok":                    {200, `{"errcode":0,"errmsg":"ok"}`, broadcast.Accepted, "0"},
		"quoted zero":           {200, `{"errcode":"0","errmsg":"ok"}`, broadcast.Accepted, "0"},
		"quoted code":           {200, `{"errcode":"310000"}`, broadcast.Refused, "310000"},
		"errmsg of a number":    {200, `{"errcode":0,"errmsg":7}`, broadcast.Accepted, "0"},
		"errmsg of an object":   {200, `{"errcode":0,"errmsg":{"a":1}}`, broadcast.Accepted, "0"},
		"IP punishment":         {200, `{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"u"}`, broadcast.Retryable, "1111"},
		"IP punishment by page": {200, `<!DOCTYPE html><html></html>`, broadcast.Retryable, ""},
		"IP punishment as 403":  {403, `{"status":1111,"wait":5}`, broadcast.Retryable, "1111"},
		"empty":                 {200, ``, broadcast.Retryable, ""},
		"no errcode":            {200, `{"errmsg":"ok"}`, broadcast.Retryable, ""},
		"an empty object":       {200, `{}`, broadcast.Retryable, ""},
		"null":                  {200, `null`, broadcast.Retryable, ""},
		"an array":              {200, `[0]`, broadcast.Retryable, ""},
		"500 page":              {500, `<html></html>`, broadcast.Retryable, ""},
		"502 with a refusal":    {502, failure(310000), broadcast.Retryable, "310000"},
		"503 saying ok":         {503, `{"errcode":0}`, broadcast.Retryable, "0"},
		"503 throttled":         {503, failure(410100), broadcast.Throttled, "410100"},
		"404 saying ok":         {404, `{"errcode":0}`, broadcast.Retryable, "0"},
		"wrapped rate limit":    {200, `{"errcode":88,"sub_code":"90018","sub_msg":"qps","errmsg":"ding talk error"}`, broadcast.Retryable, "90018"},
		"wrapped, unwrapped":    {200, `{"errcode":88,"errmsg":"ding talk error"}`, broadcast.Refused, "88"},
		"a code of words":       {200, `{"errcode":"isv.bad"}`, broadcast.Refused, "isv.bad"},
		"a code with a point":   {200, `{"errcode":0.0}`, broadcast.Accepted, "0"},
		"an endless answer":     {200, `{"errcode":0,"errmsg":"` + strings.Repeat("x", 1<<17) + `"}`, broadcast.Retryable, ""},
	}
	for outcome, codes := range map[broadcast.Outcome][]int{
		broadcast.Retryable: {-1, 90018, 90002},
		broadcast.Throttled: {410100, 130101, 660026, 302033},
		broadcast.Refused: {
			40035, 43004, 43002, 400013, 400101, 400102, 400105, 400106, 430101, 430102, 430103, 430104,
			310000, 300001, 300005, 460101, 101002, 90020, 987654321,
		},
	} {
		for _, code := range codes {
			rows[fmt.Sprint(code)] = row{200, failure(code), outcome, fmt.Sprint(code)}
		}
	}
	for name, c := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, hits := serveRobot(t, reply(c.status, c.body))
			r := s.Send(t.Context(), signing, hello, nobody, "u")
			if r.Outcome != c.outcome || r.PlatformCode != c.code {
				t.Fatalf("got %+v", r)
			}
			if hits.Load() != 1 {
				t.Fatalf("%d calls", hits.Load())
			}
		})
	}
}

func TestThePlatformsWordsAreScrubbedAndCut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ errmsg, want string }{
		"token":            {"token " + robotToken + " is not exist", "token [secret] is not exist"},
		"secret":           {"bad SECtest0000!", "bad [secret]!"},
		"sign":             {"sign Q8F5+14qN1GDNPjyoz2GF2H7nlYxHj1D7L1wNcysIRw= no", "sign [secret] no"},
		"URL of a robot":   {"see https://oapi.dingtalk.com/robot/send?access_token=other&sign=ab%2Bc end", "see https://oapi.dingtalk.com/robot/send?access_token=[secret]&sign=[secret] end"},
		"help stays":       {"sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]", "sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"},
		"control":          {"a\x00b\nc", "a b c"},
		"cut at a rune":    {"a" + strings.Repeat("错", 300), "a" + strings.Repeat("错", 166)},
		"no half a secret": {strings.Repeat("x", 490) + robotToken, strings.Repeat("x", 490) + "[secret]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]any{"errcode": 310000, "errmsg": c.errmsg})
			if err != nil {
				t.Fatal(err)
			}
			s, _ := serveRobot(t, reply(200, string(body)))
			if r := s.Send(t.Context(), signing, hello, nobody, "u"); r.PlatformMessage != c.want {
				t.Fatalf("got  %q\nwant %q", r.PlatformMessage, c.want)
			}
		})
	}
}

func TestRobotRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the message went to another host")
	}))
	t.Cleanup(elsewhere.Close)
	s, _ := serveRobot(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
	})
	r := s.Send(t.Context(), signing, hello, nobody, "u")
	if r.Outcome != broadcast.Retryable {
		t.Fatalf("got %+v", r)
	}
	mustNotTell(t, r)
}

type robotTripper func(*http.Request) (*http.Response, error)

func (f robotTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func dialling(err error) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}}
}

func TestWhatNeverLeftMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	stranger := httptest.NewTLSServer(reply(200, `{"errcode":0}`))
	t.Cleanup(stranger.Close)
	dns := &net.DNSError{Err: "no such host", Name: "oapi.dingtalk.com", IsNotFound: true}
	for name, cfg := range map[string]dingtalk.RobotConfig{
		"connection refused":               {BaseURL: "http://" + closed.Addr().String()},
		"no such host":                     {HTTPClient: dialling(dns)},
		"dial timeout":                     {HTTPClient: dialling(context.DeadlineExceeded)},
		"unknown certificate":              {BaseURL: stranger.URL, HTTPClient: &http.Client{Transport: &http.Transport{}}},
		"a transport that tells not, name": {HTTPClient: &http.Client{Transport: robotTripper(func(*http.Request) (*http.Response, error) { return nil, dns })}},
		"a transport that tells not, dial": {HTTPClient: &http.Client{Transport: robotTripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
		})}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := dingtalk.NewRobotSender(cfg).Send(t.Context(), signing, hello, nobody, "u")
			if r.Outcome != broadcast.Retryable || r.PlatformCode != "" || r.PlatformMessage == "" {
				t.Fatalf("got %+v", r)
			}
			mustNotTell(t, r)
		})
	}
}

func TestACallGivenUpBeforeItBeganMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	s, hits := serveRobot(t, reply(200, `{"errcode":0}`))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := s.Send(ctx, signing, hello, nobody, "u"); r.Outcome != broadcast.Retryable || hits.Load() != 0 {
		t.Fatalf("got %+v after %d calls", r, hits.Load())
	}
}

func TestWhatMayHaveArrivedIsUnknown(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]func(t *testing.T, w http.ResponseWriter, r *http.Request){
		"reset":  func(t *testing.T, w http.ResponseWriter, _ *http.Request) { breakOff(t, w, "", true) },
		"closed": func(t *testing.T, w http.ResponseWriter, _ *http.Request) { breakOff(t, w, "", false) },
		"closed in the headers": func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			breakOff(t, w, "HTTP/1.1 200 OK\r\nCont", false)
		},
		"closed in the answer": func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			breakOff(t, w, "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{\"errcode\":0", false)
		},
		"no HTTP": func(t *testing.T, w http.ResponseWriter, _ *http.Request) { breakOff(t, w, "SSH-2.0\r\n\r\n", false) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, hits := serveRobot(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				h(t, w, r)
			})
			r := s.Send(t.Context(), signing, hello, nobody, "u")
			if r.Outcome != broadcast.Unknown || r.PlatformMessage == "" || hits.Load() != 1 {
				t.Fatalf("got %+v after %d calls", r, hits.Load())
			}
			mustNotTell(t, r)
		})
	}
}

// breakOff writes raw bytes and hangs up, politely or with a reset.
func breakOff(t *testing.T, w http.ResponseWriter, raw string, reset bool) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.WriteString(conn, raw)
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func TestAKeptConnectionThatBreaksIsUnknownAndNotTriedAgain(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	s, hits := serveRobot(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			reply(200, `{"errcode":0}`)(w, r)
			return
		}
		breakOff(t, w, "", false)
	})
	if r := s.Send(t.Context(), signing, hello, nobody, "a"); r.Outcome != broadcast.Accepted {
		t.Fatalf("got %+v", r)
	}
	if r := s.Send(t.Context(), signing, hello, nobody, "b"); r.Outcome != broadcast.Unknown || hits.Load() != 2 {
		t.Fatalf("got %+v after %d calls", r, hits.Load())
	}
}

func TestNoAnswerInTimeIsUnknown(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the caller left
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	s := dingtalk.NewRobotSender(dingtalk.RobotConfig{BaseURL: server.URL, Timeout: time.Second})
	r := s.Send(t.Context(), signing, hello, nobody, "u")
	if r.Outcome != broadcast.Unknown || !strings.Contains(r.PlatformMessage, "in time") {
		t.Fatalf("got %+v", r)
	}
}

func TestACallGivenUpUnderwayIsUnknown(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	s, _ := serveRobot(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if r := s.Send(ctx, signing, hello, nobody, "u"); r.Outcome != broadcast.Unknown {
		t.Fatalf("got %+v", r)
	}
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"http://a b", "oapi.dingtalk.com", "://"} {
		r := dingtalk.NewRobotSender(dingtalk.RobotConfig{BaseURL: base}).Send(t.Context(), signing, hello, nobody, "u")
		if r.Outcome != broadcast.Refused {
			t.Errorf("%s: got %+v", base, r)
		}
		mustNotTell(t, r)
	}
}

func TestTheCallersClientIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: nil}}
	dingtalk.NewRobotSender(dingtalk.RobotConfig{HTTPClient: client})
	if client.CheckRedirect != nil {
		t.Fatal("the sender changed a client that is not its own")
	}
}
