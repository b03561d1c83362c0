package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/posthouse/posthouse/server"
	"github.com/posthouse/posthouse/server/sandbox"
)

// sandboxApp is the name of the sandbox's DingTalk app: its pushes go to /callbacks/dingtalk/sandbox.
const sandboxApp = "sandbox"

type serveCommand struct {
	common
	Listen        string `help:"Address to serve on (default 127.0.0.1:8080; port 0 picks one)." env:"POSTHOUSE_LISTEN" placeholder:"ADDR"`
	Sandbox       bool   `help:"Run against a local DingTalk and WeChat." env:"POSTHOUSE_SANDBOX"`
	SandboxListen string `help:"Address of the sandbox (default 127.0.0.1:8090)." env:"POSTHOUSE_SANDBOX_LISTEN" placeholder:"ADDR"`
}

// Run implements the command.
func (c serveCommand) Run(ctx context.Context, s streams) error {
	set, err := c.load(s)
	if err != nil {
		return err
	}
	over(&set.Listen, c.Listen)
	over(&set.SandboxListen, c.SandboxListen)
	set.Sandbox = set.Sandbox || c.Sandbox
	if set.Listen == "" {
		set.Listen = defaultListen
	}
	if set.SandboxListen == "" {
		set.SandboxListen = defaultSandboxListen
	}
	if set.Sandbox {
		return serveWithSandbox(ctx, set, s)
	}
	return serve(ctx, set.Config, nil, s)
}

// serve runs a server until ctx ends; box is the sandbox beside it, if any.
func serve(ctx context.Context, cfg server.Config, box *simulator, s streams) (err error) {
	srv, err := server.New(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Close()) }()
	fmt.Fprintf(s.out, "Posthouse 驿站 %s\n", versionText())
	fmt.Fprintf(s.out, "  GraphQL     http://%s/graphql\n", srv.Addr())
	cfg.Logger.Info("listening", "address", srv.Addr())
	if box != nil {
		if err := box.introduce(ctx, srv); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "  沙箱 Sandbox http://%s/sandbox/\n\n", box.address())
		fmt.Fprint(s.out, signInHint)
		cfg.Logger.Info("sandbox listening", "address", box.address())
	}
	return srv.Run(ctx)
}

const signInHint = `如何登录：先用 register 注册账号，再用 requestOtp 请求验证码；验证码会出现在沙箱页面的 ops 群里，
连同用户名和密码交给 login 即可。完整步骤见 README。
To sign in: register an account, ask for a code with requestOtp, read it in the sandbox's chat "ops",
and send it with username and password to login. The README has every step.
`

// serveWithSandbox starts the sandbox first, because the server must know its address.
func serveWithSandbox(ctx context.Context, set settings, s streams) (err error) {
	box, err := openSimulator(ctx, set.SandboxListen, set.Logger)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan error, 1)
	go func() {
		err := box.run(ctx)
		cancel(err)
		ended <- err
	}()
	err = serve(ctx, sandboxed(set.Config, box), box, s)
	cancel(nil)
	return errors.Join(err, <-ended)
}

// sandboxed points a configuration at the sandbox.
func sandboxed(cfg server.Config, box *simulator) server.Config {
	c := box.sandbox.Credentials()
	base := "http://" + box.address()
	cfg.DingTalk = server.DingTalkConfig{BaseURL: base, Apps: []server.DingTalkApp{{
		Name: sandboxApp, CorpID: c.DingTalk.CorpID, AppKey: c.DingTalk.AppKey, AppSecret: server.NewSecret(c.DingTalk.AppSecret),
		SuiteKey: c.DingTalk.SuiteKey, CallbackToken: server.NewSecret(c.DingTalk.CallbackToken), CallbackAESKey: server.NewSecret(c.DingTalk.CallbackAESKey),
	}}}
	cfg.WeChat = server.WeChatConfig{BaseURL: base, Apps: []server.WeChatApp{{
		Name: sandboxApp, AppID: c.WeChat.AppID, AppSecret: server.NewSecret(c.WeChat.AppSecret),
	}}}
	if cfg.OTP.GroupRobot == "" && len(c.Robots) > 0 {
		cfg.OTP.GroupRobot = c.Robots[0].Name
	}
	if cfg.Login.RegisterRole == "" {
		cfg.Login.RegisterRole = "ADMIN"
	}
	cfg.GraphQL.Introspection = true
	return cfg
}

// simulator is a sandbox with a listener.
type simulator struct {
	sandbox  *sandbox.Sandbox
	listener net.Listener
}

// introduce tells server and sandbox of each other.
func (b *simulator) introduce(ctx context.Context, srv *server.Server) error {
	c := b.sandbox.Credentials()
	for _, r := range c.Robots {
		err := srv.EnsureRobot(ctx, server.NewRobot{
			Name: r.Name, Webhook: server.NewSecret(r.AccessToken), Secret: server.NewSecret(r.Secret), Keywords: r.Keywords,
		})
		if err != nil {
			return fmt.Errorf("add the sandbox's robot %s: %w", r.Name, err)
		}
	}
	return b.sandbox.SetCallback(sandbox.Callback{URL: "http://" + srv.Addr() + "/callbacks/dingtalk/" + sandboxApp})
}

func (b *simulator) address() string { return b.listener.Addr().String() }

// run serves the sandbox until ctx ends.
func (b *simulator) run(ctx context.Context) error {
	web := &http.Server{Handler: b.sandbox.Handler(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 2)
	go func() { served <- web.Serve(b.listener) }()
	go func() { served <- b.sandbox.Run(ctx) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
	}
	err = errors.Join(err, b.sandbox.Close(), web.Close())
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
