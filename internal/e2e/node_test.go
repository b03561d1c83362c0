package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// clientsDir is where the JavaScript clients are, checked for what npm installs there.
func clientsDir(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("clients")
	check(t, err)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "graphql-ws", "package.json")); err != nil {
		t.Fatal("the JavaScript clients are not installed: run `make test`, or `npm ci` in internal/e2e/clients")
	}
	return dir
}

// script is a JavaScript client that runs.
type script struct {
	t testing.TB
	*process
}

// node starts a script of the folder clients.
func node(t *testing.T, name string, args ...string) *script {
	t.Helper()
	cmd := exec.Command("node", append([]string{filepath.Join(clientsDir(t), name)}, args...)...)
	s := &script{t, &process{cmd: cmd, stdout: newQuietOutput(), stderr: newQuietOutput(), ended: make(chan struct{})}}
	cmd.Stdout, cmd.Stderr = s.stdout, s.stderr
	s.begin(t)
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended, as a rule
		<-s.ended
	})
	return s
}

// subscriber starts a client of a subscription: kind is ws, bare (no subprotocol named) or sse.
func subscriber(t *testing.T, kind string, c client, query string, variables vars, options ...string) *script {
	t.Helper()
	if variables == nil {
		variables = vars{}
	}
	encoded, err := json.Marshal(variables)
	check(t, err)
	name, url := "sse-subscribe.mjs", c.URL+"/graphql"
	if kind != "sse" {
		name, url = "ws-subscribe.mjs", strings.Replace(url, "http:", "ws:", 1)
	}
	if kind == "bare" {
		options = append(options, "--protocol", "none")
	}
	token := c.Token
	if c.Skey != "" {
		token = c.Skey
		options = append(options, "--skey")
	}
	return node(t, name, append([]string{url, token, query, string(encoded)}, options...)...)
}

// results are what the client has printed so far.
func (s *script) results() []reply {
	s.t.Helper()
	var all []reply
	for _, line := range s.stdout.lines() {
		var r reply
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			s.t.Fatalf("the client printed %q: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// events are the entries that a subscription to callback events has given so far.
func (s *script) events() []logged {
	s.t.Helper()
	var all []logged
	for _, r := range s.results() {
		var data struct{ CallbackEvents logged }
		if len(r.Errors) > 0 {
			s.t.Fatalf("the subscription was refused: %+v", r.Errors)
		}
		check(s.t, json.Unmarshal(r.Data, &data))
		all = append(all, data.CallbackEvents)
	}
	return all
}

// connected tells how often the client has come to speak to the server.
func (s *script) connected() int { return strings.Count(s.stderr.String(), "connected\n") }

// interrupt ends the client as a user would and gives its exit code.
func (s *script) interrupt() int {
	s.t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	receive(s.t, "the end of the JavaScript client", s.ended)
	return s.code
}
