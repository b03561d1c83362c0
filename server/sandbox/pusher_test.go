package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// pushed is what a receiver got.
type pushed struct {
	query url.Values
	owner string
	body  map[string]any
	raw   string
}

// receiver is a server that events are pushed to. answer makes its reply; nil
// means the right one.
type receiver struct {
	*httptest.Server
	got    chan pushed
	crypt  *cryptor
	mu     sync.Mutex
	answer func(w http.ResponseWriter, r *http.Request, p pushed)
}

func newReceiver(t *testing.T, s *Sandbox) *receiver {
	t.Helper()
	app := s.Credentials().DingTalk
	crypt, err := newCryptor(app.CallbackToken, app.CallbackAESKey)
	if err != nil {
		t.Fatal(err)
	}
	rec := &receiver{got: make(chan pushed, 64), crypt: crypt}
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		var in struct{ Encrypt string }
		_ = json.Unmarshal(body, &in)
		p := pushed{query: r.URL.Query()}
		sign := p.query.Get("msg_signature")
		if sign == "" {
			sign = p.query.Get("signature")
		}
		if sign != crypt.signature(p.query.Get("timestamp"), p.query.Get("nonce"), in.Encrypt) || r.Header.Get("Content-Type") == "" {
			t.Error("the push is not signed")
		}
		msg, owner, err := crypt.decrypt(in.Encrypt)
		if err != nil {
			t.Error(err)
		}
		p.owner, p.raw = owner, string(msg)
		dec := json.NewDecoder(strings.NewReader(p.raw))
		dec.UseNumber()
		if err := dec.Decode(&p.body); err != nil {
			t.Error(err)
		}
		rec.got <- p
		rec.mu.Lock()
		answer := rec.answer
		rec.mu.Unlock()
		if answer == nil {
			answer = rec.success
		}
		answer(w, r, p)
	}))
	t.Cleanup(rec.Close)
	return rec
}

func (rec *receiver) set(answer func(http.ResponseWriter, *http.Request, pushed)) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.answer = answer
}

func (rec *receiver) success(w http.ResponseWriter, _ *http.Request, p pushed) {
	_ = json.NewEncoder(w).Encode(rec.reply("success", p.owner))
}

func (rec *receiver) reply(text, owner string) map[string]any {
	encrypted, err := rec.crypt.encrypt([]byte("0123456789abcdef"), []byte(text), owner)
	if err != nil {
		panic(err)
	}
	return map[string]any{
		"msg_signature": rec.crypt.signature("1700000000000", "nonce", encrypted),
		"timeStamp":     "1700000000000", "nonce": "nonce", "encrypt": encrypted,
	}
}

func register(t *testing.T, s *Sandbox, rec *receiver, owner, casing string) {
	t.Helper()
	if err := s.SetCallback(Callback{URL: rec.URL + "/cb?keep=1", Owner: owner, Casing: casing}); err != nil {
		t.Fatal(err)
	}
}

// running keeps Run active until the test ends.
func running(t *testing.T, s *Sandbox) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	// Run is active once a second one is refused.
	for s.pusher.active() == nil {
		select {
		case err := <-done:
			t.Fatal(err)
		default:
			runtime.Gosched()
		}
	}
}

func (u *pusher) active() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ended
}

func pushNow(t *testing.T, s *Sandbox, kind string, data map[string]any) PushResult {
	t.Helper()
	result, err := s.PushEvent(t.Context(), kind, data)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestPushIsDeliveredAtTheFirstAttempt(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	rec := newReceiver(t, s)
	app := s.Credentials().DingTalk
	owners := map[string]string{OwnerAppKey: app.AppKey, OwnerCorpID: app.CorpID, OwnerSuiteKey: app.SuiteKey}
	for owner, key := range owners {
		for _, casing := range []string{CasingCamel, CasingPascal} {
			register(t, s, rec, owner, casing)
			result := pushNow(t, s, "user_add_org", map[string]any{"userId": []string{"zhangsan"}})
			if !result.Delivered || result.Attempts != 1 || result.Answer != "success" || result.Reason != "" || result.EventID == "" {
				t.Errorf("%s %s: %+v", owner, casing, result)
			}
			got := <-rec.got
			if got.owner != key || got.body["eventId"] != result.EventID || got.query.Get("keep") != "1" {
				t.Errorf("%s %s: %+v", owner, casing, got)
			}
		}
	}
}

func TestPushSignatureNames(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	rec := newReceiver(t, s)
	register(t, s, rec, "", "")
	for param, want := range map[string][2]bool{SignatureBoth: {true, true}, SignatureShort: {true, false}, SignatureMessage: {false, true}} {
		if err := s.SetOptions(Options{SignatureParam: param}); err != nil {
			t.Fatal(err)
		}
		pushNow(t, s, "check_url", nil)
		got := (<-rec.got).query
		if got.Has("signature") != want[0] || got.Has("msg_signature") != want[1] || len(got.Get("nonce")) != 8 || got.Get("timestamp") != "1700000000000" {
			t.Errorf("%s: %v", param, got)
		}
		if want[0] && want[1] && got.Get("signature") != got.Get("msg_signature") {
			t.Errorf("%s: the two differ", param)
		}
	}
}

func TestEventBodies(t *testing.T) {
	t.Parallel()
	const corp = "dingcorp"
	type data = map[string]any
	for name, c := range map[string]struct {
		kind   string
		casing string
		data   data
		want   string
	}{
		"check":              {"check_url", CasingCamel, nil, `{"EventType":"check_url"}`},
		"check, pascal":      {"check_url", CasingPascal, nil, `{"EventType":"check_url"}`},
		"check with random":  {"check_create_suite_url", CasingCamel, data{"Random": "x"}, `{"EventType":"check_create_suite_url","Random":"x"}`},
		"contact":            {"user_add_org", CasingCamel, data{"UserId": []string{"a"}}, `{"BizId":"1700000000000","CorpId":"dingcorp","EventTime":1700000000000,"EventType":"user_add_org","eventId":"e","timeStamp":"1700000000000","userId":["a"]}`},
		"contact, pascal":    {"user_add_org", CasingPascal, data{"userId": []string{"a"}, "optStaffId": "m"}, `{"CorpId":"dingcorp","EventType":"user_add_org","OptStaffId":"m","TimeStamp":"1700000000000","UserId":["a"],"eventId":"e"}`},
		"department":         {"org_dept_create", CasingCamel, data{"deptId": []int{7}}, `{"BizId":"1700000000000","CorpId":"dingcorp","EventTime":1700000000000,"EventType":"org_dept_create","deptId":[7],"eventId":"e"}`},
		"department, pascal": {"org_dept_create", CasingPascal, data{"deptId": []int{7}}, `{"CorpId":"dingcorp","DeptId":[7],"EventType":"org_dept_create","TimeStamp":"1700000000000","eventId":"e"}`},
		"role, pascal":       {"label_user_change", CasingPascal, data{"action": "add", "userIdList": []string{"a"}}, `{"CorpId":"dingcorp","EventType":"label_user_change","TimeStamp":"1700000000000","UserIdList":["a"],"action":"add","eventId":"e"}`},
		"approval":           {"bpms_task_change", CasingCamel, data{"taskId": json.Number("72062030325123456789")}, `{"BizId":"1700000000000","CorpId":"dingcorp","EventTime":1700000000000,"EventType":"bpms_task_change","eventId":"e","taskId":72062030325123456789}`},
		"approval, pascal":   {"bpms_task_change", CasingPascal, data{"TaskId": 7, "corpId": "other"}, `{"EventType":"bpms_task_change","corpId":"other","eventId":"e","taskId":7}`},
		"check-in":           {"check_in", CasingCamel, data{"staffId": "a"}, `{"BizId":"1700000000000","CorpId":"dingcorp","EventTime":1700000000000,"EventType":"check_in","eventId":"e","staffId":"a","timeStamp":1700000000000}`},
		"check-in, pascal":   {"check_in", CasingPascal, data{"staffId": "a"}, `{"CorpId":"dingcorp","EventType":"check_in","StaffId":"a","TimeStamp":1700000000000,"eventId":"e"}`},
		"attendance, pascal": {"attendance_check_record", CasingPascal, data{"dataList": []any{}, "type": 1}, `{"CorpId":"dingcorp","DataList":[],"EventType":"attendance_check_record","TimeStamp":"1700000000000","eventId":"e","type":1}`},
		"chat":               {"chat_update_title", CasingCamel, data{"title": "新", "chatId": "c"}, `{"BizId":"1700000000000","ChatId":"c","CorpId":"dingcorp","EventTime":1700000000000,"EventType":"chat_update_title","TimeStamp":1700000000000,"eventId":"e","title":"新"}`},
		"chat, pascal":       {"chat_update_title", CasingPascal, data{"title": "<b>"}, `{"CorpId":"dingcorp","EventType":"chat_update_title","TimeStamp":1700000000000,"Title":"<b>","eventId":"e"}`},
		"suite":              {"suite_ticket", CasingCamel, data{"SuiteTicket": "t"}, `{"EventType":"suite_ticket","SuiteTicket":"t","TimeStamp":1700000000000}`},
		"own time":           {"user_add_org", CasingPascal, data{"timeStamp": "5", "CorpID": "z"}, `{"CorpId":"z","EventType":"user_add_org","TimeStamp":"5","eventId":"e"}`},
	} {
		if c.data == nil {
			c.data = data{}
		}
		if !isCheck(c.kind) {
			c.data["eventId"] = "e"
		}
		e, err := newEvent(c.kind, c.data, start)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.body(c.casing, corp); err != nil || string(got) != c.want {
			t.Errorf("%s:\n got %s\nwant %s (%v)", name, got, c.want, err)
		}
	}
	for name, c := range map[string]struct {
		kind string
		data data
	}{
		"no type":         {"", nil},
		"odd type":        {"a b", nil},
		"type in data":    {"x", data{"EventType": "y"}},
		"number as id":    {"x", data{"eventId": 1}},
		"what no JSON is": {"x", data{"c": make(chan int)}},
	} {
		if _, err := newEvent(c.kind, c.data, start); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAnswersThePlatformRefuses(t *testing.T) {
	t.Parallel()
	change := func(field string, to any) func(*receiver, http.ResponseWriter, *http.Request, pushed) {
		return func(rec *receiver, w http.ResponseWriter, _ *http.Request, p pushed) {
			m := rec.reply("success", p.owner)
			delete(m, field)
			if to != nil {
				m[field] = to
			}
			_ = json.NewEncoder(w).Encode(m)
		}
	}
	for name, c := range map[string]struct {
		answer func(rec *receiver, w http.ResponseWriter, r *http.Request, p pushed)
		reason string
	}{
		"plain success": {func(_ *receiver, w http.ResponseWriter, _ *http.Request, _ pushed) { fmt.Fprint(w, "success") }, "not a JSON object"},
		"nothing":       {func(*receiver, http.ResponseWriter, *http.Request, pushed) {}, "not a JSON object"},
		"a JSON string": {func(rec *receiver, w http.ResponseWriter, _ *http.Request, p pushed) {
			inner, _ := json.Marshal(rec.reply("success", p.owner))
			_ = json.NewEncoder(w).Encode(string(inner))
		}, "not a JSON object"},
		"null": {func(_ *receiver, w http.ResponseWriter, _ *http.Request, _ pushed) { fmt.Fprint(w, "null") }, "not a JSON object"},
		"HTTP 500": {func(rec *receiver, w http.ResponseWriter, r *http.Request, p pushed) {
			w.WriteHeader(500)
			rec.success(w, r, p)
		}, "status 500"},
		"HTTP 204": {func(_ *receiver, w http.ResponseWriter, _ *http.Request, _ pushed) { w.WriteHeader(204) }, "status 204"},
		"a redirect": {func(_ *receiver, w http.ResponseWriter, r *http.Request, _ pushed) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "status 307"},
		"too long": {func(_ *receiver, w http.ResponseWriter, _ *http.Request, _ pushed) {
			fmt.Fprint(w, strings.Repeat(" ", mostAnswer+1))
		}, "too long"},
		"lower-cased key": {func(rec *receiver, w http.ResponseWriter, _ *http.Request, p pushed) {
			m := rec.reply("success", p.owner)
			m["timestamp"] = m["timeStamp"]
			delete(m, "timeStamp")
			_ = json.NewEncoder(w).Encode(m)
		}, `has no timeStamp ("timestamp" is another key)`},
		"timeStamp a number": {change("timeStamp", 1_700_000_000_000), "timeStamp is not a string"},
		"no nonce":           {change("nonce", nil), "has no nonce"},
		"no encrypt":         {change("encrypt", nil), "has no encrypt"},
		"wrong signature":    {change("msg_signature", strings.Repeat("0", 40)), "signature does not match"},
		"another nonce":      {change("nonce", "other"), "signature does not match"},
		"upper-case signature": {func(rec *receiver, w http.ResponseWriter, _ *http.Request, p pushed) {
			m := rec.reply("success", p.owner)
			m["msg_signature"] = strings.ToUpper(m["msg_signature"].(string))
			_ = json.NewEncoder(w).Encode(m)
		}, "signature does not match"},
		"signed garbage": {func(rec *receiver, w http.ResponseWriter, _ *http.Request, _ pushed) {
			fmt.Fprintf(w, `{"msg_signature":%q,"timeStamp":"1","nonce":"n","encrypt":"AAAA"}`, rec.crypt.signature("1", "n", "AAAA"))
		}, "does not decrypt"},
		"another word": {func(rec *receiver, w http.ResponseWriter, _ *http.Request, p pushed) {
			_ = json.NewEncoder(w).Encode(rec.reply("ok", p.owner))
		}, "does not say success"},
		"the corpId as owner": {func(rec *receiver, w http.ResponseWriter, _ *http.Request, _ pushed) {
			_ = json.NewEncoder(w).Encode(rec.reply("success", seedCredentials().DingTalk.CorpID))
		}, "another owner key than the push, which used the appKey"},
		"no owner": {func(rec *receiver, w http.ResponseWriter, _ *http.Request, _ pushed) {
			_ = json.NewEncoder(w).Encode(rec.reply("success", ""))
		}, "another owner key"},
		"a cut connection": {func(_ *receiver, w http.ResponseWriter, _ *http.Request, _ pushed) { reset(w) }, "does not answer"},
		"silence": {func(_ *receiver, _ http.ResponseWriter, r *http.Request, _ pushed) {
			<-r.Context().Done()
		}, "no answer within 200 ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newBox(t, func(c *Config) {
				if name == "silence" {
					c.Options.PushDeadlineMs = 200
				}
			})
			rec := newReceiver(t, s)
			rec.set(func(w http.ResponseWriter, r *http.Request, p pushed) { c.answer(rec, w, r, p) })
			register(t, s, rec, OwnerAppKey, CasingCamel)
			result := pushNow(t, s, "check_url", nil)
			if result.Delivered || result.Attempts != 1 || !strings.Contains(result.Reason, c.reason) {
				t.Errorf("%+v", result)
			}
		})
	}
}

// scheduled makes the pusher tell when a retry waits, or a push was given up.
func scheduled(s *Sandbox) <-chan struct{} {
	c := make(chan struct{}, 64)
	s.pusher.scheduled = func() { c <- struct{}{} }
	return c
}

func refuse(w http.ResponseWriter, _ *http.Request, _ pushed) { w.WriteHeader(http.StatusBadGateway) }

func TestAFailedPushIsRepeatedAfterTenAndThirtySeconds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		goodFrom  int // the attempt that succeeds
		attempts  int
		delivered bool
	}{
		"the first retry is good":  {2, 2, true},
		"the second retry is good": {3, 3, true},
		"none is good":             {9, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newBox(t)
			waits := scheduled(s)
			rec := newReceiver(t, s)
			register(t, s, rec, OwnerCorpID, CasingPascal)
			running(t, s)
			n := 0
			rec.set(func(w http.ResponseWriter, r *http.Request, p pushed) {
				if n++; n >= c.goodFrom {
					rec.success(w, r, p)
					return
				}
				refuse(w, r, p)
			})
			type ended struct {
				result PushResult
				err    error
			}
			done := make(chan ended, 1)
			go func() {
				result, err := s.PushEvent(context.Background(), "user_leave_org", map[string]any{"userId": []string{"lisi"}})
				done <- ended{result, err}
			}()
			first := <-rec.got
			ids := map[any]bool{first.body["eventId"]: true}
			nonces := map[string]bool{first.query.Get("nonce"): true}
			for attempt, wait := range []time.Duration{10 * time.Second, 30 * time.Second} {
				if attempt+2 > c.attempts {
					break
				}
				<-waits
				s.Advance(wait - time.Millisecond)
				if due, _ := s.pusher.takeDue(); len(due) != 0 {
					t.Fatalf("retry %d is due too early", attempt+1)
				}
				s.Advance(time.Millisecond)
				again := <-rec.got
				ids[again.body["eventId"]] = true
				nonces[again.query.Get("nonce")] = true
			}
			end := <-done
			if end.err != nil || end.result.Delivered != c.delivered || end.result.Attempts != c.attempts || !ids[end.result.EventID] {
				t.Errorf("%+v", end)
			}
			if len(ids) != 1 || len(nonces) != c.attempts {
				t.Errorf("%d event ids and %d nonces in %d attempts", len(ids), len(nonces), c.attempts)
			}
			checkFailedList(t, s, c.delivered)
		})
	}
}

func checkFailedList(t *testing.T, s *Sandbox, delivered bool) {
	t.Helper()
	app := s.Credentials().DingTalk
	token := read(t, get(s, oldTokenURL(app.AppKey, app.AppSecret)))["access_token"].(string)
	for _, want := range []int{1, 0} { // reading empties it
		if delivered {
			want = 0
		}
		w := get(s, failedResultPath+"?access_token="+token)
		list, _ := read(t, w)["failed_list"].([]any)
		if len(list) != want || codeOf(t, w) != 0 {
			t.Fatalf("%s", w.Body)
		}
		if want == 1 {
			item := list[0].(map[string]any)
			inner, _ := item["user_leave_org"].(map[string]any)
			if item["call_back_tag"] != "user_leave_org" || inner["corpid"] != app.CorpID || fmt.Sprint(inner["userid"]) != "[lisi]" {
				t.Errorf("%v", item)
			}
		}
	}
}

func TestFailedListIsPaged(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	app := s.Credentials().DingTalk
	token := read(t, get(s, oldTokenURL(app.AppKey, app.AppSecret)))["access_token"].(string)
	for i := range 250 {
		kind := []string{"bpms_instance_change", "label_conf_add", "check_in"}[i%3]
		e, err := newEvent(kind, map[string]any{"a": i}, start)
		if err != nil {
			t.Fatal(err)
		}
		s.pusher.giveUp(e)
	}
	for _, want := range []struct {
		n    int
		more bool
	}{{200, true}, {50, false}, {0, false}} {
		answer := read(t, get(s, failedResultPath+"?access_token="+token))
		list, _ := answer["failed_list"].([]any)
		if len(list) != want.n || answer["has_more"] != want.more {
			t.Errorf("%d items, has_more %v", len(list), answer["has_more"])
		}
		for _, item := range list {
			text, _ := json.Marshal(item)
			if !strings.Contains(string(text), "bpmsCallBackData") && !strings.Contains(string(text), "roleLabelChange") && !strings.Contains(string(text), `"a":`) {
				t.Errorf("%s", text)
			}
		}
	}
}

func TestPushWithoutRunEndsAfterTheFirstAttempt(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	rec := newReceiver(t, s)
	if _, err := s.PushEvent(t.Context(), "user_add_org", nil); !errors.Is(err, ErrNoCallback) {
		t.Errorf("without an address: %v", err)
	}
	register(t, s, rec, "", "")
	rec.set(refuse)
	result := pushNow(t, s, "user_add_org", nil)
	if result.Delivered || result.Attempts != 1 || !strings.Contains(result.Reason, "while Run is active") {
		t.Errorf("%+v", result)
	}
	<-rec.got
	// The retry is made once Run is active.
	rec.set(nil)
	s.Advance(10 * time.Second)
	running(t, s)
	if got := <-rec.got; got.body["eventId"] != result.EventID {
		t.Errorf("%v", got.body)
	}
}

func TestACallerMayLeaveAPushAlone(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	waits := scheduled(s)
	rec := newReceiver(t, s)
	register(t, s, rec, "", "")
	running(t, s)
	rec.set(refuse)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-waits
		cancel()
	}()
	result, err := s.PushEvent(ctx, "user_add_org", nil)
	if err != nil || result.Delivered || result.Attempts != 1 || result.Reason == "" {
		t.Fatalf("%+v %v", result, err)
	}
	<-rec.got
	rec.set(nil)
	s.Advance(10 * time.Second)
	if got := <-rec.got; got.body["eventId"] != result.EventID {
		t.Errorf("%v", got.body)
	}
	if _, err := s.PushEvent(ctx, "user_add_org", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

func TestCloseEndsRunAndReleasesCallers(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	waits := scheduled(s)
	rec := newReceiver(t, s)
	register(t, s, rec, "", "")
	rec.set(refuse)
	running(t, s)
	if err := s.Run(t.Context()); err == nil {
		t.Error("a second Run is accepted")
	}
	done := make(chan PushResult, 1)
	go func() {
		result, _ := s.PushEvent(context.Background(), "user_add_org", nil)
		done <- result
	}()
	<-waits
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if result := <-done; result.Delivered || result.Attempts != 1 {
		t.Errorf("%+v", result)
	}
	if err := s.Run(t.Context()); err != nil {
		t.Errorf("Run after Close: %v", err)
	}
}

func TestPusherFaults(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	waits := scheduled(s)
	rec := newReceiver(t, s)
	register(t, s, rec, "", "")
	running(t, s)
	fault := func(kind string) {
		if err := s.SetFaults([]Fault{{Path: EventsPath, Kind: kind, Times: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	fault(FaultDuplicate)
	result := pushNow(t, s, "user_add_org", nil)
	a, b := <-rec.got, <-rec.got
	if !result.Delivered || result.Attempts != 2 || a.body["eventId"] != b.body["eventId"] || a.query.Get("nonce") == b.query.Get("nonce") {
		t.Errorf("duplicate: %+v", result)
	}
	for _, kind := range []string{FaultLostAck, FaultReset} {
		fault(kind)
		done := make(chan PushResult, 1)
		go func() {
			result, _ := s.PushEvent(context.Background(), "user_add_org", nil)
			done <- result
		}()
		if kind == FaultLostAck {
			<-rec.got // it has arrived, but the platform does not know
		}
		<-waits
		s.Advance(10 * time.Second)
		<-rec.got
		if result := <-done; !result.Delivered || result.Attempts != 2 {
			t.Errorf("%s: %+v", kind, result)
		}
	}
}

func TestManyPushesAtOnce(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	rec := newReceiver(t, s)
	rec.got = make(chan pushed, 256)
	register(t, s, rec, "", "")
	running(t, s)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			if result, err := s.PushEvent(context.Background(), "user_add_org", map[string]any{"i": i}); err != nil || !result.Delivered {
				t.Errorf("%+v %v", result, err)
			}
		})
	}
	wg.Wait()
	ids := map[any]bool{}
	for range 100 {
		ids[(<-rec.got).body["eventId"]] = true
	}
	if len(ids) != 100 {
		t.Errorf("%d event ids", len(ids))
	}
}

func TestCallbacksMustMakeSense(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	const good = "http://127.0.0.1:1/"
	for name, c := range map[string]Callback{
		"no address":  {},
		"a path":      {URL: "/callbacks"},
		"ftp":         {URL: "ftp://127.0.0.1/"},
		"a password":  {URL: "http://u:p@127.0.0.1/"},
		"short token": {URL: good, Token: "ab"},
		"long token":  {URL: good, Token: strings.Repeat("a", 64)},
		"odd token":   {URL: good, Token: "a-b-c"},
		"short key":   {URL: good, AESKey: "abc"},
		"owner":       {URL: good, Owner: "appkey"},
		"casing":      {URL: good, Casing: "snake"},
	} {
		if s.SetCallback(c) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if s.pusher.callback.Load() != nil {
		t.Error("a refused registration stays")
	}
}
