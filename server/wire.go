package server

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"

	"github.com/posthouse/posthouse/frontend"
	"github.com/posthouse/posthouse/frontend/graphiql"
	"github.com/posthouse/posthouse/graph"
	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/dingtalk"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/httpapi"
	"github.com/posthouse/posthouse/internal/inmem"
	"github.com/posthouse/posthouse/internal/lifecycle"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/overview"
	"github.com/posthouse/posthouse/internal/platform"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/wechat"
)

// Sizes of the in-process caches, in entries. A full one forgets and costs a read.
const (
	accountMemo   = 20_000
	sessionMemo   = 50_000
	persistedMemo = 512
	sharedCache   = 50_000
)

// house is everything wired together.
type house struct {
	accounts   *account.Service
	sessions   *session.Service
	otp        *factor.OTP
	robots     *robot.Service
	broadcasts *broadcast.Service
	updates    *broadcast.Updates
	events     *event.Service
	overview   *overview.Service
	login      *login.Service
	graph      *graph.API
	http       *httpapi.API
	sweeper    sweeper

	// edge owns the goroutines of sockets, streams and subscriptions.
	edge   *lifecycle.Group
	closed lifecycle.Closers
}

// wire builds the house from the inside out.
func wire(ctx context.Context, cfg Config, db opened, clk clock.Clock) (*house, error) {
	apps, callbacks, err := platforms(cfg, clk)
	if err != nil {
		return nil, err
	}
	h := &house{edge: lifecycle.NewGroup(context.WithoutCancel(ctx), cfg.Logger), sweeper: sweeper{clk, cfg.Logger, db.store.Limits()}}
	b := builder{cfg: cfg, db: db.store, ring: db.ring, apps: apps, clock: clk, bus: inmem.NewBus(), house: h}
	h.closed.Add("sockets", func() error {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		return h.edge.Stop(bounded)
	})
	if err := b.people(ctx); err != nil {
		return nil, err
	}
	b.messages()
	if err := h.events.Begin(ctx); err != nil {
		return nil, err
	}
	h.login = b.signIn()
	h.graph = graph.New(graph.Config{
		Services: graph.Services{
			Accounts: h.accounts, Sessions: h.sessions, Login: h.login, Robots: h.robots,
			Broadcasts: h.broadcasts, Updates: h.updates, Events: h.events, Overview: h.overview,
		},
		House: graph.House{Version: cfg.Version, Sandbox: cfg.Sandbox},
		Clock: clk, Logger: cfg.Logger, Limits: graphLimits(cfg.GraphQL), Introspection: cfg.GraphQL.Introspection,
		Persisted: inmem.NewMemo(clk, persistedMemo), Group: h.edge,
	})
	h.http = httpapi.New(httpapi.Config{
		GraphQL: h.graph, Sessions: h.sessions, Events: h.events, Callbacks: callbacks, JWKS: h.sessions.JWKS,
		Ready: db.store.Ping, Logger: cfg.Logger, TrustedProxies: networks(cfg.HTTP.TrustedProxies), AllowedOrigins: cfg.HTTP.AllowedOrigins,
		UI:       httpapi.UI{Files: cfg.UI, Page: frontend.Page, Headers: frontend.Headers()},
		Explorer: httpapi.UI{Files: graphiql.FS(), Headers: graphiql.Headers()},
	})
	return h, nil
}

// builder carries what the steps of wiring share.
type builder struct {
	cfg   Config
	db    *store.DB
	ring  *secret.Ring
	apps  *platform.Apps
	clock clock.Clock
	bus   *inmem.Bus
	house *house
}

// people: accounts and their sessions.
func (b builder) people(ctx context.Context) error {
	accounts, err := newAccounts(b.cfg, b.db, b.clock, b.bus)
	if err != nil {
		return err
	}
	b.house.accounts = accounts
	b.house.closed.Add("accounts", accounts.Close)
	s := b.cfg.Sessions
	sessions, err := session.New(session.Config{
		Store: b.db.Sessions(), Tx: b.db, Ring: b.ring, Clock: b.clock, Bus: b.bus, Memo: inmem.NewMemo(b.clock, sessionMemo),
		Accounts: accounts, Logger: b.cfg.Logger, AccessTTL: s.Access, RefreshTTL: s.Refresh,
		RefreshAbsoluteTTL: s.RefreshAbsolute, SkeyTTL: s.Skey, SkeyAbsoluteTTL: s.SkeyAbsolute,
	})
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	if err := sessions.Open(ctx); err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	b.house.sessions = sessions
	b.house.closed.Add("sessions", sessions.Close)
	return nil
}

func newAccounts(cfg Config, db *store.DB, clk clock.Clock, bus *inmem.Bus) (*account.Service, error) {
	p := cfg.Passwords
	hasher, err := account.NewHasher(account.HasherConfig{MemoryKiB: p.MemoryKiB, Time: p.Time, Threads: p.Threads, Concurrent: p.Concurrent})
	if err != nil {
		return nil, fmt.Errorf("passwords: %w", err)
	}
	return account.New(account.Config{
		Store: db.Accounts(), Tx: db, Hasher: hasher, Clock: clk, Memo: inmem.NewMemo(clk, accountMemo), Bus: bus,
		DefaultRegion: cfg.Login.DefaultRegion,
	}), nil
}

// messages: robots, broadcasts and events.
func (b builder) messages() {
	h := b.house
	hosts := robot.DefaultWebhookHosts()
	if base := b.cfg.DingTalk.BaseURL; base != "" {
		hosts = []string{base}
	}
	wantsOTP, carrier := slices.Contains(b.cfg.factors(), login.OTP), ""
	if wantsOTP {
		carrier = b.cfg.OTP.GroupRobot
	}
	h.robots = robot.New(robot.Config{Store: b.db.Robots(), Ring: b.ring, Clock: b.clock, WebhookHosts: hosts, SendsCodes: carrier})
	h.broadcasts = broadcast.New(broadcast.Config{
		Store: b.db.Broadcasts(), Robots: h.robots, Tx: b.db, Ring: b.ring, Clock: clock.Steady(), Bus: b.bus, Logger: b.cfg.Logger,
		Sender:    dingtalk.NewRobotSender(dingtalk.RobotConfig{BaseURL: b.cfg.DingTalk.BaseURL, Clock: b.clock}),
		Exclusive: b.db.Engine() == store.SQLite,
	})
	h.updates = broadcast.NewUpdates(broadcast.UpdatesConfig{Log: b.db.Broadcasts(), Bus: b.bus, Clock: b.clock, Group: h.edge, Logger: b.cfg.Logger})
	h.events = event.New(event.Config{
		Store: b.db.Events(), Clock: b.clock, Bus: b.bus, Group: h.edge, Logger: b.cfg.Logger, Retention: max(b.cfg.Events.Retention, 0),
	})
	h.overview = overview.New(overview.Config{
		Store: b.db.Activity(), Robots: h.robots, Deliveries: h.broadcasts, Clock: b.clock,
		WantsOTP: wantsOTP, GroupRobot: b.cfg.OTP.GroupRobot,
	})
}

// signIn: codes and the flows that use them.
func (b builder) signIn() *login.Service {
	var channels []factor.Channel
	if name := b.cfg.OTP.GroupRobot; name != "" {
		channels = append(channels, broadcast.NewGroupChannel(b.house.broadcasts, name))
	}
	o, l := b.cfg.OTP, b.cfg.Login
	b.house.otp = factor.New(factor.OTPConfig{
		Store: b.db.Challenges(), Tx: b.db, Ring: b.ring, Clock: b.clock, Accounts: b.house.accounts, Limits: b.db.Limits(), Channels: channels,
		Ceilings: factor.Ceilings{PerAccount: o.PerAccount, PerDestination: o.PerDestinationHour, PerDestinationDaily: o.PerDestinationDay, PerAddress: o.PerAddress},
	})
	return login.New(login.Config{
		Accounts: b.house.accounts, Sessions: b.house.sessions, OTP: b.house.otp, Tx: b.db, Limits: b.db.Limits(), Clock: b.clock,
		Wechat: wechat.NewClient(wechat.Config{BaseURL: b.cfg.WeChat.BaseURL}), Apps: b.apps,
		SetUps: b.db.Accounts(), Cache: inmem.NewCache(b.clock, sharedCache), Lock: inmem.NewLocker(), Ring: b.ring,
		Factors: b.cfg.factors(), RegistrationClosed: l.RegistrationClosed, RegisterRole: authz.Role(l.RegisterRole),
		Ceilings: login.Ceilings{
			RegisterPerAddress: l.RegisterPerAddress, FailuresPerAccount: l.FailuresPerAccount,
			FailuresPerAddress: l.FailuresPerAddress, WechatPerAddress: l.WechatPerAddress,
		},
	})
}

// workers are what Run starts, by name.
func (h *house) workers() map[string]func(context.Context) error {
	h.edge.Go("sockets", h.graph.Run)
	return map[string]func(context.Context) error{
		"sessions":         h.sessions.Run,
		"one-time codes":   h.otp.Run,
		"broadcasts":       h.broadcasts.Run,
		"delivery updates": h.updates.Run,
		"events":           h.events.Run,
		"limits":           h.sweeper.run,
	}
}

func (h *house) close() error { return h.closed.Close() }

func graphLimits(c GraphQLConfig) graph.Limits {
	return graph.Limits{
		Depth: c.Depth, Aliases: c.Aliases, Tokens: c.Tokens, Complexity: c.Complexity, Batch: c.Batch, Body: c.BodyBytes,
		Connections: c.Connections, Subscriptions: c.Subscriptions, Operations: c.Operations,
	}
}

// networks were checked by Validate.
func networks(texts []string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// platforms makes the registry of platform apps and the receivers of their pushes.
func platforms(cfg Config, clk clock.Clock) (*platform.Apps, map[string]httpapi.CallbackApp, error) {
	callbacks := map[string]httpapi.CallbackApp{}
	var dingtalkApps []platform.DingtalkApp
	for _, app := range cfg.DingTalk.Apps {
		one := platform.DingtalkApp{
			Name: app.Name, CorpID: app.CorpID, AppKey: app.AppKey, AppSecret: app.AppSecret, SuiteKey: app.SuiteKey,
			CallbackToken: app.CallbackToken, CallbackAESKey: app.CallbackAESKey,
		}
		dingtalkApps = append(dingtalkApps, one)
		if one.CallbackToken.IsZero() && one.CallbackAESKey.IsZero() {
			continue
		}
		callback, err := dingtalk.NewCallbackFrom(dingtalk.CallbackConfig{
			Token: one.CallbackToken.Reveal(), AESKey: one.CallbackAESKey.Reveal(), OwnerKeys: one.OwnerKeys(), Clock: clk,
		})
		if err != nil {
			return nil, nil, fmt.Errorf("DingTalk app %s: %w", one.Name, err)
		}
		callbacks[one.Name] = callbackApp{callback}
	}
	var wechatApps []platform.WechatApp
	for _, app := range cfg.WeChat.Apps {
		wechatApps = append(wechatApps, platform.WechatApp{Name: app.Name, AppID: app.AppID, AppSecret: app.AppSecret})
	}
	apps, err := platform.NewApps(dingtalkApps, wechatApps)
	return apps, callbacks, err
}

// callbackApp lets httpapi use the adapter without knowing it.
type callbackApp struct{ callback *dingtalk.Callback }

// Open implements httpapi.CallbackApp.
func (c callbackApp) Open(query url.Values, body []byte) (httpapi.Push, error) {
	p, err := c.callback.Open(query, body)
	if err != nil {
		return httpapi.Push{}, err
	}
	return httpapi.Push{
		Owner: p.Owner, Check: p.IsCheck, DedupeKey: p.DedupeKey, Type: p.EventType, CorpID: p.CorpID,
		OccurredAt: p.OccurredAt, Payload: p.Plaintext,
	}, nil
}

// Answer implements httpapi.CallbackApp.
func (c callbackApp) Answer(owner string) ([]byte, error) {
	return c.callback.Answer(owner, dingtalk.CallbackSuccess)
}
