package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// What the tests' binary calls itself.
const (
	testVersion = "v0.0.0-e2e"
	testCommit  = "0123456789abcdef"
)

// scratch holds the binary; it goes when the tests have ended.
var scratch string

func TestMain(m *testing.M) { os.Exit(inScratch(m)) }

func inScratch(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "posthouse-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	status := m.Run()
	if leaks := everything.leaks(); len(leaks) > 0 {
		fmt.Fprintf(os.Stderr, "e2e: secrets showed in what the program printed:\n%s\n", strings.Join(leaks, "\n"))
		status = 1
	}
	return status
}

// build makes the binary at the first call: listing tests needs none.
var build = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	path := filepath.Join(scratch, "posthouse")
	cmd := exec.CommandContext(ctx, "go", "build", "-race", "-buildvcs=false",
		"-ldflags", "-X main.version="+testVersion+" -X main.commit="+testCommit,
		"-o", path, "github.com/posthouse/posthouse/server/cmd/posthouse")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build the binary: %w\n%s", err, out)
	}
	return path, nil
})

func binaryPath(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
