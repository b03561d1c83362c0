package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"github.com/posthouse/posthouse/server"
	"github.com/posthouse/posthouse/server/sandbox"
)

// sandboxApp is the name of the sandbox's DingTalk app: its pushes go to /callbacks/dingtalk/sandbox.
const sandboxApp = "sandbox"

type serveCommand struct {
	common
	Listen        string `help:"Address to serve on (default 127.0.0.1:8080; port 0 picks one)." env:"POSTHOUSE_LISTEN" placeholder:"ADDR"`
	Sandbox       *bool  `help:"Run against a local DingTalk and WeChat." negatable:"" env:"POSTHOUSE_SANDBOX"`
	SandboxListen string `help:"Address of the sandbox (default 127.0.0.1:8090; port 0 picks one)." env:"POSTHOUSE_SANDBOX_LISTEN" placeholder:"ADDR"`
}

// settings are what file, environment and flags say together.
func (c serveCommand) settings(p *program) (settings, error) {
	set, err := c.load(p)
	if err != nil {
		return settings{}, err
	}
	over(&set.Listen, c.Listen)
	over(&set.SandboxListen, c.SandboxListen)
	if c.Sandbox != nil {
		set.Sandbox = *c.Sandbox
	}
	if set.Listen == "" {
		set.Listen = defaultListen
	}
	if set.SandboxListen == "" {
		set.SandboxListen = defaultSandboxListen
	}
	return set, nil
}

// Run implements the command.
func (c serveCommand) Run(ctx context.Context, p *program) error {
	set, err := c.settings(p)
	if err != nil {
		return err
	}
	quiet := context.AfterFunc(ctx, func() { set.Logger.Info("stopping; a second signal ends the process at once") })
	defer quiet()
	if set.Sandbox {
		err = serveWithSandbox(ctx, set, p)
	} else {
		err = serve(ctx, set.Config, nil, p)
	}
	if err == nil {
		set.Logger.Info("stopped")
	}
	return err
}

// serve runs a server until ctx ends; box is the sandbox beside it, if any.
func serve(ctx context.Context, cfg server.Config, box *simulator, p *program) (err error) {
	cfg.Version = versionText()
	srv, err := server.New(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Close()) }()
	where := whereData(cfg)
	fmt.Fprintf(p.out, "Posthouse 驿站 %s\n", versionText())
	at := "http://" + browsable(srv.Addr())
	if srv.HasUI() {
		fmt.Fprintf(p.out, "  管理 Admin   %s/\n", at)
	}
	fmt.Fprintf(p.out, "  GraphQL     http://%s/graphql\n", srv.Addr())
	fmt.Fprintf(p.out, "  GraphiQL    %s/graphiql\n", at)
	fmt.Fprintf(p.out, "  数据 Data    %s\n", where)
	cfg.Logger.Info("listening", "address", srv.Addr(), "data", where)
	if box != nil {
		if err := box.introduce(srv); err != nil {
			return err
		}
		fmt.Fprintf(p.out, "  沙箱 Sandbox http://%s/sandbox/\n\n", box.address())
		fmt.Fprint(p.out, signInHint)
		cfg.Logger.Info("sandbox listening", "address", box.address())
	}
	if err := errors.Join(offerSetUp(ctx, srv, at, p), tellOfCodes(ctx, srv, p)); err != nil {
		if ctx.Err() != nil {
			return nil // told to end before it had begun
		}
		return err
	}
	return srv.Run(ctx)
}

// tellOfCodes says that signing in wants codes which nobody gets, before the owner is made and as long as it
// lasts: whoever signs out could not come in again.
func tellOfCodes(ctx context.Context, srv *server.Server, p *program) error {
	delivered, err := srv.CodesDelivered(ctx)
	if err == nil && !delivered {
		fmt.Fprint(p.out, codesHint)
	}
	return err
}

// offerSetUp says how to make an owner while there is none. The link is printed and never logged: it is a
// secret, and logs are kept.
func offerSetUp(ctx context.Context, srv *server.Server, at string, p *program) error {
	path, needed, err := srv.SetUpPath(ctx)
	if err != nil || !needed {
		return err
	}
	fmt.Fprintf(p.out, setUpHint, at+path.Reveal())
	if !srv.HasUI() {
		fmt.Fprint(p.out, ownerHint)
	}
	return nil
}

// browsable turns an address that stands for every interface into one that a browser here can open.
func browsable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

const (
	setUpHint = `
还没有所有者。请在 24 小时内打开下面的链接创建所有者（只能使用一次，重启后失效）：
There is no owner yet. Open this link within 24 hours to become the owner (it works once, until a restart):
  %s

`
	ownerHint = `这个程序里没有管理页面（用 make build 构建），也可以用命令创建所有者：
There is no admin app in this program (make build builds it); a command makes an owner, too:
  posthouse account create --username U --phone P --role owner --password-stdin

`
)

const codesHint = `注意：登录需要验证码，但还没有发送验证码的机器人，退出后将无法再次登录。
请在 posthouse.yaml 中任选一种设置，然后重启服务：
Note: signing in wants a code, but no robot is there to send codes: whoever signs out cannot sign in again.
Set one of these in posthouse.yaml, then restart the server:
  otp: { group_robot: NAME }       # 名为 NAME 的机器人须已存在 / there must be a robot of that name
  login: { factors: [PASSWORD] }   # 只用密码登录 / the password alone

`

// whereData names the place of the data, for people who wonder where it went.
func whereData(cfg server.Config) string {
	if !cfg.Database.IsZero() {
		return "Postgres"
	}
	dir := cfg.DataDir
	if dir == "" {
		dir = "data"
	}
	if whole, err := filepath.Abs(dir); err == nil {
		return whole
	}
	return dir
}

const signInHint = `如何登录：在管理页面注册账号再登录，验证码会出现在沙箱页面的“值班群”里。也可以用接口：register、requestOtp、login，
完整步骤见 README。
To sign in: register in the admin app and sign in there; the code appears in the sandbox's chat 值班群. Or do it with
the API: register, requestOtp, login. The README has every step.
`

// serveWithSandbox starts the sandbox first, because the server must know its address, and stops it
// last, because the server finishes its calls to it.
func serveWithSandbox(ctx context.Context, set settings, p *program) error {
	box, err := openSimulator(ctx, set.SandboxListen, set.Logger)
	if err != nil {
		return err
	}
	if len(set.DingTalk.Apps) > 0 || len(set.WeChat.Apps) > 0 {
		set.Logger.Warn("the sandbox takes the place of the DingTalk and WeChat apps of the configuration")
	}
	ctx, stopServer := context.WithCancel(ctx)
	defer stopServer()
	around, stopBox := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		err := box.run(around)
		stopServer() // without its world the server is of no use
		ended <- err
	}()
	err = serve(ctx, sandboxed(set.Config, box), box, p)
	stopBox()
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
	cfg.Sandbox = true
	for _, r := range c.Robots {
		cfg.Robots = append(cfg.Robots, server.NewRobot{
			Name: r.Name, Webhook: server.NewSecret(r.AccessToken), Secret: server.NewSecret(r.Secret), Keywords: r.Keywords,
		})
	}
	return cfg
}

// introduce tells the sandbox where to push events.
func (b *simulator) introduce(srv *server.Server) error {
	return b.sandbox.SetCallback(sandbox.Callback{URL: "http://" + srv.Addr() + "/callbacks/dingtalk/" + sandboxApp})
}
