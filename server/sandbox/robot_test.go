package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Vectors of protocols.md §1.2.
func TestRobotSign(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ timestamp, secret, want, inURL string }{
		{"1577262236757", "this is secret", "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=", "hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D"},
		{"1600000000000", "SECtest0000", "Q8F5+14qN1GDNPjyoz2GF2H7nlYxHj1D7L1wNcysIRw=", "Q8F5%2B14qN1GDNPjyoz2GF2H7nlYxHj1D7L1wNcysIRw%3D"},
		{"1546084445901", "testappSecret", "fYP0TV8RJULxGabs59wSO94FZbNekbH7ebQJu2oy+/0=", "fYP0TV8RJULxGabs59wSO94FZbNekbH7ebQJu2oy%2B%2F0%3D"},
	} {
		got := robotSign(v.timestamp, v.secret)
		if got != v.want || url.QueryEscape(got) != v.inURL {
			t.Errorf("%s: %s", v.timestamp, got)
		}
	}
}

func TestRobotSendChecks(t *testing.T) {
	t.Parallel()
	long := func(n int) string {
		const frame = `{"msgtype":"text","text":{"content":""}}`
		return strings.Replace(frame, `""`, `"`+strings.Repeat("x", n-len(frame))+`"`, 1)
	}
	people := func(n int) string {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprintf("u%d", i)
		}
		list, _ := json.Marshal(ids)
		return `{"msgtype":"text","text":{"content":"x"},"at":{"atUserIds":` + string(list) + `}}`
	}
	type request struct {
		robot       string // ops, news, open (no policy), guarded (IP), or an address of its own
		target      func(s *Sandbox, r RobotCredentials) string
		method      string
		contentType string
		body        string
		remote      string
	}
	at := func(offset time.Duration) func(*Sandbox, RobotCredentials) string {
		return func(s *Sandbox, r RobotCredentials) string {
			ts := strconv.FormatInt(s.Now().Add(offset).UnixMilli(), 10)
			return robotSendPath + "?" + url.Values{"access_token": {r.AccessToken}, "timestamp": {ts}, "sign": {robotSign(ts, r.Secret)}}.Encode()
		}
	}
	fixed := func(target string) func(*Sandbox, RobotCredentials) string {
		return func(*Sandbox, RobotCredentials) string { return target }
	}
	for name, c := range map[string]struct {
		in   request
		code int
		msg  string
	}{
		"a signed text":      {request{body: hello}, 0, "ok"},
		"GET":                {request{method: http.MethodGet, body: hello}, 43002, "需要POST请求"},
		"GET without token":  {request{method: http.MethodGet, target: fixed(robotSendPath)}, 43002, "需要POST请求"},
		"no token":           {request{target: fixed(robotSendPath), body: hello}, 40035, "缺少参数 access_token"},
		"empty token":        {request{target: fixed(robotSendPath + "?access_token="), body: hello}, 40035, "缺少参数 access_token"},
		"unknown token":      {request{target: fixed(robotSendPath + "?access_token=nobody"), body: hello}, 300001, "token is not exist"},
		"bad token, no type": {request{target: fixed(robotSendPath + "?access_token=nobody"), contentType: "-", body: "{"}, 300001, "token is not exist"},

		"the hour's edge, old":   {request{target: at(-time.Hour), body: hello}, 0, "ok"},
		"the hour's edge, early": {request{target: at(time.Hour), body: hello}, 0, "ok"},
		"over an hour old":       {request{target: at(-time.Hour - time.Millisecond), body: hello}, 310000, "invalid timestamp"},
		"over an hour early":     {request{target: at(time.Hour + time.Millisecond), body: hello}, 310000, "invalid timestamp"},
		"no sign at all": {request{target: func(_ *Sandbox, r RobotCredentials) string {
			return robotSendPath + "?access_token=" + r.AccessToken
		}, body: hello}, 310000, "sign not match"},
		"sign without timestamp": {request{target: func(s *Sandbox, r RobotCredentials) string {
			return robotSendPath + "?access_token=" + r.AccessToken + "&sign=" + url.QueryEscape(robotSign("1", r.Secret))
		}, body: hello}, 310000, "sign not match"},
		"another secret's sign": {request{target: func(s *Sandbox, r RobotCredentials) string {
			r.Secret = "SECother"
			return at(0)(s, r)
		}, body: hello}, 310000, "sign not match"},
		"sign encoded twice": {request{target: func(s *Sandbox, r RobotCredentials) string {
			u, _ := url.Parse(at(0)(s, r))
			q := u.Query()
			q.Set("sign", url.QueryEscape(q.Get("sign")))
			return robotSendPath + "?" + q.Encode()
		}, body: hello}, 310000, "sign not match"},
		"old pair before the new": {request{target: func(s *Sandbox, r RobotCredentials) string {
			return at(-2*time.Hour)(s, r) + "&" + strings.SplitN(at(0)(s, r), "&", 2)[1]
		}, body: hello}, 310000, "invalid timestamp"},
		"timestamp that is no number": {request{target: func(s *Sandbox, r RobotCredentials) string {
			return robotSendPath + "?access_token=" + r.AccessToken + "&timestamp=-5&sign=x"
		}, body: hello}, 310000, "invalid timestamp"},
		"timestamp beyond int64": {request{target: func(s *Sandbox, r RobotCredentials) string {
			return robotSendPath + "?access_token=" + r.AccessToken + "&timestamp=99999999999999999999&sign=x"
		}, body: hello}, 310000, "invalid timestamp"},
		"bad sign before bad body": {request{target: at(-2 * time.Hour), contentType: "-", body: "{"}, 310000, "invalid timestamp"},

		"from a listed address":       {request{robot: "guarded", remote: "10.1.2.3:9", body: hello}, 0, "ok"},
		"from a listed single":        {request{robot: "guarded", remote: "[::ffff:192.0.2.7]:9", body: hello}, 0, "ok"},
		"from elsewhere":              {request{robot: "guarded", remote: "10.2.0.1:9", body: hello}, 310000, "ip 10.2.0.1 not in whitelist"},
		"from IPv6":                   {request{robot: "guarded", remote: "[2001:db8::1]:9", body: hello}, 310000, "ip 2001:db8::1 not in whitelist"},
		"from elsewhere with no body": {request{robot: "guarded", remote: "10.2.0.1:9", contentType: "-"}, 310000, "ip 10.2.0.1 not in whitelist"},

		"no Content-Type":     {request{contentType: "-", body: hello}, 43004, ""},
		"form Content-Type":   {request{contentType: "application/x-www-form-urlencoded", body: hello}, 43004, ""},
		"text Content-Type":   {request{contentType: "text/plain", body: hello}, 43004, ""},
		"type with a charset": {request{contentType: "application/json; charset=utf-8", body: hello}, 0, "ok"},

		"no body":                 {request{}, 40035, "缺少参数 json"},
		"half a body":             {request{body: `{"msgtype":"text"`}, 40035, "缺少参数 json"},
		"two values":              {request{body: hello + hello}, 40035, "缺少参数 json"},
		"an array":                {request{body: `[]`}, 40035, "缺少参数 json"},
		"null":                    {request{body: `null`}, 40035, "缺少参数 json"},
		"invalid UTF-8":           {request{body: "{\"msgtype\":\"text\",\"text\":{\"content\":\"\xff\"}}"}, 40035, "缺少参数 json"},
		"no msgtype":              {request{body: `{"text":{"content":"x"}}`}, 40035, "缺少参数 msgtype"},
		"msgtype as a number":     {request{body: `{"msgtype":1}`}, 40035, "缺少参数 msgtype"},
		"unknown msgtype":         {request{body: `{"msgtype":"image","image":{}}`}, 400105, ""},
		"msgtype in other casing": {request{body: `{"msgtype":"Text","Text":{"content":"x"}}`}, 400105, ""},
		"msgtype empty":           {request{body: `{"msgtype":"empty"}`}, 400105, ""},
		"MsgType as the key":      {request{body: `{"MsgType":"text","text":{"content":"x"}}`}, 40035, "缺少参数 msgtype"},
		"unknown fields":          {request{body: `{"msgtype":"text","text":{"content":"x","more":1},"extra":{}}`}, 0, "ok"},

		"text without its object": {request{body: `{"msgtype":"text"}`}, 40035, "缺少参数 text"},
		"text object null":        {request{body: `{"msgtype":"text","text":null}`}, 40035, "缺少参数 text"},
		"text without content":    {request{body: `{"msgtype":"text","text":{}}`}, 40035, "缺少参数 text.content"},
		"text content number":     {request{body: `{"msgtype":"text","text":{"content":5}}`}, 40035, "缺少参数 text.content"},
		"text Content":            {request{body: `{"msgtype":"text","text":{"Content":"x"}}`}, 40035, "缺少参数 text.content"},
		"markdown":                {request{body: `{"msgtype":"markdown","markdown":{"title":"t","text":"x"}}`}, 0, "ok"},
		"markdown without title":  {request{body: `{"msgtype":"markdown","markdown":{"text":"x"}}`}, 40035, "缺少参数 markdown.title"},
		"markdown without text":   {request{body: `{"msgtype":"markdown","markdown":{"title":"x"}}`}, 40035, "缺少参数 markdown.text"},
		"link":                    {request{body: `{"msgtype":"link","link":{"title":"t","text":"x","messageUrl":"https://a.example"}}`}, 0, "ok"},
		"link with picture":       {request{body: `{"msgtype":"link","link":{"title":"t","text":"x","messageUrl":"https://a.example","picUrl":"https://a.example/p"}}`}, 0, "ok"},
		"link with messageURL":    {request{body: `{"msgtype":"link","link":{"title":"t","text":"x","messageURL":"https://a.example"}}`}, 40035, "缺少参数 link.messageUrl"},
		"link with picture list":  {request{body: `{"msgtype":"link","link":{"title":"t","text":"x","messageUrl":"https://a.example","picUrl":[]}}`}, 40035, "缺少参数 link.picUrl"},

		"card with one button":        {request{body: `{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"s","singleURL":"https://a.example","btnOrientation":"0"}}`}, 0, "ok"},
		"card with singleUrl":         {request{body: `{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"s","singleUrl":"https://a.example"}}`}, 40035, "缺少参数 actionCard.singleURL"},
		"card with a bare singleURL":  {request{body: `{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleURL":"https://a.example"}}`}, 40035, "缺少参数 actionCard.singleTitle"},
		"card without buttons":        {request{body: `{"msgtype":"actionCard","actionCard":{"title":"t","text":"x"}}`}, 40035, "缺少参数 actionCard.btns"},
		"card with buttons":           {request{body: `{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","btnOrientation":"1","btns":[{"title":"a","actionURL":"https://a.example"}]}}`}, 0, "ok"},
		"card with actionUrl":         {request{body: `{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","btns":[{"title":"a","actionURL":"u"},{"title":"a","actionUrl":"u"}]}}`}, 40035, "缺少参数 actionCard.btns[1].actionURL"},
		"card whose btns are ignored": {request{body: `{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"s","singleURL":"u","btns":[{}]}}`}, 0, "ok"},
		"card orientation number":     {request{body: `{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"s","singleURL":"u","btnOrientation":0}}`}, 40035, "缺少参数 actionCard.btnOrientation"},
		"card without text":           {request{body: `{"msgtype":"actionCard","actionCard":{"title":"t","singleTitle":"s","singleURL":"u"}}`}, 40035, "缺少参数 actionCard.text"},

		"feed":                 {request{body: `{"msgtype":"feedCard","feedCard":{"links":[{"title":"t","messageURL":"u","picURL":"p"}]}}`}, 0, "ok"},
		"feed with messageUrl": {request{body: `{"msgtype":"feedCard","feedCard":{"links":[{"title":"t","messageUrl":"u","picURL":"p"}]}}`}, 40035, "缺少参数 feedCard.links[0].messageURL"},
		"feed with picUrl":     {request{body: `{"msgtype":"feedCard","feedCard":{"links":[{"title":"t","messageURL":"u","picUrl":"p"}]}}`}, 40035, "缺少参数 feedCard.links[0].picURL"},
		"feed without links":   {request{body: `{"msgtype":"feedCard","feedCard":{"links":[]}}`}, 40035, "缺少参数 feedCard.links"},
		"feed of strings":      {request{body: `{"msgtype":"feedCard","feedCard":{"links":["x"]}}`}, 40035, "缺少参数 feedCard.links[0].title"},

		"fifty mentions":        {request{body: people(50)}, 0, "ok"},
		"fifty-one mentions":    {request{body: people(51)}, 40035, "不合法的参数 at: 一条消息最多提及 50 人"},
		"at null":               {request{body: `{"msgtype":"text","text":{"content":"x"},"at":null}`}, 0, "ok"},
		"at mobiles null":       {request{body: `{"msgtype":"text","text":{"content":"x"},"at":{"atMobiles":null,"isAtAll":false}}`}, 0, "ok"},
		"at mobiles one string": {request{body: `{"msgtype":"text","text":{"content":"x"},"at":{"atMobiles":"1"}}`}, 40035, "缺少参数 at.atMobiles"},
		"at as a list":          {request{body: `{"msgtype":"text","text":{"content":"x"},"at":[]}`}, 40035, "缺少参数 at"},
		"msgUuid as a number":   {request{body: `{"msgtype":"text","text":{"content":"x"},"msgUuid":7}`}, 40035, "缺少参数 msgUuid"},

		"keyword in the text":     {request{robot: "news", body: `{"msgtype":"text","text":{"content":"a Posthouse b"}}`}, 0, "ok"},
		"keyword in a link title": {request{robot: "news", body: `{"msgtype":"feedCard","feedCard":{"links":[{"title":"Posthouse","messageURL":"u","picURL":"p"}]}}`}, 0, "ok"},
		"keyword in other casing": {request{robot: "news", body: `{"msgtype":"text","text":{"content":"posthouse"}}`}, 310000, "keywords not in content"},
		"keyword only outside":    {request{robot: "news", body: `{"msgtype":"text","text":{"content":"x"},"msgUuid":"Posthouse"}`}, 310000, "keywords not in content"},
		"no keyword and too long": {request{robot: "news", body: long(20_001)}, 310000, "keywords not in content"},
		"bad msgtype, no keyword": {request{robot: "news", body: `{"msgtype":"x"}`}, 400105, ""},

		"20000 bytes":    {request{body: long(20_000)}, 0, "ok"},
		"20001 bytes":    {request{body: long(20_001)}, 460101, "message too long, exceed 20000 bytes"},
		"two megabytes":  {request{body: long(2 << 20)}, 460101, "message too long, exceed 20000 bytes"},
		"without policy": {request{robot: "open", body: hello}, 0, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newBox(t)
			for _, r := range []Robot{{Name: "open"}, {Name: "guarded", IPs: []string{"10.1.0.0/16", "192.0.2.7"}}} {
				if err := s.AddRobot(r); err != nil {
					t.Fatal(err)
				}
			}
			robots := s.Credentials().Robots
			i := max(0, slices.IndexFunc(robots, func(r RobotCredentials) bool { return r.Name == c.in.robot }))
			target := webhook
			if c.in.target != nil {
				target = c.in.target
			}
			method := c.in.method
			if method == "" {
				method = http.MethodPost
			}
			r := local(httptest.NewRequest(method, target(s, robots[i]), strings.NewReader(c.in.body)))
			switch c.in.contentType {
			case "":
				r.Header.Set("Content-Type", "application/json")
			case "-":
			default:
				r.Header.Set("Content-Type", c.in.contentType)
			}
			if c.in.remote != "" {
				r.RemoteAddr = c.in.remote
			}
			w := do(s, r)
			answer := read(t, w)
			if w.Code != 200 || codeOf(t, w) != c.code || c.msg != "" && answer["errmsg"] != c.msg {
				t.Errorf("HTTP %d %s, want errcode %d %s", w.Code, w.Body, c.code, c.msg)
			}
			if sent := len(s.Messages(MessageFilter{})); (sent == 1) != (c.code == 0) {
				t.Errorf("%d messages in the chats", sent)
			}
		})
	}
}

func TestSlidingMinuteThenTenMinutesOfBan(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	send := func(want int) {
		t.Helper()
		if got := codeOf(t, post(s, webhook(s, ops(s)), hello)); got != want {
			t.Fatalf("errcode %d, want %d", got, want)
		}
	}
	for range 19 {
		send(0)
	}
	s.Advance(59 * time.Second)
	send(0)
	s.Advance(time.Second) // the first nineteen leave the window
	for range 19 {
		send(0)
	}
	send(410100)                                   // one is left from the minute before: a twentieth is too many
	s.Advance(10*time.Minute - 2*time.Millisecond) // the ban holds to its end
	send(410100)
	s.Advance(time.Millisecond)
	send(410100)
	s.Advance(time.Millisecond) // calls meanwhile have not extended it
	for range 20 {
		send(0)
	}
	send(410100)
	// Another robot is not concerned.
	if got := codeOf(t, post(s, webhook(s, s.Credentials().Robots[1]), `{"msgtype":"text","text":{"content":"Posthouse"}}`)); got != 0 {
		t.Errorf("the other robot: errcode %d", got)
	}
	if n := len(s.Messages(MessageFilter{Robot: "ops"})); n != 59 {
		t.Errorf("%d messages", n)
	}
}

func TestRefusedMessagesDoNotCount(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	for range 30 {
		post(s, webhook(s, ops(s)), `{"msgtype":"nothing"}`)
	}
	if got := codeOf(t, post(s, webhook(s, ops(s)), hello)); got != 0 {
		t.Errorf("errcode %d", got)
	}
}

func TestOptionsChangeTheAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts Options
		call func(s *Sandbox) *httptest.ResponseRecorder
		code any
		msg  string
	}{
		"300005": {Options{UnknownTokenCode: 300005}, func(s *Sandbox) *httptest.ResponseRecorder {
			return post(s, robotSendPath+"?access_token=x", hello)
		}, json.Number("300005"), "token is not exist"},
		"130101": {Options{ThrottleCode: 130101, RobotPerMinute: 1}, twice, json.Number("130101"), "send too fast, exceed 20 times per minute"},
		"660026": {Options{ThrottleCode: 660026, RobotPerMinute: 1}, twice, json.Number("660026"), "sending too many messages per minute"},
		"quoted": {Options{QuotedErrcode: true}, func(s *Sandbox) *httptest.ResponseRecorder {
			return post(s, webhook(s, ops(s)), hello)
		}, "0", "ok"},
		"more": {Options{RefusalText: RefusalMore}, unsigned, json.Number("310000"), "sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"},
		"too long": {Options{RefusalText: RefusalDescription}, func(s *Sandbox) *httptest.ResponseRecorder {
			return post(s, webhook(s, ops(s)), `{"msgtype":"text","text":{"content":"`+strings.Repeat("字", 7000)+`"}}`)
		}, json.Number("460101"), "description: body 大小不合法;solution:请保持大小在 20000bytes 以内;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newBox(t)
			if err := s.SetOptions(c.opts); err != nil {
				t.Fatal(err)
			}
			answer := read(t, c.call(s))
			if answer["errcode"] != c.code || answer["errmsg"] != c.msg {
				t.Errorf("%v", answer)
			}
		})
	}
	s := newBox(t)
	if err := s.SetOptions(Options{RefusalText: RefusalDescription}); err != nil {
		t.Fatal(err)
	}
	if msg := read(t, unsigned(s))["errmsg"].(string); !strings.HasPrefix(msg, "description:机器人发送签名不匹配;solution:") {
		t.Error(msg)
	}
	for _, bad := range []Options{
		{UnknownTokenCode: 1}, {ThrottleCode: 1}, {RefusalText: "x"}, {SignatureParam: "x"}, {RobotPerMinute: -1}, {PushDeadlineMs: -1},
	} {
		if s.SetOptions(bad) == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func twice(s *Sandbox) *httptest.ResponseRecorder {
	post(s, webhook(s, ops(s)), hello)
	return post(s, webhook(s, ops(s)), hello)
}

func unsigned(s *Sandbox) *httptest.ResponseRecorder {
	return post(s, robotSendPath+"?access_token="+ops(s).AccessToken, hello)
}

func TestSameMsgUUIDArrivesOnce(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	body := func(uuid string) string { return `{"msgtype":"text","text":{"content":"x"},"msgUuid":"` + uuid + `"}` }
	send := func(robot int, uuid string) {
		t.Helper()
		s.Advance(4 * time.Second)
		message := strings.Replace(body(uuid), `"x"`, `"Posthouse"`, 1)
		if w := post(s, webhook(s, s.Credentials().Robots[robot]), message); codeOf(t, w) != 0 {
			t.Fatal(w.Body)
		}
	}
	send(0, "a")
	send(0, "a")
	send(0, "b")
	send(1, "a") // another robot's own
	if n := len(s.Messages(MessageFilter{})); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}
	s.Advance(24 * time.Hour)
	send(0, "a")
	if n := len(s.Messages(MessageFilter{Robot: "ops"})); n != 3 {
		t.Errorf("%d messages after a day, want 3", n)
	}
}

func TestARefusedMessageDoesNotUseUpItsMsgUUID(t *testing.T) {
	t.Parallel()
	s := newBox(t, func(c *Config) { c.Options.RobotPerMinute = 1 })
	post(s, webhook(s, ops(s)), hello)
	const body = `{"msgtype":"text","text":{"content":"x"},"msgUuid":"u"}`
	if got := codeOf(t, post(s, webhook(s, ops(s)), body)); got != 410100 {
		t.Fatalf("errcode %d", got)
	}
	s.Advance(10 * time.Minute)
	if got := codeOf(t, post(s, webhook(s, ops(s)), body)); got != 0 {
		t.Fatalf("errcode %d", got)
	}
	if n := len(s.Messages(MessageFilter{})); n != 2 {
		t.Errorf("%d messages", n)
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	everybody := make([]string, 12)
	for i, u := range seedCompany().users {
		everybody[i] = u.UserID
	}
	none := []string{}
	for name, c := range map[string]struct {
		body            string
		notified, shown []string
	}{
		"by mobile, in the text": {`{"msgtype":"text","text":{"content":"hi @13800000001"},"at":{"atMobiles":["13800000001"]}}`, []string{"zhangsan"}, []string{"zhangsan"}},
		"with country code":      {`{"msgtype":"text","text":{"content":"hi @+86-13800000002"},"at":{"atMobiles":["+86-13800000002","+8613800000003","8613800000004"]}}`, []string{"lisi", "wangwu", "zhaoliu"}, []string{"lisi"}},
		"markdown without @":     {`{"msgtype":"markdown","markdown":{"title":"t","text":"hi"},"at":{"atMobiles":["13800000001"]}}`, []string{"zhangsan"}, none},
		"markdown with userid":   {`{"msgtype":"markdown","markdown":{"title":"t","text":"hi @lisi"},"at":{"atUserIds":["lisi"]}}`, []string{"lisi"}, []string{"lisi"}},
		"nobody in the group":    {`{"msgtype":"text","text":{"content":"@13900000000"},"at":{"atMobiles":["13900000000"],"atUserIds":["stranger"]}}`, none, none},
		"all":                    {`{"msgtype":"text","text":{"content":"x"},"at":{"isAtAll":true}}`, everybody, none},
		"only in the text":       {`{"msgtype":"text","text":{"content":"@13800000001 @lisi"}}`, none, none},
		"link":                   {`{"msgtype":"link","link":{"title":"t","text":"@lisi","messageUrl":"u"},"at":{"atUserIds":["lisi"]}}`, none, none},
		"card":                   {`{"msgtype":"actionCard","actionCard":{"title":"t","text":"@lisi @zhangsanfeng @sunqi","singleTitle":"s","singleURL":"u"},"at":{"atUserIds":["wangwu"]}}`, []string{"lisi", "sunqi"}, []string{"lisi", "sunqi"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newBox(t)
			if w := post(s, webhook(s, ops(s)), c.body); codeOf(t, w) != 0 {
				t.Fatal(w.Body)
			}
			got := s.Messages(MessageFilter{})[0].Mentions
			if !reflect.DeepEqual(got.NotifiedUserIDs, c.notified) || !reflect.DeepEqual(got.ShownUserIDs, c.shown) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestMessagesAreKeptAsSentAndFiltered(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	post(s, webhook(s, ops(s)), `{"msgtype":"text", "text": {"content": "<b>1</b> @13800000002", "x": 12345678901234567890}, "at":{"atMobiles":["13800000002"]}}`)
	post(s, webhook(s, s.Credentials().Robots[1]), `{"msgtype":"text","text":{"content":"Posthouse"}}`)
	w := get(s, "/sandbox/api/messages")
	var all []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || len(all) != 2 {
		t.Fatalf("%s: %v", w.Body, err)
	}
	for _, field := range []string{"id", "at", "robot", "conversation", "toUserIds", "msgtype", "body", "mentions"} {
		if all[0][field] == nil {
			t.Errorf("%s is missing", field)
		}
	}
	if !strings.Contains(w.Body.String(), `"body":{"content":"<b>1</b> @13800000002","x":12345678901234567890}`) {
		t.Errorf("the body is not as sent: %s", w.Body)
	}
	for query, want := range map[string]int{
		"?robot=ops": 1, "?robot=news": 1, "?robot=other": 0, "?user=lisi": 1, "?user=zhangsan": 0, "?since=1": 1, "?since=2": 0,
		"?since=9999": 0, "?since=0": 2, "?limit=1": 1, "?since=&user=": 2,
	} {
		var got []Message
		if w := get(s, "/sandbox/api/messages"+query); json.Unmarshal(w.Body.Bytes(), &got) != nil || len(got) != want || got == nil {
			t.Errorf("%s: %s", query, w.Body)
		}
	}
	for _, query := range []string{"?since=x", "?since=-1", "?limit=99999999", "?robots=ops", "?since=%zz"} {
		if w := get(s, "/sandbox/api/messages"+query); w.Code != http.StatusBadRequest {
			t.Errorf("%s: HTTP %d", query, w.Code)
		}
	}
}

func TestChatsRememberTheNewest(t *testing.T) {
	t.Parallel()
	b := newMessageBox()
	for range mostMessages + 5000 {
		b.add(Message{Body: json.RawMessage(`{}`)})
	}
	all := b.find(MessageFilter{})
	if len(all) != mostMessages || all[0].ID != 5001 || all[len(all)-1].ID != 15000 {
		t.Errorf("%d messages from %d to %d", len(all), all[0].ID, all[len(all)-1].ID)
	}
	if after := b.find(MessageFilter{Since: 14_990}); len(after) != 10 || after[0].ID != 14_991 {
		t.Errorf("%d after 14990", len(after))
	}
	if all := b.find(MessageFilter{Since: 3}); len(all) != mostMessages {
		t.Errorf("%d after a forgotten one", len(all))
	}
	b = newMessageBox()
	for range 200 {
		b.add(Message{Body: make(json.RawMessage, 1<<20)})
	}
	if n := len(b.find(MessageFilter{})); n > 64 {
		t.Errorf("%d megabytes are kept", n)
	}
}

func TestAddRobotRefusesWhatHasNoMeaning(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	for name, r := range map[string]Robot{
		"no name":       {},
		"odd name":      {Name: "a b"},
		"taken name":    {Name: "ops", AccessToken: "x"},
		"taken token":   {Name: "x", AccessToken: ops(s).AccessToken},
		"odd secret":    {Name: "x", Secret: "abc"},
		"IPv6":          {Name: "x", IPs: []string{"::1"}},
		"no address":    {Name: "x", IPs: []string{"10.0.0.0/40"}},
		"empty keyword": {Name: "x", Keywords: []string{""}},
		"11 keywords":   {Name: "x", Keywords: strings.Split("a b c d e f g h i j k", " ")},
	} {
		if s.AddRobot(r) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRobotsUnderManyHands(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	accepted := 0
	target := webhook(s, ops(s))
	for i := range 64 {
		wg.Go(func() {
			if w := post(s, target, fmt.Sprintf(`{"msgtype":"text","text":{"content":"x"},"msgUuid":"%d"}`, i)); strings.Contains(w.Body.String(), `"errcode":0`) {
				mu.Lock()
				accepted++
				mu.Unlock()
			}
			s.Messages(MessageFilter{})
			s.Advance(time.Millisecond)
		})
	}
	wg.Wait()
	if n := len(s.Messages(MessageFilter{})); accepted != 20 || n != 20 {
		t.Errorf("%d accepted, %d messages, want 20", accepted, n)
	}
}

func FuzzRobotBody(f *testing.F) {
	f.Add(hello)
	f.Add(`{"msgtype":"actionCard","actionCard":{"title":"t","text":"@lisi","btns":[{"title":"a","actionURL":"u"}]},"at":{"isAtAll":true}}`)
	f.Add(`{"msgtype":"feedCard","feedCard":{"links":[{}]},"msgUuid":null}`)
	company := seedCompany()
	f.Fuzz(func(t *testing.T, body string) {
		msg, no := parseRobotBody([]byte(body))
		if no != nil {
			return
		}
		if !json.Valid(msg.body) {
			t.Errorf("body %q is not JSON", msg.body)
		}
		msg.containsAny([]string{"Posthouse"})
		company.resolve(msg.at, msg.msgtype, msg.text)
	})
}
