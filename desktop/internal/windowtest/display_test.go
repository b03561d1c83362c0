//go:build xvfb

package windowtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// binary is the program under test, built by TestMain.
var binary string

// screen is how large the display is.
const screen = "1440x900x24"

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "posthouse-window-*")
	if err == nil {
		binary = filepath.Join(dir, "posthouse-desktop")
		err = build(binary)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func build(into string) error {
	out, err := exec.Command("go", "build", "-tags", "desktop,production,webkit2_41,probe", "-ldflags", "-X main.version=v0.0-test", "-o", into, "../..").CombinedOutput()
	if err != nil {
		return fmt.Errorf("cannot build the program: %w\n%s", err, out)
	}
	return nil
}

// display is an X server and a message bus for one test.
type display struct {
	name string
	env  []string
	// browser is the file in which the browser notes the address that it was told to open.
	browser string
}

// newDisplay starts both; they end with the test.
func newDisplay(t *testing.T) *display {
	t.Helper()
	number := serve(t, "Xvfb", "-displayfd", "1", "-screen", "0", screen, "-nolisten", "tcp")
	bus := serve(t, "dbus-daemon", "--session", "--nofork", "--print-address=1")
	d := &display{name: ":" + number, browser: filepath.Join(t.TempDir(), "opened")}
	// A browser that only writes down what it was told to open.
	programs := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$1\" >%s.new && mv %s.new %s\n", d.browser, d.browser, d.browser)
	if err := os.WriteFile(filepath.Join(programs, "xdg-open"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	d.env = []string{
		"DISPLAY=" + d.name, "DBUS_SESSION_BUS_ADDRESS=" + bus, "PATH=" + programs + ":" + os.Getenv("PATH"),
		// Nothing of the machine's own session, and none of its services.
		"NO_AT_BRIDGE=1", "GSETTINGS_BACKEND=memory", "GTK_USE_PORTAL=0", "LIBGL_ALWAYS_SOFTWARE=1",
	}
	return d
}

// serve starts a program that tells on its first line how to reach it.
func serve(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, name, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v (see .ci/desktop.sh for what is needed)", name, err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s said nothing: %v", name, err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return strings.TrimSpace(line)
}

// opened waits for an address that the browser was told to open.
func (d *display) opened(t *testing.T) string {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		if text, err := os.ReadFile(d.browser); err == nil {
			return strings.TrimSpace(string(text))
		}
	}
	t.Fatal("no browser was opened")
	return ""
}

// x runs a program of X on the display and gives what it says.
func (d *display) x(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = d.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// picture writes what the display shows.
func (d *display) picture(t *testing.T, name string) {
	t.Helper()
	dir := filepath.Join("..", "..", "..", ".tmp", "screenshots", "desktop")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d.x(t, "import", "-window", "root", filepath.Join(dir, name+".png"))
}
