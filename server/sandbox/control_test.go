package sandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestControlAPIListensToThisMachineOnly(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	for name, c := range map[string]struct {
		remote, host, origin string
		status               int
	}{
		"127.0.0.1":          {"127.0.0.1:1", "127.0.0.1:8090", "", 200},
		"localhost":          {"127.0.0.1:1", "localhost:8090", "", 200},
		"Localhost bare":     {"127.0.0.2:1", "LOCALHOST", "", 200},
		"IPv6":               {"[::1]:1", "[::1]:8090", "", 200},
		"IPv6 bare":          {"[::1]:1", "[::1]", "", 200},
		"own page":           {"127.0.0.1:1", "127.0.0.1:8090", "http://127.0.0.1:8090", 200},
		"another machine":    {"192.0.2.1:1", "127.0.0.1:8090", "", 403},
		"no address":         {"", "127.0.0.1:8090", "", 403},
		"a name pointing in": {"127.0.0.1:1", "evil.example:8090", "", 403},
		"a tricky name":      {"127.0.0.1:1", "127.0.0.1.evil.example", "", 403},
		"no host":            {"127.0.0.1:1", "", "", 403},
		"another page":       {"127.0.0.1:1", "127.0.0.1:8090", "https://evil.example", 403},
		"another port":       {"127.0.0.1:1", "127.0.0.1:8090", "http://127.0.0.1:9000", 403},
		"a sandboxed page":   {"127.0.0.1:1", "127.0.0.1:8090", "null", 403},
	} {
		for _, path := range []string{"/sandbox/api/credentials", "/sandbox/"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.RemoteAddr, r.Host = c.remote, c.host
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			r.Header.Set("X-Forwarded-For", "127.0.0.1")
			if w := do(s, r); w.Code != c.status {
				t.Errorf("%s %s: HTTP %d", name, path, w.Code)
			}
		}
	}
	// Platform paths answer everybody, as the platform does.
	if w := do(s, httptest.NewRequest(http.MethodGet, "/gettoken", nil)); w.Code != 200 {
		t.Errorf("a platform path: HTTP %d", w.Code)
	}
}

func TestControlCallsRefuse(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	for name, c := range map[string]struct {
		method, path, contentType, body string
		status                          int
		message                         string
	}{
		"unknown call":            {"GET", "nothing", "", "", 404, "no such control call"},
		"wrong method":            {"PUT", "events", "application/json", "{}", 405, "takes POST"},
		"form":                    {"POST", "clock", "application/x-www-form-urlencoded", `{"advanceSeconds":1}`, 415, "application/json"},
		"plain text":              {"PUT", "faults", "text/plain", `[]`, 415, "application/json"},
		"no type":                 {"POST", "wechat/codes", "", `{}`, 415, "application/json"},
		"no body":                 {"POST", "clock", "application/json", "", 400, "the body is empty"},
		"no JSON":                 {"POST", "clock", "application/json", "x", 400, "does not fit"},
		"two values":              {"POST", "clock", "application/json", `{"advanceSeconds":1}{}`, 400, "behind the JSON value"},
		"unknown field":           {"POST", "clock", "application/json", `{"advanceSeconds":1,"seconds":2}`, 400, `unknown field "seconds"`},
		"wrong type":              {"POST", "clock", "application/json", `{"advanceSeconds":"1"}`, 400, "advanceSeconds"},
		"backwards":               {"POST", "clock", "application/json", `{"advanceSeconds":-1}`, 400, "only goes forward"},
		"no time":                 {"POST", "clock", "application/json", `{}`, 400, "only goes forward"},
		"too far":                 {"POST", "clock", "application/json", `{"advanceSeconds":1e30}`, 400, "only goes forward"},
		"invalid UTF-8":           {"POST", "wechat/codes", "application/json", "{\"openid\":\"\xff\"}", 400, "UTF-8"},
		"long body":               {"POST", "events", "application/json", `{"eventType":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "longer than"},
		"unknown fault field":     {"PUT", "faults", "application/json", `[{"path":"/robot/send","kind":"html","count":1}]`, 400, `unknown field "count"`},
		"fault without meaning":   {"PUT", "faults", "application/json", `[{"path":"/robot/send","kind":"html"},{"path":"/x","kind":"y"}]`, 400, "fault 2"},
		"push without callback":   {"POST", "events", "application/json", `{"eventType":"user_add_org","data":{}}`, 409, "callbacks first"},
		"callback without url":    {"POST", "callbacks", "application/json", `{"owner":"appKey"}`, 400, "url"},
		"callback, unknown owner": {"POST", "callbacks", "application/json", `{"url":"http://127.0.0.1:1/","owner":"me"}`, 400, "owner"},
		"person without meaning":  {"POST", "wechat/codes", "application/json", `{"phone":"x"}`, 400, "phone"},
		"option without meaning":  {"PUT", "options", "application/json", `{"throttleCode":5}`, 400, "throttleCode"},
		"robot without meaning":   {"POST", "robots", "application/json", `{"name":"ops"}`, 400, "ops"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := local(httptest.NewRequest(c.method, "/sandbox/api/"+c.path, strings.NewReader(c.body)))
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			w := do(s, r)
			inner, _ := read(t, w)["error"].(map[string]any)
			message, _ := inner["message"].(string)
			if w.Code != c.status || inner["code"] == "" || !strings.Contains(message, c.message) {
				t.Errorf("HTTP %d %s", w.Code, w.Body)
			}
			if c.status == 405 && w.Header().Get("Allow") == "" {
				t.Error("no Allow")
			}
		})
	}
}

func TestControlCalls(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	rec := newReceiver(t, s)
	must := func(w *httptest.ResponseRecorder) map[string]any {
		t.Helper()
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
			t.Fatalf("HTTP %d %s", w.Code, w.Body)
		}
		if strings.HasPrefix(w.Body.String(), "[") {
			return nil
		}
		return read(t, w)
	}

	clock := must(post(s, "/sandbox/api/clock", `{"advanceSeconds":300.5}`))
	if clock["offsetSeconds"] != json.Number("300.5") || !s.Now().Equal(start.Add(300*time.Second+500*time.Millisecond)) {
		t.Errorf("%v", clock)
	}

	app := s.Credentials().DingTalk
	registered := must(post(s, "/sandbox/api/callbacks", `{"url":"`+rec.URL+`","token":"`+app.CallbackToken+`","aesKey":"`+app.CallbackAESKey+`","owner":"suiteKey","casing":"pascal"}`))
	check, _ := registered["check"].(map[string]any)
	if registered["registered"] != true || check["delivered"] != true {
		t.Errorf("%v", registered)
	}
	if got := <-rec.got; got.raw != `{"EventType":"check_url"}` || got.owner != app.SuiteKey {
		t.Errorf("%+v", got)
	}
	shown := get(s, "/sandbox/api/callbacks")
	if m := must(shown); m["url"] != rec.URL || m["owner"] != "suiteKey" || strings.Contains(shown.Body.String(), app.CallbackAESKey) {
		t.Errorf("%s", shown.Body)
	}

	pushed := must(post(s, "/sandbox/api/events", `{"eventType":"bpms_task_change","data":{"taskId":72062030325123456789}}`))
	if pushed["delivered"] != true || pushed["attempts"] != json.Number("1") || pushed["answer"] != "success" || pushed["eventId"] == "" || pushed["reason"] != nil {
		t.Errorf("%v", pushed)
	}
	if got := <-rec.got; !strings.Contains(got.raw, `"taskId":72062030325123456789`) {
		t.Errorf("%s", got.raw)
	}
	rec.set(refuse)
	pushed = must(post(s, "/sandbox/api/events", `{"eventType":"user_add_org","wait":false}`))
	if pushed["delivered"] != false || pushed["attempts"] != json.Number("1") || pushed["reason"] == nil {
		t.Errorf("%v", pushed)
	}
	// A registration whose check fails is kept, and the answer says so.
	registered = must(post(s, "/sandbox/api/callbacks", `{"url":"`+rec.URL+`/other"}`))
	check, _ = registered["check"].(map[string]any)
	if registered["registered"] != true || check["delivered"] != false || check["reason"] == nil || registered["url"] != rec.URL+"/other" || registered["owner"] != "appKey" {
		t.Errorf("%v", registered)
	}

	for _, body := range []string{`{}`, ``, `{"openid":"o-9","unionid":"u","phone":"+8613912345678"}`} {
		if m := must(post(s, "/sandbox/api/wechat/codes", body)); len(m["code"].(string)) != 32 || m["phoneCode"] == "" {
			t.Errorf("%v", m)
		}
	}

	must(sendJSON(s, http.MethodPut, "/sandbox/api/faults", `[{"path":"/robot/send","kind":"errcode","errcode":-1,"times":3}]`))
	if got := codeOf(t, post(s, webhook(s, ops(s)), hello)); got != -1 {
		t.Errorf("errcode %d", got)
	}
	if w := get(s, "/sandbox/api/faults"); !strings.Contains(w.Body.String(), `"times":2`) {
		t.Errorf("%s", w.Body)
	}
	must(do(s, local(httptest.NewRequest(http.MethodDelete, "/sandbox/api/faults", nil))))
	if w := get(s, "/sandbox/api/faults"); w.Body.String() != "[]" {
		t.Errorf("%s", w.Body)
	}

	if m := must(sendJSON(s, http.MethodPut, "/sandbox/api/options", `{"unknownTokenCode":300005}`)); m["robotPerMinute"] != json.Number("20") {
		t.Errorf("%v", m)
	}
	must(get(s, "/sandbox/api/options"))
	must(post(s, "/sandbox/api/robots", `{"name":"extra","keywords":["x"]}`))
	if w := get(s, "/sandbox/api/robots"); !strings.Contains(w.Body.String(), `"webhook":"http://127.0.0.1:8090/robot/send?access_token=`) {
		t.Errorf("%s", w.Body)
	}
	if w := get(s, "/sandbox/api/conversations"); strings.Count(w.Body.String(), `"robot":`) != 3 {
		t.Errorf("%s", w.Body)
	}
	if w := get(s, "/sandbox/api/messages"); w.Body.String() != "[]" {
		t.Errorf("%s", w.Body)
	}
}

func TestNewRefusesWhatHasNoMeaning(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{{BaseURL: "/x"}, {BaseURL: "127.0.0.1:80"}, {Options: Options{ThrottleCode: 1}}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
	s := newBox(t, func(c *Config) { c.BaseURL = "http://localhost:1234/" })
	if w := get(s, "/sandbox/api/robots"); !strings.Contains(w.Body.String(), "http://localhost:1234/robot/send?") {
		t.Errorf("%s", w.Body)
	}
}
