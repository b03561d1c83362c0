package e2e

import (
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestATerminatedServerStopsInOrder watches everything that is open while the server is asked to end.
func TestATerminatedServerStopsInOrder(t *testing.T) {
	t.Parallel()
	p := startPlatform(t)
	h, admin := startWithOwner(t, p, setup{})
	robot := addRobots(t, p, admin, 1)[0]
	clients := map[string]*script{}
	for _, kind := range []string{"ws", "bare", "sse"} {
		clients[kind] = subscriber(t, kind, admin, eventsOp, nil)
	}
	for kind, c := range clients {
		await(t, "the client over "+kind, func() bool { return c.connected() == 1 })
	}
	trap := p.set(beforeDelivery, 0, false)
	admin.say(t, "said while the server stops", robot)
	receive(t, "the call of the robot", trap.caught)

	check(t, h.cmd.Process.Signal(syscall.SIGTERM))
	for _, kind := range []string{"ws", "bare"} {
		receive(t, "the end of the client over "+kind, clients[kind].ended)
		if said := clients[kind].stderr.String(); !strings.Contains(said, "closed 1001") {
			t.Errorf("the client over %s was told %q", kind, said)
		}
	}
	receive(t, "the end of the client over sse", clients["sse"].ended)
	if said := clients["sse"].stderr.String(); strings.Contains(said, "complete") {
		t.Errorf("the client over sse was told that nothing more will come: %q", said)
	}
	await(t, "no more connections being taken", func() bool {
		conn, err := net.DialTimeout("tcp", h.setup.Listen, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	select {
	case <-h.ended:
		t.Error("the server ended without waiting for the call of the robot")
	default:
	}
	close(trap.release)
	h.awaitEnd()
	if h.code != 0 {
		t.Errorf("exit code %d", h.code)
	}
	log := h.stderr.String()
	if strings.Contains(log, `"level":"ERROR"`) || !strings.Contains(log, `"msg":"stopping`) || !strings.HasSuffix(log, `"msg":"stopped"}`+"\n") {
		t.Errorf("the log of the stop says %s", log)
	}

	// What was under way has been recorded, so that it does not happen again.
	h.start()
	await(t, "the message being known as sent", func() bool {
		var out struct {
			Robots struct{ Nodes []struct{ Name string } }
		}
		admin.ask(t, robotsOp, nil, &out)
		return len(out.Robots.Nodes) == 1 && p.heard()["said while the server stops"] == 1
	})
	second := admin.say(t, "said after the stop", robot)
	await(t, "the next message", func() bool { return admin.said(t, second).Status == "SENT" })
	if n := len(p.robotCalls()); n != 2 {
		t.Errorf("two messages took %d calls", n)
	}
}

// TestAStopIsBounded stops a server whose call of DingTalk gets no answer.
func TestAStopIsBounded(t *testing.T) {
	t.Parallel()
	p := startPlatform(t)
	h, admin := startWithOwner(t, p, setup{})
	robot := addRobots(t, p, admin, 1)[0]
	hold := p.hold()
	defer close(hold)
	admin.say(t, "said to nobody", robot)
	await(t, "the call that hangs", func() bool { return len(p.robotCalls()) == 1 })
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, h.stderr)
	}
}

// TestASecondSignalEndsTheProcessAtOnce is for people who press Ctrl-C twice.
func TestASecondSignalEndsTheProcessAtOnce(t *testing.T) {
	t.Parallel()
	p := startPlatform(t)
	h, admin := startWithOwner(t, p, setup{})
	robot := addRobots(t, p, admin, 1)[0]
	trap := p.set(beforeDelivery, 0, true)
	defer close(trap.release)
	admin.say(t, "said to nobody", robot)
	receive(t, "the call of the robot", trap.caught)
	check(t, h.cmd.Process.Signal(syscall.SIGINT))
	await(t, "the first signal being heard", func() bool { return strings.Contains(h.stderr.String(), `"msg":"stopping`) })
	check(t, h.cmd.Process.Signal(syscall.SIGINT))
	h.awaitEnd()
	if status, ok := h.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("the process ended with %v", h.cmd.ProcessState)
	}
}

// TestTheSandboxOutlivesTheServerBesideIt stops both while the server's call of the sandbox is answered
// slowly.
func TestTheSandboxOutlivesTheServerBesideIt(t *testing.T) {
	t.Parallel()
	h := startHouse(t, setup{Sandbox: true})
	chats := h.chats()
	admin := h.client().as(h.client().register(t, "stopper", "a long enough phrase", "13800000002").AccessToken)
	chats.call(http.MethodPut, "faults", []vars{{"path": sendPath, "kind": "slow", "delayMs": 1500, "times": 1}}, nil)
	broadcast := admin.say(t, "said slowly", admin.robotID(t, "ops"))
	await(t, "the call", func() bool {
		var faults []any
		chats.call(http.MethodGet, "faults", nil, &faults)
		return len(faults) == 0
	})
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, h.stderr)
	}
	h.start()
	if s := admin.as(admin.Token); s.said(t, broadcast).Status != "SENT" {
		t.Errorf("the message that was under way is %+v", s.said(t, broadcast))
	}
}

// TestTheSandboxRunsAlone and ends as the server does.
func TestTheSandboxRunsAlone(t *testing.T) {
	t.Parallel()
	p := launch(t, nil, nil, "sandbox", "--listen", "127.0.0.1:0", "--log-format", "json")
	found := p.stdout.find(sandboxLine, p.ended)
	if found == nil {
		t.Fatalf("it ended with %d: %s", p.code, p.stderr)
	}
	chats{t, found[1]}.hushCredentials()
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	receive(t, "the end of the sandbox", p.ended)
	if p.code != 0 {
		t.Errorf("exit code %d: %s", p.code, p.stderr)
	}
	wantJSONLines(t, p.stderr.lines())
}
