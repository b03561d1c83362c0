package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What the bench's DingTalk app is called and keyed with; DingTalk would make them up as well.
const (
	appName       = "bench"
	appKey        = "dingbenchappkey00001"
	corpID        = "dingbenchcorp0000001"
	callbackToken = "benchCallbackToken"
	callbackKey   = "Zm9yIG1lYXN1cmluZyBvbmx5LCBub3QgYSBzZWNyZXQ"
)

// serverConfig is the defaults but for: the password alone signs in (nobody reads codes here), one
// account may hold all the subscribers, and one app pushes events.
const serverConfig = `
login: {factors: [PASSWORD]}
graphql: {connections: 20000, subscriptions: 20000}
dingtalk:
  apps:
    - {name: ` + appName + `, app_key: ` + appKey + `, corp_id: ` + corpID + `, callback_token: ` + callbackToken + `, callback_aes_key: ` + callbackKey + `}
`

// process is a started program.
type process struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	address string
	errors  *bytes.Buffer
	ended   chan error
}

// startProcess starts a program and waits until it prints "http://ADDRESS".
func startProcess(ctx context.Context, stdin []byte, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, name, args...), errors: &bytes.Buffer{}, ended: make(chan error, 1)}
	p.cmd.Stderr = p.errors
	p.cmd.Stdin = bytes.NewReader(stdin)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for p.address == "" && lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "http://"); ok {
			p.address, _, _ = strings.Cut(rest, "/")
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		p.ended <- p.cmd.Wait()
	}()
	if p.address == "" {
		return nil, fmt.Errorf("%s did not start: %w\n%s", filepath.Base(name), <-p.ended, p.errors)
	}
	return p, nil
}

// stop asks the process to end and waits until it has.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-p.ended:
		if err != nil {
			return fmt.Errorf("%w\n%s", err, p.errors)
		}
		return nil
	case <-time.After(30 * time.Second):
		return errors.Join(errors.New("the server does not stop"), p.cmd.Process.Kill())
	}
}

// memory is what the process keeps in RAM, in bytes, as the kernel counts it.
func (p *process) memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("no VmRSS")
}

// processorTime is how long the process has computed so far, on all processors together. Unlike the
// clock it does not count what other programs took.
func (p *process) processorTime() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before may hold blanks
	fields := strings.Fields(rest)
	const user, system, tick = 11, 12, 10 * time.Millisecond
	if len(fields) <= system {
		return 0, errors.New("no times of the process")
	}
	var ticks int64
	for _, at := range []int{user, system} {
		n, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// house is a running Posthouse with a data folder.
type house struct {
	*process
	settings settings
	data     string
	config   string
}

// open starts a Posthouse on a data folder of that name, made if it is not there.
func (s settings) open(ctx context.Context, name string) (*house, error) {
	h := &house{settings: s, data: filepath.Join(s.dir, name), config: filepath.Join(s.dir, "config.yaml")}
	if err := os.WriteFile(h.config, []byte(serverConfig), 0o600); err != nil {
		return nil, err
	}
	var err error
	h.process, err = startProcess(ctx, nil, s.binary, h.arguments("127.0.0.1:0")...)
	return h, err
}

func (h *house) arguments(listen string) []string {
	return []string{"serve", "--config", h.config, "--data", h.data, "--listen", listen, "--log-level", "warn"}
}

// createAccount makes an account with the command that administrators use.
func (h *house) createAccount(ctx context.Context, username, phone, role string) error {
	cmd := exec.CommandContext(ctx, h.settings.binary, "account", "create", "--username", username, "--phone", phone,
		"--role", role, "--password-stdin", "--data", h.data, "--log-level", "error")
	cmd.Stdin = strings.NewReader(password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("account create: %w\n%s", err, out)
	}
	return nil
}
