package sandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// robotProgram stands for a program behind the app robot's address.
type robotProgram struct {
	*httptest.Server
	bodies  chan map[string]any
	headers chan http.Header
}

func newRobotProgram(t *testing.T, answer string, status int) *robotProgram {
	t.Helper()
	p := &robotProgram{bodies: make(chan map[string]any, 8), headers: make(chan http.Header, 8)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		p.bodies <- body
		p.headers <- r.Header
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(p.Close)
	return p
}

func TestAppRobotHearsAndAnswers(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	program := newRobotProgram(t, `{"msgtype":"empty"}`, 200)
	if m := read(t, post(s, "/sandbox/api/robot-callback", `{"url":"`+program.URL+`/hear"}`)); m["url"] != program.URL+"/hear" {
		t.Fatalf("%v", m)
	}
	for kind, want := range map[string]struct{ content, conversation, title string }{
		"1": {"请假怎么走流程？", "cid-app-lisi", ""},
		"2": {" 请假怎么走流程？", "cid-app", "应用机器人群"},
	} {
		push := read(t, post(s, "/sandbox/api/robot-messages", `{"text":"请假怎么走流程？","userId":"lisi","conversationType":"`+kind+`"}`))
		if push["status"] != json.Number("200") || push["bodyReply"] != nil || push["reason"] != nil {
			t.Errorf("%s: %v", kind, push)
		}
		body, headers := <-program.bodies, <-program.headers
		title, _ := body["conversationTitle"].(string)
		if body["conversationType"] != kind || body["senderStaffId"] != "lisi" || body["senderNick"] != "李四" || body["msgId"] != push["msgId"] ||
			body["conversationId"] != want.conversation || title != want.title || body["text"].(map[string]any)["content"] != want.content ||
			body["isInAtList"] != (kind == "2") || body["robotCode"] != s.Credentials().DingTalk.RobotCode {
			t.Errorf("%s: %v", kind, body)
		}
		if at, err := strconv.ParseInt(headers.Get("timestamp"), 10, 64); err != nil || at != s.Now().UnixMilli() ||
			headers.Get("sign") != robotSign(headers.Get("timestamp"), s.Credentials().DingTalk.AppSecret) {
			t.Errorf("%s: %v", kind, headers)
		}
		webhook := strings.TrimPrefix(push["sessionWebhook"].(string), "http://127.0.0.1:8090")
		if code := codeOf(t, post(s, webhook, hello)); code != 0 {
			t.Errorf("%s: errcode %d", kind, code)
		}
		said := s.Messages(MessageFilter{Robot: AppRobot})
		last := said[len(said)-1]
		if last.Conversation != want.conversation || len(last.ToUserIDs) != map[string]int{"1": 1, "2": 0}[kind] {
			t.Errorf("%s: %+v", kind, last)
		}
		s.Advance(sessionLife)
		if code := codeOf(t, post(s, webhook, hello)); code != codeSessionGone {
			t.Errorf("%s: after 90 minutes errcode %d", kind, code)
		}
	}
	if w := get(s, "/sandbox/api/robot-messages?since=1"); strings.Count(w.Body.String(), `"msgId"`) != 1 {
		t.Errorf("%s", w.Body)
	}
}

func TestAppRobotIsSilentWithoutAnAddress(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	say := func() map[string]any {
		return read(t, post(s, "/sandbox/api/robot-messages", `{"text":"x","userId":"lisi","conversationType":"1"}`))
	}
	if m := say(); m["status"] != json.Number("0") || m["reason"] != "no address is registered" {
		t.Errorf("%v", m)
	}
	gone := newRobotProgram(t, "", 200)
	gone.Close()
	if err := s.SetRobotURL(gone.URL); err != nil {
		t.Fatal(err)
	}
	if m := say(); m["status"] != json.Number("0") || !strings.HasPrefix(m["reason"].(string), "the address does not answer") || strings.Contains(m["reason"].(string), gone.URL) {
		t.Errorf("%v", m)
	}
	if err := s.SetRobotURL(newRobotProgram(t, hello, 500).URL); err != nil {
		t.Fatal(err)
	}
	if m := say(); m["status"] != json.Number("500") || m["bodyReply"] != true {
		t.Errorf("%v", m)
	}
	if n := len(s.PersonMessages(0)); n != 3 {
		t.Errorf("%d messages were kept", n)
	}
}

func TestSayingRefuses(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	for body, want := range map[string]string{
		`{"text":"x","userId":"nobody","conversationType":"1"}`:                   "userId",
		`{"text":" ","userId":"lisi","conversationType":"1"}`:                     "text",
		`{"text":"x","userId":"lisi","conversationType":"3"}`:                     "conversationType",
		`{"text":"x","userId":"lisi","conversationType":"1","robotCode":"other"}`: "robotCode",
	} {
		if w := post(s, "/sandbox/api/robot-messages", body); w.Code != 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: HTTP %d %s", body, w.Code, w.Body)
		}
	}
	for _, url := range []string{"x", "ftp://example.com", "http://user@example.com", "http://example.com/#a"} {
		if w := post(s, "/sandbox/api/robot-callback", `{"url":"`+url+`"}`); w.Code != 400 {
			t.Errorf("%s: HTTP %d", url, w.Code)
		}
	}
}

func appToken(t *testing.T, s *Sandbox) string {
	t.Helper()
	app := s.Credentials().DingTalk
	token := read(t, post(s, "/v1.0/oauth2/accessToken", `{"appKey":"`+app.AppKey+`","appSecret":"`+app.AppSecret+`"}`))["accessToken"]
	return token.(string)
}

func callNew(s *Sandbox, path, token, body string) *httptest.ResponseRecorder {
	r := local(httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("x-acs-dingtalk-access-token", token)
	}
	return do(s, r)
}

func TestAppRobotWritesToPeopleAndItsGroup(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	token := appToken(t, s)
	code := s.Credentials().DingTalk.RobotCode
	param := func(key, inner string) string {
		quoted, _ := json.Marshal(inner)
		return `"msgKey":"` + key + `","msgParam":` + string(quoted)
	}
	w := callNew(s, privateSendPath, token, `{"robotCode":"`+code+`","userIds":["lisi","nobody","zhangsan","lisi"],`+param("sampleText", `{"content":"hi"}`)+`}`)
	if m := read(t, w); w.Code != 200 || len(m["processQueryKey"].(string)) != 32 || len(m["invalidStaffIdList"].([]any)) != 1 {
		t.Errorf("HTTP %d %s", w.Code, w.Body)
	}
	for key, c := range map[string]struct{ inner, msgtype string }{
		"sampleMarkdown":    {`{"title":"t","text":"x"}`, "markdown"},
		"sampleLink":        {`{"title":"t","text":"x","messageUrl":"u","picUrl":"p"}`, "link"},
		"sampleActionCard":  {`{"title":"t","text":"x","singleTitle":"a","singleURL":"u"}`, "actionCard"},
		"sampleActionCard2": {`{"title":"t","text":"x","actionTitle1":"a","actionURL1":"u","actionTitle2":"b","actionURL2":"v"}`, "actionCard"},
		"sampleActionCard6": {`{"title":"t","text":"x","buttonTitle1":"a","buttonUrl1":"u","buttonTitle2":"b","buttonUrl2":"v"}`, "actionCard"},
		"sampleFile":        {`{"mediaId":"m","fileName":"a.pdf","fileType":"pdf"}`, "sampleFile"},
	} {
		w := callNew(s, groupSendPath, token, `{"robotCode":"`+code+`","openConversationId":"cid-app",`+param(key, c.inner)+`}`)
		all := s.Messages(MessageFilter{})
		if key, _ := read(t, w)["processQueryKey"].(string); len(key) != 32 {
			t.Errorf("%s: %s", c.msgtype, w.Body)
		}
		if last := all[len(all)-1]; w.Code != 200 || last.Msgtype != c.msgtype || last.Conversation != "cid-app" {
			t.Errorf("%s: HTTP %d %+v", key, w.Code, last)
		}
	}
	private := s.Messages(MessageFilter{UserID: "zhangsan"})
	if len(private) != 1 || private[0].Conversation != "cid-app-zhangsan" || private[0].Robot != AppRobot || string(private[0].Body) != `{"content":"hi"}` {
		t.Errorf("%+v", private)
	}
	s.Advance(2*tokenLife + time.Second)
	if w := callNew(s, privateSendPath, token, `{}`); w.Code != 400 || !strings.Contains(w.Body.String(), "InvalidAuthentication") {
		t.Errorf("an old token: HTTP %d %s", w.Code, w.Body)
	}
}

func TestAppRobotCallsRefuse(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	token := appToken(t, s)
	robot := `"robotCode":"` + s.Credentials().DingTalk.RobotCode + `",`
	text := `"msgKey":"sampleText","msgParam":"{\"content\":\"x\"}"`
	template := func(key, param string) string {
		quoted, _ := json.Marshal(param)
		return `{` + robot + `"userIds":["lisi"],"msgKey":"` + key + `","msgParam":` + string(quoted) + `}`
	}
	for _, c := range []struct{ path, token, body, code string }{
		{privateSendPath, "", `{}`, "AuthenticationFailed.MissingParameter"},
		{privateSendPath, "x", `{}`, "InvalidAuthentication"},
		{privateSendPath, token, `{}`, "robotCode.empty"},
		{privateSendPath, token, `not JSON`, "robotCode.empty"},
		{privateSendPath, token, `{"robotCode":"x"}`, "robotCode.notExsit"},
		{privateSendPath, token, `{` + robot + text + `}`, "userIds.empty"},
		{privateSendPath, token, `{` + robot + text + `,"userIds":["` + strings.Repeat(`a","`, 20) + `b"]}`, "userIds.overMax"},
		{privateSendPath, token, `{` + robot + `"userIds":["lisi"]}`, "msgKey.empty"},
		{privateSendPath, token, `{` + robot + `"userIds":["lisi"],"msgKey":"sampleNothing","msgParam":"{}"}`, "msgKey.invalid"},
		{privateSendPath, token, `{` + robot + `"userIds":["lisi"],"msgKey":"sampleText","msgParam":"x"}`, "msgParam.invalid"},
		{privateSendPath, token, `{` + robot + `"userIds":["lisi"],"msgKey":"sampleText","msgParam":"{}"}`, "msgParam.invalid"},
		{privateSendPath, token, template("sampleActionCard1", `{"title":"t","text":"x","actionTitle1":"a","actionURL1":"u"}`), "msgKey.invalid"},
		{privateSendPath, token, template("sampleActionCard7", `{"title":"t","text":"x"}`), "msgKey.invalid"},
		{privateSendPath, token, template("sampleActionCard3", `{"title":"t","text":"x","actionTitle1":"a","actionURL1":"u"}`), "msgParam.invalid"},
		{privateSendPath, token, template("sampleActionCard6", `{"title":"t","text":"x","buttonTitle1":"a","buttonURL1":"u","buttonTitle2":"b","buttonURL2":"v"}`), "msgParam.invalid"},
		{privateSendPath, token, template("sampleImageMsg", `{}`), "msgParam.invalid"},
		{privateSendPath, token, template("sampleAudio", `{"mediaId":"m"}`), "msgParam.invalid"},
		{privateSendPath, token, template("sampleFile", `{"mediaId":"m","fileName":"a.exe","fileType":"exe"}`), "msgParam.invalid"},
		{privateSendPath, token, template("sampleVideo", `{"duration":"1","videoMediaId":"m","picMediaId":"p","videoType":"avi"}`), "msgParam.invalid"},
		{groupSendPath, token, `{` + robot + text + `}`, "miss.openConversationId"},
		{groupSendPath, token, `{` + robot + text + `,"openConversationId":"cid-ops"}`, "invalid.openConversationId"},
	} {
		if w := callNew(s, c.path, c.token, c.body); w.Code != 400 || !strings.Contains(w.Body.String(), c.code) {
			t.Errorf("%s %s: HTTP %d %s", c.path, c.body, w.Code, w.Body)
		}
	}
	if w := get(s, privateSendPath); w.Code != 200 || !strings.Contains(w.Body.String(), `"errcode":404`) {
		t.Errorf("GET: HTTP %d %s", w.Code, w.Body)
	}
	for query, want := range map[string]int{"": codeSessionGone, "?session=x": codeSessionGone} {
		if got := codeOf(t, post(s, sessionSendPath+query, hello)); got != want {
			t.Errorf("%q: errcode %d", query, got)
		}
	}
	if got := codeOf(t, get(s, sessionSendPath)); got != codeNotPost {
		t.Errorf("GET: errcode %d", got)
	}
}
