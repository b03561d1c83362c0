package sandbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFaultsOnPlatformPaths(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  Fault
		method string
		status int
		text   string
	}{
		"throttled robot":  {Fault{Path: robotSendPath, Kind: FaultThrottle}, "POST", 200, `"errcode":410100`},
		"throttled token":  {Fault{Path: "/gettoken", Kind: FaultThrottle}, "GET", 200, `"sub_code":"90018"`},
		"throttled new":    {Fault{Path: "/v1.0/oauth2/accessToken", Kind: FaultThrottle}, "POST", 403, `Forbidden.AccessDenied.QpsLimitForAppkeyAndApi`},
		"throttled wechat": {Fault{Path: "/sns/jscode2session", Kind: FaultThrottle}, "GET", 200, `"errcode":45011`},
		"html":             {Fault{Path: "/gettoken", Kind: FaultHTML}, "GET", 200, `<html>`},
		"busy robot":       {Fault{Path: robotSendPath, Kind: FaultErrcode}, "POST", 200, `{"errcode":-1,"errmsg":"系统繁忙"}`},
		"group disbanded":  {Fault{Path: robotSendPath, Kind: FaultErrcode, Errcode: 400013}, "POST", 200, `{"errcode":400013,"errmsg":"群已被解散"}`},
		"wechat code":      {Fault{Path: "/sns/jscode2session", Kind: FaultErrcode, Errcode: 40226}, "GET", 200, `"errcode":40226,"errmsg":"code blocked, rid`},
		"new host":         {Fault{Path: "/v1.0/oauth2/accessToken", Kind: FaultErrcode}, "POST", 500, `unknownError`},
		"a path of later":  {Fault{Path: "/topapi/v2/user/get", Kind: FaultErrcode, Errcode: 7}, "POST", 200, `"errcode":7`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newBox(t)
			c.fault.Times = 2
			if err := s.SetFaults([]Fault{c.fault}); err != nil {
				t.Fatal(err)
			}
			call := func() *httptest.ResponseRecorder {
				return do(s, local(httptest.NewRequest(c.method, c.fault.Path+"?x=1", strings.NewReader("{}"))))
			}
			for range 2 {
				if w := call(); w.Code != c.status || !strings.Contains(w.Body.String(), c.text) {
					t.Errorf("HTTP %d %s", w.Code, w.Body)
				}
			}
			if w := call(); strings.Contains(w.Body.String(), c.text) {
				t.Errorf("a third time: %s", w.Body)
			}
		})
	}
}

func TestFaultsAreUsedUpInOrder(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	if err := s.SetFaults([]Fault{
		{Path: robotSendPath, Kind: FaultErrcode, Errcode: 400013, Times: 1},
		{Path: "/gettoken", Kind: FaultHTML},
		{Path: robotSendPath, Kind: FaultErrcode, Errcode: 400102},
	}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{400013, 400102, 400102} {
		if got := codeOf(t, post(s, webhook(s, ops(s)), hello)); got != want {
			t.Errorf("errcode %d, want %d", got, want)
		}
	}
	if left := s.Faults(); len(left) != 2 || left[1].Errcode != 400102 {
		t.Errorf("%+v", left)
	}
	s.ClearFaults()
	if got := codeOf(t, post(s, webhook(s, ops(s)), hello)); got != 0 || len(s.Faults()) != 0 {
		t.Errorf("after clearing: errcode %d", got)
	}
}

func TestAResetIsSeenAsOne(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	srv := newServer(t, s)
	for kind, messages := range map[string]int{FaultReset: 0, FaultLostAck: 1} {
		if err := s.SetFaults([]Fault{{Path: robotSendPath, Kind: kind, Times: 1}}); err != nil {
			t.Fatal(err)
		}
		before := len(s.Messages(MessageFilter{}))
		resp, err := http.Post(srv.URL+webhook(s, ops(s)), "application/json", strings.NewReader(hello))
		if err == nil {
			resp.Body.Close()
			t.Errorf("%s: HTTP %d", kind, resp.StatusCode)
		} else if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", kind, err)
		}
		if n := len(s.Messages(MessageFilter{})) - before; n != messages {
			t.Errorf("%s: %d messages", kind, n)
		}
	}
}

func TestALostAckIsHealedByTheMsgUUID(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	srv := newServer(t, s)
	if err := s.SetFaults([]Fault{{Path: robotSendPath, Kind: FaultLostAck, Times: 1}}); err != nil {
		t.Fatal(err)
	}
	const body = `{"msgtype":"text","text":{"content":"x"},"msgUuid":"once"}`
	if resp, err := http.Post(srv.URL+webhook(s, ops(s)), "application/json", strings.NewReader(body)); err == nil {
		resp.Body.Close()
		t.Fatal("the answer arrived")
	}
	resp, err := http.Post(srv.URL+webhook(s, ops(s)), "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text := readAll(t, resp.Body); text != `{"errcode":0,"errmsg":"ok"}` || len(s.Messages(MessageFilter{})) != 1 {
		t.Errorf("%s, %d messages", text, len(s.Messages(MessageFilter{})))
	}
}

func TestDuplicateShowsAMessageTwice(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	if err := s.SetFaults([]Fault{{Path: robotSendPath, Kind: FaultDuplicate, Times: 1}}); err != nil {
		t.Fatal(err)
	}
	post(s, webhook(s, ops(s)), hello)
	if n := len(s.Messages(MessageFilter{})); n != 2 {
		t.Errorf("%d messages", n)
	}
}

func TestSlowAnswersWaitForTheSandboxsClock(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	slow := func(f Fault) {
		if err := s.SetFaults([]Fault{f}); err != nil {
			t.Fatal(err)
		}
	}
	slow(Fault{Path: robotSendPath, Kind: FaultSlow, Times: 1})
	if err := s.AddRobot(Robot{Name: "open", AccessToken: "open"}); err != nil {
		t.Fatal(err)
	}
	const target = robotSendPath + "?access_token=open"
	done := make(chan *httptest.ResponseRecorder, 1)
	go func() { done <- post(s, target, hello) }()
	for answered := false; !answered; {
		select {
		case w := <-done:
			answered = true
			if codeOf(t, w) != 0 || s.Now().Before(start.Add(30*time.Second)) {
				t.Errorf("after %v: %s", s.Now().Sub(start), w.Body)
			}
		default:
			s.Advance(time.Second)
		}
	}
	// A caller who goes away, and Close, end the wait.
	slow(Fault{Path: robotSendPath, Kind: FaultSlow, DelayMs: 600_000})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 2 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("an answer although the wait was broken off")
				}
			}()
			do(s, httptest.NewRequestWithContext(ctx, "POST", target, bytes.NewReader(nil)))
		}()
		ctx = context.Background()
		_ = s.Close()
	}
}

func TestFaultsMustMakeSense(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	for name, f := range map[string]Fault{
		"no kind":           {Path: robotSendPath},
		"odd kind":          {Path: robotSendPath, Kind: "explode"},
		"no path":           {Kind: FaultHTML},
		"relative path":     {Path: "robot/send", Kind: FaultHTML},
		"control path":      {Path: "/sandbox/api/messages", Kind: FaultHTML},
		"events with html":  {Path: EventsPath, Kind: FaultHTML},
		"duplicate token":   {Path: "/gettoken", Kind: FaultDuplicate},
		"negative times":    {Path: robotSendPath, Kind: FaultHTML, Times: -1},
		"negative delay":    {Path: robotSendPath, Kind: FaultSlow, DelayMs: -1},
		"delay for html":    {Path: robotSendPath, Kind: FaultHTML, DelayMs: 1},
		"errcode for reset": {Path: robotSendPath, Kind: FaultReset, Errcode: 1},
	} {
		if s.SetFaults([]Fault{f}) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if s.SetFaults(make([]Fault, mostFaults+1)) == nil {
		t.Error("too many are accepted")
	}
}
