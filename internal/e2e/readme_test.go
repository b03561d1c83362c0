package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// shellBlock finds the fenced blocks of shell commands.
var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

var passwordInSession = regexp.MustCompile(`"password": "([^"]+)"`)

// TestTheReadmesSessionWorksToItsEnd runs what a newcomer would copy, in either language, with nothing
// changed but the addresses.
func TestTheReadmesSessionWorksToItsEnd(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("NOT TESTED: the session needs %s", tool)
			return
		}
	}
	for name, file := range map[string]string{"English": "../../README.md", "Chinese": "../../docs/README.zh-CN.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startHouse(t, setup{Sandbox: true})
			session := strings.NewReplacer(
				"http://127.0.0.1:8080", h.URL, "http://127.0.0.1:8090", h.SandboxURL,
			).Replace(readmeSession(t, file))
			secret("the password of the README", passwordInSession.FindStringSubmatch(session)[1])
			// A machine that runs all tests at once is slower than a newcomer's.
			cmd := exec.Command("bash", "-c", "set -u\nunset TOKEN; sleep() { command sleep 5; }; set +u\n"+session)
			cmd.Dir = t.TempDir()
			out, err := cmd.CombinedOutput()
			if err != nil && !strings.Contains(err.Error(), "exit status 143") {
				t.Errorf("the session ends with %v", err)
			}
			for _, want := range []string{`"register"`, `"phone": "\+86138`, `"current": true`, `"status": "(PENDING|SENT)"`, `event: next`, `user_add_org`, `"delivered":true`} {
				if !regexp.MustCompile(want).Match(out) {
					t.Errorf("the session does not show %s", want)
				}
			}
			if strings.Contains(string(out), `"errors"`) || t.Failed() {
				t.Errorf("the session shows:\n%s", out)
			}
			await(t, "code and message in the chat", func() bool { return len(h.chats().of("ops")) == 2 })
		})
	}
}

// readmeSession is the block that registers somebody.
func readmeSession(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(block[1], "RegisterInput") {
			return block[1]
		}
	}
	t.Fatalf("%s shows no session", file)
	return ""
}
