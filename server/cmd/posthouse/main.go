// Command posthouse runs a Posthouse, its sandbox, or both.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, "posthouse:", err)
		stop()
		os.Exit(1)
	}
}

// streams are what the process was given to speak and listen with.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands is the whole command line.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the server."`
	Sandbox sandboxCommand `cmd:"" help:"Run the local DingTalk and WeChat alone."`
	Account accountCommand `cmd:"" help:"Work on accounts without the API."`
	Version versionCommand `cmd:"" help:"Show version, commit and Go version."`
}

// errHelp ends the parsing when help was asked for.
var errHelp = errors.New("help was shown")

func run(ctx context.Context, args []string, s streams) (err error) {
	var c commands
	parser, err := kong.New(&c, kong.Name("posthouse"),
		kong.Description("Posthouse 驿站: DingTalk and WeChat behind one GraphQL API. Every flag has an environment variable and a key in the configuration file; a flag beats the environment, which beats the file."),
		kong.UsageOnError(), kong.Writers(s.out, s.err), kong.Exit(func(int) { panic(errHelp) }))
	if err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil && p != any(errHelp) {
			panic(p)
		}
	}()
	parsed, err := parser.Parse(args)
	if err != nil {
		return err
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(s)
}
