package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// setup says how a house is started.
type setup struct {
	// Sandbox runs the sandbox beside the server, in the same process.
	Sandbox bool
	// Data is the data folder; default one of the test's own.
	Data string
	// Listen is the server's address; default a free one that stays the same across restarts.
	Listen string
	// Config is the text of a configuration file; empty for none.
	Config string
	// Args and Env come after what the fields above make.
	Args, Env []string
	// PlainLog leaves the log in text form. Otherwise it is JSON, and checked line by line.
	PlainLog bool
	// Wrap is put before the command, such as a shell that limits it.
	Wrap []string
}

// house is a posthouse process: built, started, stopped and killed as its users do. It can be started
// again and again on the same data and addresses; every start has a process of its own.
type house struct {
	t     *testing.T
	setup setup
	// URL and SandboxURL are where the last start serves, without a path.
	URL, SandboxURL string
	*process
}

// process is one start of the binary.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr *output
	ended          chan struct{} // closed when it has ended and everything it wrote has been read
	code           int           // exit code, -1 when a signal ended it; read after ended
}

var (
	graphqlLine = regexp.MustCompile(`GraphQL +(http://\S+)/graphql\n`)
	sandboxLine = regexp.MustCompile(`Sandbox +(http://\S+)/sandbox/\n`)
)

// startHouse starts a house and waits until it has printed where it serves. It is killed when the test
// ends.
func startHouse(t *testing.T, s setup) *house {
	t.Helper()
	if s.Data == "" {
		s.Data = filepath.Join(t.TempDir(), "data")
	}
	if s.Listen == "" {
		s.Listen = freeAddress(t)
	}
	h := &house{t: t, setup: s}
	h.start()
	t.Cleanup(func() {
		h.kill()
		if t.Failed() {
			t.Logf("the last start wrote to standard output:\n%s\nto standard error:\n%s", h.stdout, tail(h.stderr.String()))
		}
	})
	return h
}

// tail keeps failure messages readable.
func tail(text string) string {
	const most = 8_000
	if len(text) <= most {
		return text
	}
	return "…" + text[len(text)-most:]
}

// start starts the house (again) and waits until it serves.
func (h *house) start() {
	h.t.Helper()
	h.process = launch(h.t, h.setup.Wrap, h.setup.Env, h.args()...)
	found := h.stdout.find(graphqlLine, h.ended)
	if found == nil {
		h.t.Fatalf("the server ended with %d instead of serving:\n%s", h.code, h.stderr)
	}
	h.URL = found[1]
	if h.setup.Sandbox {
		if found = h.stdout.find(sandboxLine, h.ended); found == nil {
			h.t.Fatalf("the server ended with %d instead of serving the sandbox:\n%s", h.code, h.stderr)
		}
		h.SandboxURL = found[1]
	}
}

func (h *house) args() []string {
	args := []string{"serve", "--listen", h.setup.Listen, "--data", h.setup.Data}
	if h.setup.Sandbox {
		args = append(args, "--sandbox", "--sandbox-listen", "127.0.0.1:0")
	}
	if h.setup.Config != "" {
		args = append(args, "--config", writeConfig(h.t, h.setup.Config))
	}
	if !h.setup.PlainLog {
		args = append(args, "--log-format", "json")
	}
	return append(args, h.setup.Args...)
}

// writeConfig writes a configuration file into a folder of the test's own.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "posthouse.yaml")
	check(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// kill ends the process as a power cut would, and waits until it is gone.
func (h *house) kill() {
	h.t.Helper()
	_ = h.cmd.Process.Kill() // it may have ended before
	h.awaitEnd()
}

// stop asks the process to end as service managers do and gives its exit code.
func (h *house) stop() int {
	h.t.Helper()
	check(h.t, h.cmd.Process.Signal(syscall.SIGTERM))
	h.awaitEnd()
	return h.code
}

func (h *house) awaitEnd() {
	h.t.Helper()
	receive(h.t, "the end of the process", h.ended)
	if strings.Contains(h.stderr.String(), "DATA RACE") {
		h.t.Error("the race detector found something: see standard error")
	} else if !h.setup.PlainLog {
		wantJSONLines(h.t, h.stderr.lines())
	}
}

// launch starts the binary and returns at once.
func launch(t *testing.T, wrap, env []string, args ...string) *process {
	t.Helper()
	p := command(t, wrap, env, args...)
	p.begin(t)
	return p
}

// command prepares a process in an empty folder and with nothing in its environment but what is given
// and what every program needs.
func command(t *testing.T, wrap, env []string, args ...string) *process {
	t.Helper()
	words := append(append(append([]string{}, wrap...), binaryPath(t)), args...)
	p := &process{cmd: exec.Command(words[0], words[1:]...), stdout: newOutput(), stderr: newOutput(), ended: make(chan struct{})}
	p.cmd.Dir = t.TempDir()
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	// The race detector sleeps a second at every exit unless told otherwise.
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.cmd.Dir, "TMPDIR=" + os.TempDir(), "GORACE=atexit_sleep_ms=0"}, env...)
	return p
}

func (p *process) begin(t *testing.T) {
	t.Helper()
	check(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		err := p.cmd.Wait()
		p.code = p.cmd.ProcessState.ExitCode()
		if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
			p.code = -1
		}
	}()
}

// outcome is what a command that ended by itself left.
type outcome struct {
	Code           int
	Stdout, Stderr string
}

// posthouse runs a command to its end, at most for the tests' patience.
func posthouse(t *testing.T, stdin string, env []string, args ...string) outcome {
	t.Helper()
	p := command(t, nil, env, args...)
	p.cmd.Stdin = strings.NewReader(stdin)
	return p.finish(t)
}

// finish runs a prepared command to its end.
func (p *process) finish(t *testing.T) outcome {
	t.Helper()
	p.begin(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case <-p.ended:
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		<-p.ended
		t.Fatalf("the command did not end:\n%s%s", p.stdout, p.stderr)
	}
	return outcome{p.code, p.stdout.String(), p.stderr.String()}
}

// wantRefusal fails the test unless the command failed with a message that contains all the words, is
// short enough to be read, and came soon enough.
func (o outcome) wantRefusal(t *testing.T, words ...string) {
	t.Helper()
	if o.Code != 1 {
		t.Errorf("exit code %d, want 1; standard error:\n%s", o.Code, o.Stderr)
	}
	for _, word := range words {
		if !strings.Contains(o.Stderr, word) {
			t.Errorf("the message does not contain %q:\n%s", word, o.Stderr)
		}
	}
	if strings.Contains(o.Stderr, "goroutine ") || strings.Contains(o.Stderr, "panic") {
		t.Errorf("that is a crash, not a message:\n%s", o.Stderr)
	}
	if n := bytes.Count([]byte(o.Stderr), []byte("\n")); n > 12 {
		t.Errorf("the message drowns in %d lines:\n%s", n, o.Stderr)
	}
}
