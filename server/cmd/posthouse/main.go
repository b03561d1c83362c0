// Command posthouse runs a Posthouse, its sandbox, or both.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for an orderly end; from then on a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	p := &program{in: os.Stdin, out: os.Stdout, err: os.Stderr, environment: os.Environ()}
	if err := p.run(ctx, os.Args[1:]); err != nil {
		p.fail(err)
		stop()
		os.Exit(1)
	}
}

// commands is the whole command line.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the server."`
	Sandbox sandboxCommand `cmd:"" help:"Run the local DingTalk and WeChat alone."`
	Account accountCommand `cmd:"" help:"Work on accounts without the API."`
	Version versionCommand `cmd:"" help:"Show version, commit and Go version."`
}

const description = `Posthouse 驿站: DingTalk and WeChat behind one GraphQL API. Every setting is a flag, an environment variable and a key of the configuration file; a flag beats the environment, which beats the file.`

// errHelp ends the parsing when help was asked for and shown.
var errHelp = errors.New("help was shown")

// run parses the command line and runs the command.
func (p *program) run(ctx context.Context, args []string) error {
	parsed, err := p.parse(args, new(commands))
	if errors.Is(err, errHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(p)
}

// parse gives errHelp when help was asked for, which it has shown then.
func (p *program) parse(args []string, into *commands) (parsed *kong.Context, err error) {
	parser, err := kong.New(into, kong.Name("posthouse"), kong.Description(description),
		kong.Writers(p.out, p.err), kong.Exit(func(int) { panic(errHelp) }))
	if err != nil {
		return nil, err
	}
	defer func() { // the parser knows no other way of ending early
		if v := recover(); v == any(errHelp) {
			err = errHelp
		} else if v != nil {
			panic(v)
		}
	}()
	p.knownVariables = variables(parser.Model.Node)
	if parsed, err = parser.Parse(args); err != nil {
		return nil, usageError(err)
	}
	return parsed, nil
}

// usageError says where to read on.
func usageError(err error) error {
	where := "posthouse"
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok && wrong.Context.Selected() != nil {
		where = wrong.Context.Selected().FullPath()
	}
	// What the parser says of a flag without its value is meant for programmers.
	said := strings.ReplaceAll(err.Error(), `expected string value but got "EOL" (<EOL>)`, "a value is missing")
	return fmt.Errorf("%s\nRun %q for help", said, where+" --help")
}

// variables collects the names of the environment variables that commands read.
func variables(of *kong.Node) map[string]bool {
	known := map[string]bool{}
	for _, flag := range of.Flags {
		for _, name := range flag.Envs {
			known[name] = true
		}
	}
	for _, child := range of.Children {
		for name := range variables(child) {
			known[name] = true
		}
	}
	return known
}
