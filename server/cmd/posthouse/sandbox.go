package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	sandboxpage "github.com/posthouse/posthouse/frontend/sandbox"
	"github.com/posthouse/posthouse/server/sandbox"
)

type sandboxCommand struct {
	Listen    string `help:"Address to serve on (default 127.0.0.1:8090; port 0 picks one)." env:"POSTHOUSE_SANDBOX_LISTEN" placeholder:"ADDR"`
	LogFormat string `help:"Format of the log on standard error: text or json (default text)." env:"POSTHOUSE_LOG_FORMAT" placeholder:"FORMAT"`
	LogLevel  string `help:"Least level logged: debug, info, warn or error (default info)." env:"POSTHOUSE_LOG_LEVEL" placeholder:"LEVEL"`
}

// Run implements the command.
func (c sandboxCommand) Run(ctx context.Context, p *program) error {
	log, err := p.logger(c.LogFormat, c.LogLevel)
	if err != nil {
		return err
	}
	p.warnOfUnknownVariables(log)
	listen := defaultSandboxListen
	over(&listen, c.Listen)
	box, err := openSimulator(ctx, listen, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "沙箱 Sandbox http://%s/sandbox/\n", box.address())
	log.Info("sandbox listening", "address", box.address())
	return box.run(ctx)
}

// simulator is a sandbox with a listener.
type simulator struct {
	sandbox  *sandbox.Sandbox
	listener net.Listener
}

// openSimulator binds the sandbox's listener. It refuses addresses that others could reach: whoever
// reaches a sandbox can do everything in it.
func openSimulator(ctx context.Context, address string, log *slog.Logger) (*simulator, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("the sandbox's address %q is not host:port", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("the sandbox may only listen on a loopback address such as %s", defaultSandboxListen)
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the sandbox cannot listen on %s (is another program using the port? --sandbox-listen 127.0.0.1:0 picks a free one): %w", address, err)
	}
	box, err := sandbox.New(sandbox.Config{Logger: log, BaseURL: "http://" + listener.Addr().String(), Page: sandboxpage.FS()})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return &simulator{sandbox: box, listener: listener}, nil
}

func (b *simulator) address() string { return b.listener.Addr().String() }

// run serves the sandbox until ctx ends or a part of it fails.
func (b *simulator) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	web := &http.Server{Handler: b.sandbox.Handler(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 2)
	go func() { ended <- web.Serve(b.listener) }()
	go func() { ended <- b.sandbox.Run(ctx) }()
	var first error
	running := 2
	select {
	case <-ctx.Done():
	case first = <-ended:
		running--
	}
	stop()
	all := []error{first, b.sandbox.Close(), web.Close()}
	for range running {
		all = append(all, <-ended)
	}
	for i, err := range all {
		if errors.Is(err, http.ErrServerClosed) {
			all[i] = nil
		}
	}
	return errors.Join(all...)
}
