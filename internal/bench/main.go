package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settings of a run.
type settings struct {
	binary string
	dir    string
	// scale shortens every measurement for a quick look.
	scale float64
	only  []string
	log   io.Writer
}

// lasting is a duration of the plan, shortened as asked for.
func (s settings) lasting(d time.Duration) time.Duration { return time.Duration(float64(d) * s.scale) }

// many is a count of the plan, reduced as asked for.
func (s settings) many(n int) int { return max(1, int(float64(n)*s.scale)) }

func (s settings) say(format string, args ...any) { fmt.Fprintf(s.log, format+"\n", args...) }

// measurement fills in its part of the table.
type measurement struct {
	name string
	run  func(ctx context.Context, s settings, t *table) error
}

func measurements() []measurement {
	return []measurement{
		{"start", measureStart},
		{"viewer", measureViewer},
		{"callbacks", measureCallbacks},
		{"subscribers", measureSubscribers},
		{"logins", measureLogins},
		{"pages", measurePages},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "bare":
			return serveBare(ctx, os.Stdin, os.Stdout)
		case "hash":
			return hashAlone(ctx, args[1:], os.Stdout)
		}
	}
	s, err := parse(args)
	if err != nil {
		return err
	}
	if err := raiseFileLimit(); err != nil {
		return fmt.Errorf("raise the limit of open files: %w", err)
	}
	if s.dir, err = os.MkdirTemp(s.dir, "bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(s.dir) }()
	if s.binary == "" {
		if s.binary, err = build(ctx, s); err != nil {
			return err
		}
	}
	t := newTable()
	for _, m := range measurements() {
		if len(s.only) > 0 && !slices.Contains(s.only, m.name) {
			continue
		}
		s.say("measuring %s", m.name)
		if err := m.run(ctx, s, t); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return t.print(os.Stdout)
}

func parse(args []string) (settings, error) {
	s := settings{log: os.Stderr}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&s.binary, "binary", "", "the built posthouse; default: build one")
	flags.StringVar(&s.dir, "dir", ".tmp", "where databases are kept meanwhile; its disk is part of the result")
	flags.Float64Var(&s.scale, "scale", 1, "shortens and shrinks everything: 0.1 for a quick look")
	only := flags.String("only", "", "comma-separated: start, viewer, callbacks, subscribers, logins, pages; default all")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 || s.scale <= 0 || s.scale > 1 {
		return s, errors.New("no arguments, and a scale above 0 and up to 1")
	}
	if *only != "" {
		s.only = strings.Split(*only, ",")
	}
	return s, os.MkdirAll(s.dir, 0o700)
}

// build makes the binary as `make build` does.
func build(ctx context.Context, s settings) (string, error) {
	binary := filepath.Join(s.dir, "posthouse")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./server/cmd/posthouse")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = s.log, s.log
	return binary, cmd.Run()
}
