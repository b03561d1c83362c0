package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"github.com/posthouse/posthouse/server/sandbox"
)

type sandboxCommand struct {
	Listen    string `help:"Address to serve on (default 127.0.0.1:8090; port 0 picks one)." env:"POSTHOUSE_SANDBOX_LISTEN" placeholder:"ADDR"`
	LogFormat string `help:"Format of the log on standard error: text or json (default text)." env:"POSTHOUSE_LOG_FORMAT" placeholder:"FORMAT"`
	LogLevel  string `help:"Least level logged: debug, info, warn or error (default info)." env:"POSTHOUSE_LOG_LEVEL" placeholder:"LEVEL"`
}

// Run implements the command.
func (c sandboxCommand) Run(ctx context.Context, s streams) error {
	log, err := logger(s.err, c.LogFormat, c.LogLevel)
	if err != nil {
		return err
	}
	listen := c.Listen
	if listen == "" {
		listen = defaultSandboxListen
	}
	box, err := openSimulator(ctx, listen, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "沙箱 Sandbox http://%s/sandbox/\n", box.address())
	log.Info("sandbox listening", "address", box.address())
	return box.run(ctx)
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
		return nil, fmt.Errorf("cannot listen on %s (is another program using the port?): %w", address, err)
	}
	box, err := sandbox.New(sandbox.Config{Logger: log, BaseURL: "http://" + listener.Addr().String()})
	if err != nil {
		return nil, err
	}
	return &simulator{sandbox: box, listener: listener}, nil
}
