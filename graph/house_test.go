package graph_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

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
	"github.com/posthouse/posthouse/internal/platform"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/wechat"
	"github.com/posthouse/posthouse/server/sandbox"
)

// start is the time at which every house begins.
var start = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// plan says what is different about a house.
type plan struct {
	limits        graph.Limits
	introspection bool
	factors       []login.FactorName
	registerRole  authz.Role
	ceilings      login.Ceilings
	codes         factor.Ceilings
	// noGroupRobot leaves no way for codes to travel.
	noGroupRobot bool
	sessions     session.Config // lifetimes only
	// The wrappers stand between services and the database.
	robots     func(robot.Store) robot.Store
	broadcasts func(broadcast.Store) broadcast.Store
	accounts   func(account.Store) account.Store
	events     func(event.Store) event.Store
	// server changes the HTTP server before it starts.
	server func(*http.Server)
	// idle leaves the workers out: nothing is sent and no feed moves.
	idle bool
	// unvisited leaves out the one who looks after sockets.
	unvisited bool
}

// house is the whole of Posthouse in one process, over SQLite and the sandbox, on a clock that stands
// still until it is moved.
type house struct {
	clock    *clock.Fake
	box      *sandbox.Sandbox
	services graph.Services
	api      *graph.API
	edge     *lifecycle.Group
	handler  http.Handler
	server   *httptest.Server
	log      *safeBuffer
	bus      *inmem.Bus
	// completed gets a token for every call to DingTalk whose outcome has been recorded.
	completed chan struct{}
	// ticking gets a token whenever the API begins to wait for its next ping.
	ticking chan struct{}
}

func newHouse(t testing.TB, p plan) *house {
	t.Helper()
	h := &house{clock: clock.NewFake(start.Add(-2 * time.Millisecond)), log: &safeBuffer{}, bus: inmem.NewBus(), completed: make(chan struct{}, 1000), ticking: make(chan struct{}, 1000)}
	logger := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log:\n%s", h.log)
		}
	})
	boxURL, boxClient := h.openBox(t)
	db, err := store.Open(t.Context(), store.Config{DSN: filepath.Join(t.TempDir(), "p.db"), Clock: h.clock, Logger: logger})
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	ring, err := secret.NewRing(bytes.Repeat([]byte{7}, secret.KeySize))
	check(t, err)
	h.edge = lifecycle.NewGroup(context.Background(), logger)
	b := builder{house: h, plan: p, db: db, ring: ring, log: logger, boxURL: boxURL, boxClient: boxClient}
	b.people(t)
	b.messages()
	apps := b.signIn(t)
	h.api = graph.New(graph.Config{
		Services: h.services, Clock: tickingClock{h.clock, h.ticking}, Logger: logger, Limits: p.limits, Introspection: p.introspection,
		Persisted: inmem.NewMemo(h.clock, 64), Group: h.edge,
	})
	h.handler = httpapi.New(httpapi.Config{
		GraphQL: h.api, Sessions: h.services.Sessions, Events: h.services.Events, JWKS: h.services.Sessions.JWKS, Logger: logger,
		Callbacks: apps, Ready: db.Ping,
	})
	h.server = httptest.NewUnstartedServer(h.handler)
	if p.server != nil {
		p.server(h.server.Config)
	}
	h.server.Start()
	b.run(t)
	t.Cleanup(h.server.Close)
	t.Cleanup(func() { check(t, h.edge.Stop(context.Background())) }) // before the server: streams end with it
	return h
}

// openBox serves the sandbox.
func (h *house) openBox(t testing.TB) (string, *http.Client) {
	t.Helper()
	var err error
	h.box, err = sandbox.New(sandbox.Config{Now: h.clock.Now})
	check(t, err)
	server := httptest.NewServer(h.box.Handler())
	t.Cleanup(server.Close)
	t.Cleanup(func() { check(t, h.box.Close()) })
	return server.URL, server.Client()
}

// builder wires a house as package server does, with wrappers in between.
type builder struct {
	*house
	plan      plan
	db        *store.DB
	ring      *secret.Ring
	log       *slog.Logger
	boxURL    string
	boxClient *http.Client
}

func wrapped[S any](s S, wrap func(S) S) S {
	if wrap == nil {
		return s
	}
	return wrap(s)
}

// pingEvery is the default of graph.Limits.
const pingEvery = 20 * time.Second

// tickingClock tells when somebody begins to wait for as long as a ping takes.
type tickingClock struct {
	clock.Clock
	ticking chan<- struct{}
}

func (c tickingClock) NewTimer(d time.Duration) clock.Timer {
	timer := c.Clock.NewTimer(d)
	if d == pingEvery {
		c.ticking <- struct{}{}
	}
	return timer
}

// tick lets the time pass after which peers are looked after, once somebody waits for it.
func (h *house) tick(t testing.TB) {
	t.Helper()
	await(t, "someone who looks after the sockets", h.ticking)
	h.clock.Advance(pingEvery)
}

// completing tells of every attempt that ends.
type completing struct {
	broadcast.Store
	done chan<- struct{}
}

func (c completing) Complete(ctx context.Context, done broadcast.Completion) error {
	err := c.Store.Complete(ctx, done)
	c.done <- struct{}{}
	return err
}

func (b builder) people(t testing.TB) {
	t.Helper()
	hasher, err := account.NewHasher(account.HasherConfig{MemoryKiB: 8192, Time: 1, Threads: 1})
	check(t, err)
	b.services.Accounts = account.New(account.Config{
		Store: wrapped[account.Store](b.db.Accounts(), b.plan.accounts), Hasher: hasher, Clock: b.clock,
		Memo: inmem.NewMemo(b.clock, 1000), Bus: b.bus,
	})
	t.Cleanup(func() { check(t, b.services.Accounts.Close()) })
	lifetimes := b.plan.sessions
	b.services.Sessions, err = session.New(session.Config{
		Store: b.db.Sessions(), Tx: b.db, Ring: b.ring, Clock: b.clock, Bus: b.bus, Memo: inmem.NewMemo(b.clock, 1000),
		Accounts: b.services.Accounts, Logger: b.log, AccessTTL: lifetimes.AccessTTL, SkeyTTL: lifetimes.SkeyTTL,
	})
	check(t, err)
	check(t, b.services.Sessions.Open(t.Context()))
	t.Cleanup(func() { check(t, b.services.Sessions.Close()) })
}

func (b builder) messages() {
	b.services.Robots = robot.New(robot.Config{
		Store: wrapped[robot.Store](b.db.Robots(), b.plan.robots), Ring: b.ring, Clock: b.clock, WebhookHosts: []string{b.boxURL},
	})
	b.services.Broadcasts = broadcast.New(broadcast.Config{
		Store: completing{wrapped[broadcast.Store](b.db.Broadcasts(), b.plan.broadcasts), b.completed}, Robots: b.services.Robots, Tx: b.db, Ring: b.ring,
		Clock: b.clock, Bus: b.bus, Logger: b.log, Exclusive: true,
		Sender: dingtalk.NewRobotSender(dingtalk.RobotConfig{BaseURL: b.boxURL, Clock: b.clock, HTTPClient: b.boxClient}),
	})
	b.services.Updates = broadcast.NewUpdates(broadcast.UpdatesConfig{Log: b.db.Broadcasts(), Bus: b.bus, Clock: b.clock, Group: b.edge, Logger: b.log})
	b.services.Events = event.New(event.Config{
		Store: wrapped[event.Store](b.db.Events(), b.plan.events), Clock: b.clock, Bus: b.bus, Group: b.edge, Logger: b.log,
	})
}

func (b builder) signIn(t testing.TB) map[string]httpapi.CallbackApp {
	t.Helper()
	c := b.box.Credentials()
	apps, err := platform.NewApps(nil, []platform.WechatApp{{Name: "sandbox", AppID: c.WeChat.AppID, AppSecret: secret.NewText(c.WeChat.AppSecret)}})
	check(t, err)
	var channels []factor.Channel
	if !b.plan.noGroupRobot {
		channels = append(channels, broadcast.NewGroupChannel(b.services.Broadcasts, "ops"))
	}
	otp := factor.New(factor.OTPConfig{
		Store: b.db.Challenges(), Tx: b.db, Ring: b.ring, Clock: b.clock, Accounts: b.services.Accounts, Limits: b.db.Limits(),
		Channels: channels, Ceilings: b.plan.codes,
	})
	factors := b.plan.factors
	if factors == nil {
		factors = []login.FactorName{login.Password, login.OTP}
	}
	b.services.Login = login.New(login.Config{
		Accounts: b.services.Accounts, Sessions: b.services.Sessions, OTP: otp, Tx: b.db, Limits: b.db.Limits(), Clock: b.clock,
		Wechat: wechat.NewClient(wechat.Config{BaseURL: b.boxURL, HTTPClient: b.boxClient}), Apps: apps,
		Cache: inmem.NewCache(b.clock, 1000), Lock: inmem.NewLocker(), Ring: b.ring,
		Factors: factors, RegisterRole: b.plan.registerRole, Ceilings: b.plan.ceilings,
	})
	return nil
}

// run starts the workers and stops them after the test.
func (b builder) run(t testing.TB) {
	t.Helper()
	for _, r := range b.box.Credentials().Robots {
		_, err := b.services.Robots.Create(t.Context(), authz.System(), robot.Input{
			Name: r.Name, Webhook: secret.NewText(r.AccessToken), Secret: secret.NewText(r.Secret), Keywords: r.Keywords,
		})
		check(t, err)
		b.clock.Advance(time.Millisecond) // ids sort by it
	}
	if !b.plan.unvisited {
		b.edge.Go("sockets", b.api.Run)
	}
	if b.plan.idle {
		return
	}
	workers := lifecycle.NewGroup(context.Background(), b.log)
	workers.Go("broadcasts", b.services.Broadcasts.Run)
	workers.Go("updates", b.services.Updates.Run)
	workers.Go("events", b.services.Events.Run)
	t.Cleanup(func() { check(t, workers.Stop(context.Background())) })
}

// credentials are how somebody signs in.
type credentials struct {
	Account account.Account
	Session session.Session
	Token   string
}

// person makes an account of the role and signs it in.
func (h *house) person(t testing.TB, name, phone string, role authz.Role) credentials {
	t.Helper()
	made, err := h.services.Accounts.Create(t.Context(), authz.System(), account.Draft{
		Username: name, Phone: phone, Password: password, Roles: []authz.Role{role},
	})
	check(t, err)
	return h.sessionOf(t, made)
}

func (h *house) sessionOf(t testing.TB, owner account.Account) credentials {
	t.Helper()
	grant, err := h.services.Sessions.CreateToken(t.Context(), authz.Actor{}, owner)
	check(t, err)
	return credentials{owner, grant.Session, grant.AccessToken}
}

const password = "correct horse battery"

func (h *house) admin(t testing.TB) credentials {
	t.Helper()
	return h.person(t, "boss", "+8613900000001", authz.Admin)
}

func (h *house) member(t testing.TB) credentials {
	t.Helper()
	return h.person(t, "clerk", "+8613900000002", authz.Member)
}

// robotID gives the id of one of the sandbox's robots.
func (h *house) robotID(t testing.TB, name string) string {
	t.Helper()
	found, ok, err := h.services.Robots.FindByName(t.Context(), name)
	check(t, err)
	if !ok {
		t.Fatalf("there is no robot %s", name)
	}
	return string(found.ID)
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code waits for a login code in the chat and reads it there, as the person would: the newest that
// mentions the phone, after the message with the given id.
func (h *house) code(t testing.TB, phone string, since int64) (code string, id int64) {
	t.Helper()
	for {
		for _, m := range h.box.Messages(sandbox.MessageFilter{Robot: "ops", Since: since}) {
			if bytes.Contains(m.Body, []byte(phone)) {
				return string(sixDigits.Find(m.Body)), m.ID
			}
		}
		await(t, "a message in the chat", h.completed)
	}
}

// patience bounds every wait for something that must come.
const patience = 20 * time.Second

func await[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// append writes a callback event into the log.
func (h *house) append(t testing.TB, eventType, key string, payload []byte) {
	t.Helper()
	check(t, h.services.Events.Append(t.Context(), event.Pushed{
		App: "sandbox", DedupeKey: key, Type: eventType, CorpID: "corp", OccurredAt: h.clock.Now(), Payload: payload,
	}))
}

// safeBuffer is a buffer for several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

var _ io.Writer = (*safeBuffer)(nil)

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
