package backend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	sandboxpage "github.com/posthouse/posthouse/frontend/sandbox"
	"github.com/posthouse/posthouse/server"
	"github.com/posthouse/posthouse/server/sandbox"
)

// sandboxApp is the name of the sandbox's DingTalk app.
const sandboxApp = "sandbox"

// simulator is a sandbox with a listener on loopback: its platform paths for the server, its control API
// for programs that try things. Whoever is on this computer can use it, as it is a toy.
type simulator struct {
	sandbox  *sandbox.Sandbox
	listener net.Listener
	log      *slog.Logger
}

func openSimulator(ctx context.Context, log *slog.Logger) (*simulator, error) {
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	box, err := sandbox.New(sandbox.Config{Logger: log, BaseURL: "http://" + listener.Addr().String(), Page: sandboxpage.FS()})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	log.Info("sandbox listening", "address", listener.Addr().String())
	return &simulator{sandbox: box, listener: listener, log: log}, nil
}

// applied points a configuration at the sandbox; what the folder's settings say of platforms gives way.
func (b *simulator) applied(cfg server.Config) server.Config {
	c := b.sandbox.Credentials()
	base := "http://" + b.listener.Addr().String()
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
	cfg.GraphQL.Introspection = true
	cfg.Sandbox = true // marks the folder and the app: it is a plaything
	return cfg
}

// introduce tells server and sandbox of each other.
func (b *simulator) introduce(ctx context.Context, srv *server.Server, callback string) error {
	for _, r := range b.sandbox.Credentials().Robots {
		err := srv.EnsureRobot(ctx, server.NewRobot{
			Name: r.Name, Webhook: server.NewSecret(r.AccessToken), Secret: server.NewSecret(r.Secret), Keywords: r.Keywords,
		})
		if err != nil {
			return fmt.Errorf("add the sandbox's robot %s: %w", r.Name, err)
		}
	}
	return b.sandbox.SetCallback(sandbox.Callback{URL: callback})
}

// run serves the sandbox until ctx ends.
func (b *simulator) run(ctx context.Context) error {
	web := &http.Server{Handler: b.sandbox.Handler(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	pushed := make(chan error, 1)
	go func() { served <- web.Serve(b.listener) }()
	go func() { pushed <- b.sandbox.Run(ctx) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
		served <- err
	}
	err = errors.Join(b.sandbox.Close(), web.Close(), <-pushed, <-served)
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (b *simulator) close() error {
	err := errors.Join(b.sandbox.Close(), b.listener.Close())
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
