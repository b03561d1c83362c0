package sandbox

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Config says how a Sandbox runs. The zero value works.
type Config struct {
	// Now is the clock beneath the sandbox's own; Advance adds an offset to
	// it. Default time.Now.
	Now func() time.Time
	// Logger receives what the pusher does. Default: nothing is logged.
	Logger *slog.Logger
	// BaseURL is how the sandbox names itself in the webhook links it shows,
	// such as http://127.0.0.1:8090. Default: the Host of the request.
	BaseURL string
	// HTTPClient pushes events. Its redirect policy is replaced: a redirect is
	// a failed push. Default: a client of the sandbox's own.
	HTTPClient *http.Client
	// Options are the platform's habits to begin with; see Options.
	Options Options
	// Page is the build of the page at /sandbox/: index.html and what it loads,
	// beside a file the same one with .br or .gz behind its name. What lies in
	// assets/ never changes. Default: a page that lists the control API's calls.
	Page fs.FS
}

// Sandbox is one simulated company with its robots, app and mini-program. Use
// New. All methods are safe for concurrent use.
type Sandbox struct {
	cfg     Config
	log     *slog.Logger
	clock   *clock
	options *optionBox
	faults  *faultBox
	company company
	creds   Credentials
	startID string

	robots   *robotBox
	appRobot *appRobotBox
	messages *messageBox
	tokens   *dingtalkTokens
	wechat   *wechatBox
	pusher   *pusher

	closeOnce sync.Once
	closed    chan struct{}
}

// New builds a sandbox and starts nothing. It fails when the configuration does
// not hold.
func New(cfg Config) (*Sandbox, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.BaseURL != "" {
		u, err := url.Parse(cfg.BaseURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return nil, errors.New("sandbox: BaseURL must be an absolute http or https address")
		}
		cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	}
	options, err := newOptionBox(cfg.Options)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{
		cfg:     cfg,
		log:     cfg.Logger,
		clock:   newClock(cfg.Now),
		options: options,
		faults:  &faultBox{},
		company: seedCompany(),
		creds:   seedCredentials(),
		startID: randomHex(8),
		closed:  make(chan struct{}),
	}
	s.robots = newRobotBox()
	for _, r := range seedRobots() {
		if err := s.robots.add(r); err != nil {
			return nil, err
		}
	}
	s.appRobot = newAppRobotBox()
	s.messages = newMessageBox()
	s.tokens = &dingtalkTokens{}
	s.wechat = newWechatBox()
	s.pusher = newPusher(s)
	return s, nil
}

// Run makes the retries of failed event pushes until ctx ends or Close is
// called, and returns nil then. Everything else works without it: the first
// attempt of every push is made by PushEvent itself. Only one Run may be active;
// a second one returns an error at once.
func (s *Sandbox) Run(ctx context.Context) error {
	return s.pusher.run(ctx, s.closed)
}

// Close ends Run and releases every caller that waits for a retry or inside a
// slow answer. It may be called more than once and returns nil.
func (s *Sandbox) Close() error {
	s.closeOnce.Do(func() {
		close(s.closed)
		if s.cfg.HTTPClient == nil {
			s.pusher.client.CloseIdleConnections()
		}
	})
	return nil
}

// Now is the sandbox's clock: Config.Now plus everything Advance added.
func (s *Sandbox) Now() time.Time { return s.clock.now() }

// Advance moves the sandbox's clock forward by d. Whatever falls due meanwhile
// (token expiry, the end of a ban, retries of pushes) happens at once. The clock
// never goes back: a d of zero or less does nothing.
func (s *Sandbox) Advance(d time.Duration) { s.clock.advance(d) }

// Credentials returns what a client of the sandbox must be configured with. The
// answer is the same at every start, apart from robots added by AddRobot.
func (s *Sandbox) Credentials() Credentials {
	c := s.creds
	c.Robots = s.robots.credentials()
	return c
}

// Handler answers everything: platform paths at the root, the page under
// /sandbox/, the control API under /sandbox/api/.
func (s *Sandbox) Handler() http.Handler {
	control := s.controlHandler()
	platform := s.platformRoutes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		switch {
		case path == "/sandbox" || strings.HasPrefix(path, "/sandbox/"):
			control.ServeHTTP(w, r)
		case path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			http.Redirect(w, r, "/sandbox/", http.StatusFound)
		default:
			s.servePlatform(platform, w, r)
		}
	})
}

// call is one request to a platform path, with what a fault asked of it.
type call struct {
	duplicate bool
}

type platformFunc func(w http.ResponseWriter, r *http.Request, c call)

func (s *Sandbox) platformRoutes() map[string]platformFunc {
	return map[string]platformFunc{
		robotSendPath:                      s.robotSend,
		"/gettoken":                        s.oldToken,
		"/v1.0/oauth2/accessToken":         s.newToken,
		sessionSendPath:                    s.sessionSend,
		privateSendPath:                    s.privateSend,
		groupSendPath:                      s.groupSend,
		failedResultPath:                   s.failedResult,
		"/sns/jscode2session":              s.code2Session,
		"/cgi-bin/token":                   s.wechatToken,
		"/cgi-bin/stable_token":            s.wechatStableToken,
		"/wxa/business/getuserphonenumber": s.wechatPhoneNumber,
	}
}

func (s *Sandbox) servePlatform(routes map[string]platformFunc, w http.ResponseWriter, r *http.Request) {
	serve, known := routes[r.URL.Path]
	if !known {
		if _, ok := unifiedTokenCorp(r.URL.Path); ok {
			serve = s.unifiedToken
		} else {
			serve = s.unknownPath
		}
	}
	fault, ok := s.faults.take(r.URL.Path)
	if !ok {
		serve(w, r, call{})
		return
	}
	s.serveFault(fault, serve, w, r)
}
