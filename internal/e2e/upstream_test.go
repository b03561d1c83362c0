package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/server/sandbox"
)

const sendPath = "/robot/send"

// robots adds robots to the platform and to the house and gives their ids.
func addRobots(t *testing.T, p *platform, admin client, count int) []string {
	t.Helper()
	var all []string
	for i := range count {
		name := fmt.Sprintf("robot-%02d", i)
		token, signing := fmt.Sprintf("token-of-%s-0123456789", name), fmt.Sprintf("SEC%060d", i)
		check(t, p.box.AddRobot(sandbox.Robot{Name: name, AccessToken: token, Secret: signing}))
		all = append(all, admin.addRobot(t, name, token, signing))
	}
	return all
}

// TestABroadcastEndsRightWhateverDingTalkDoes switches on one fault after the other.
func TestABroadcastEndsRightWhateverDingTalkDoes(t *testing.T) {
	t.Parallel()
	p := startPlatform(t)
	_, admin := startWithOwner(t, p, setup{})
	robot := addRobots(t, p, admin, 1)[0]
	for _, c := range []struct {
		fault sandbox.Fault
		// first is what the first attempt came to; the last one is always accepted.
		first string
		calls int
		heard int
	}{
		{sandbox.Fault{Kind: sandbox.FaultHTML}, "RETRYABLE", 2, 1},
		{sandbox.Fault{Kind: sandbox.FaultReset}, "UNKNOWN", 2, 1},
		{sandbox.Fault{Kind: sandbox.FaultLostAck}, "UNKNOWN", 2, 1},
		{sandbox.Fault{Kind: sandbox.FaultErrcode, Errcode: -1}, "RETRYABLE", 2, 1},
		{sandbox.Fault{Kind: sandbox.FaultSlow}, "UNKNOWN", 2, 1},
		// A platform that says one message twice is beyond us; that we say it once is not.
		{sandbox.Fault{Kind: sandbox.FaultDuplicate}, "ACCEPTED", 1, 2},
	} {
		before := len(p.robotCalls())
		c.fault.Path, c.fault.Times = sendPath, 1
		check(t, p.box.SetFaults([]sandbox.Fault{c.fault}))
		words := "said in spite of " + c.fault.Kind
		broadcast := admin.say(t, words, robot)
		await(t, "the end of the broadcast under "+c.fault.Kind, func() bool { return admin.said(t, broadcast).Status == "SENT" })
		outcomes := admin.said(t, broadcast).outcomes()
		if outcomes[0] != c.first || outcomes[len(outcomes)-1] != "ACCEPTED" || len(outcomes) != c.calls {
			t.Errorf("under %s the attempts came to %v", c.fault.Kind, outcomes)
		}
		if n := len(p.robotCalls()) - before; n != c.calls {
			t.Errorf("under %s there were %d calls", c.fault.Kind, n)
		}
		if n := p.heard()[words]; n != c.heard {
			t.Errorf("under %s it was said %d times", c.fault.Kind, n)
		}
	}

	check(t, p.box.SetFaults([]sandbox.Fault{{Path: sendPath, Kind: sandbox.FaultErrcode, Errcode: 310000, Times: 1}}))
	refused := admin.say(t, "said with a wrong keyword", robot)
	await(t, "the refusal", func() bool { return admin.said(t, refused).Status == "FAILED" })
	if a := admin.said(t, refused).Deliveries.Nodes[0].Attempts; len(a) != 1 || a[0].Outcome != "REFUSED" || a[0].PlatformCode != "310000" || a[0].Remedy == "" {
		t.Errorf("a refused broadcast shows %+v", a)
	}

	check(t, p.box.SetFaults([]sandbox.Fault{{Path: sendPath, Kind: sandbox.FaultThrottle, Times: 1}}))
	rests := admin.say(t, "said too fast", robot)
	await(t, "the robot's rest", func() bool { return slices.Equal(admin.said(t, rests).outcomes(), []string{"THROTTLED"}) })
	var out struct {
		Robots struct {
			Nodes []struct{ BlockedUntil string }
		}
	}
	admin.ask(t, "{ robots { nodes { blockedUntil } } }", nil, &out)
	if out.Robots.Nodes[0].BlockedUntil == "" || admin.said(t, rests).Status != "PENDING" {
		t.Errorf("after a throttle the robot is %+v and the broadcast %+v", out.Robots, admin.said(t, rests))
	}
}

// TestASlowDingTalkSlowsNobodyElse holds calls of more robots than may speak at a time, and sees other
// requests answered before any of those calls has been.
func TestASlowDingTalkSlowsNobodyElse(t *testing.T) {
	t.Parallel()
	p := startPlatform(t)
	h, admin := startWithOwner(t, p, setup{Config: "otp: {group_robot: robot-00}"})
	robots := addRobots(t, p, admin, 20)
	h.client().register(t, "waiting", "a person's long password", "13900000066")
	hold := p.hold()
	admin.say(t, "said while DingTalk sleeps", robots...)
	await(t, "calls that hang", func() bool { return len(p.robotCalls()) >= 16 })

	// From here to release no call of a robot is answered.
	h.client().requestOtp(t, "waiting")
	h.client().requestOtp(t, "nobody-of-this-name")
	h.client().signIn(t, "waiting", "a person's long password")
	admin.ask(t, viewerOp, nil, nil)
	check(t, p.pusher(h).push(t.Context(), "meanwhile", "user_add_org"))
	second := admin.say(t, "said after that", robots[1])
	if s := admin.said(t, second); s.Status != "PENDING" {
		t.Errorf("a broadcast behind one that hangs is %s", s.Status)
	}
	if n := len(p.heard()); n != 0 {
		t.Fatalf("%d messages were said: the calls did not hang", n)
	}
	close(hold)
	await(t, "every message", func() bool { return p.heard()["said while DingTalk sleeps"] == 20 && p.heard()["said after that"] == 1 })
	await(t, "the code of the one account that exists", func() bool { return len(p.codes()) == 1 })
}

// TestEventsThatArePushedTwiceOrWhoseAnswerIsLostAreKeptOnce lets the sandbox push, with its faults.
func TestEventsThatArePushedTwiceOrWhoseAnswerIsLostAreKeptOnce(t *testing.T) {
	t.Parallel()
	p := startPlatform(t)
	h, admin := startWithOwner(t, p, setup{})
	ended := make(chan error, 1)
	go func() { ended <- p.box.Run(t.Context()) }()
	t.Cleanup(func() { _ = p.box.Close(); <-ended })
	var want []string
	for _, owner := range []string{"appKey", "corpId"} {
		for _, casing := range []string{"camel", "pascal"} {
			for _, fault := range []string{sandbox.FaultDuplicate, sandbox.FaultLostAck} {
				check(t, p.box.SetCallback(sandbox.Callback{URL: h.URL + "/callbacks/dingtalk/sandbox", Owner: owner, Casing: casing}))
				check(t, p.box.SetFaults([]sandbox.Fault{{Path: sandbox.EventsPath, Kind: fault, Times: 1}}))
				eventID := strings.Join([]string{owner, casing, fault}, "-")
				want = append(want, eventID)
				var pushed sync.WaitGroup
				var result sandbox.PushResult
				pushed.Go(func() {
					var err error
					if result, err = p.box.PushEvent(t.Context(), "user_add_org", map[string]any{"eventId": eventID}); err != nil {
						t.Error(err)
					}
				})
				if fault == sandbox.FaultLostAck {
					await(t, "the event of "+eventID, func() bool { return slices.Contains(ids(t, admin.eventLog(t)), eventID) })
					p.box.Advance(15 * time.Second) // the platform pushes again after ten seconds
				}
				pushed.Wait()
				if !result.Delivered || result.Attempts != 2 {
					t.Errorf("%s: the push went so: %+v", eventID, result)
				}
			}
		}
	}
	if got := ids(t, admin.eventLog(t)); !slices.Equal(got, want) {
		t.Errorf("the log holds %v, want %v", got, want)
	}
}

// TestAWechatLoginSaysWhenWechatFails and leaves no account behind.
func TestAWechatLoginSaysWhenWechatFails(t *testing.T) {
	t.Parallel()
	p := startPlatform(t)
	h, _ := startWithOwner(t, p, setup{})
	login := func(openid string) (reply, error) {
		code, err := p.box.NewWechatCode(sandbox.WechatPerson{OpenID: openid})
		check(t, err)
		return h.client().try(wechatOp, vars{"input": vars{"code": secret("a WeChat code", code.Code)}})
	}
	for kind, reason := range map[string]string{
		sandbox.FaultHTML: "wechat.unavailable", sandbox.FaultReset: "wechat.unavailable",
		sandbox.FaultLostAck: "wechat.unavailable", sandbox.FaultThrottle: "wechat.rate_limited",
	} {
		check(t, p.box.SetFaults([]sandbox.Fault{{Path: "/sns/jscode2session", Kind: kind}}))
		out, err := login("o-" + kind)
		check(t, err)
		if out.reason() != reason {
			t.Errorf("under %s the login is answered %+v", kind, out.Errors)
		}
		p.box.ClearFaults()
		out, err = login("o-" + kind)
		check(t, err)
		var done struct {
			WechatLogin struct {
				Created bool
				Session struct{ Skey string }
			}
		}
		check(t, decode(out.Data, &done))
		secret("an skey", done.WechatLogin.Session.Skey)
		if !done.WechatLogin.Created {
			t.Errorf("the login that failed under %s had made an account", kind)
		}
	}
}
