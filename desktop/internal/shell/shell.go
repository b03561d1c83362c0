package shell

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/posthouse/posthouse/desktop/internal/backend"
)

// Config of a Shell.
type Config struct {
	// Dir is the program's folder: settings, log, and the data unless DataDir names another place.
	Dir string
	// DataDir of the Local mode; default "data" in Dir.
	DataDir string
	// First is what to open in place of what was open last; empty for that.
	First Choice
	// SystemLanguages are tags such as "zh_CN.UTF-8", the best first.
	SystemLanguages []string
	// Version of the program and its LogFile, for people to pass on.
	Version, LogFile string
	Window           Window
	// UI is another build of the admin app than the one inside this program; for tests.
	UI fs.FS
	// Extra are more handlers for the page's requests, as in guard.Config; for tests.
	Extra  map[string]http.Handler
	Logger *slog.Logger
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Choice is what somebody wants to open.
type Choice struct {
	Mode backend.Mode `json:"mode"`
	// Address of the server, in Remote mode; Plain lets it be one without encryption.
	Address string `json:"address"`
	Plain   bool   `json:"plain"`
}

// view is which of its own pages the shell shows.
type view string

const (
	viewStart   view = "start"
	viewOpening view = "opening"
	viewProblem view = "problem"
)

// Shell surrounds the app in its window. Methods are safe for concurrent use.
type Shell struct {
	cfg    Config
	window Window
	log    *slog.Logger
	key    string
	ctx    context.Context
	end    context.CancelFunc
	tasks  sync.WaitGroup

	// opening lets one thing be opened or closed at a time; abort ends what is just being opened.
	opening sync.Mutex

	mu       sync.Mutex
	settings Settings
	view     view
	choice   Choice
	problem  *backend.Problem
	current  *session
	abort    context.CancelFunc
	exports  exports
}

// New makes the shell and opens nothing. Call Close in the end.
func New(cfg Config) *Shell {
	if cfg.DataDir == "" {
		cfg.DataDir = filepath.Join(cfg.Dir, "data")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	settings, err := loadSettings(cfg.Dir)
	if err != nil {
		cfg.Logger.Warn("the window's settings cannot be read; beginning anew", "error", err)
	}
	ctx, end := context.WithCancel(context.Background())
	s := &Shell{cfg: cfg, window: cfg.Window, log: cfg.Logger, key: random(), ctx: ctx, end: end, settings: settings, view: viewStart}
	s.exports.waiting = map[string]chan string{}
	s.choice = Choice{settings.Mode, settings.Address, settings.Plain}
	if cfg.First.Mode != "" {
		s.choice = cfg.First
	}
	if s.choice.Mode != "" {
		s.view = viewOpening
	}
	return s
}

// Settings are those of now.
func (s *Shell) Settings() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings
}

// RememberPlace keeps where the window is. Of one that is maximised it keeps where it was before.
func (s *Shell) RememberPlace(p Place) {
	s.change(func(set *Settings) {
		if p.Maximised && set.Window.Width > 0 {
			p.Rect = set.Window.Rect
		}
		set.Window = p
	})
}

// Zoom of the page, in per cent.
func (s *Shell) Zoom() int { return s.Settings().zoom() }

// Language is zh-CN or en.
func (s *Shell) Language() string {
	return PickLanguage(s.Settings().Language, s.cfg.SystemLanguages...)
}

// ChooseLanguage changes the language of the window and of the page in it.
func (s *Shell) ChooseLanguage(language string) {
	if PickLanguage(language) != language || language == s.Language() {
		return
	}
	s.change(func(set *Settings) { set.Language = language })
	s.retitle()
	s.window.Relabel()
	script := "location.reload()"
	if s.opened() != nil {
		script = languageScript(language) + script
	}
	s.window.Script(script)
}

// change changes the settings and keeps them. A disk that is full does not keep the window from working.
func (s *Shell) change(how func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, _ := json.Marshal(s.settings)
	how(&s.settings)
	after, _ := json.Marshal(s.settings)
	if string(before) == string(after) {
		return
	}
	if err := s.settings.save(s.cfg.Dir); err != nil {
		s.log.Warn("the window's settings cannot be kept", "error", err)
	}
}

func (s *Shell) set(v view, choice Choice, p *backend.Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view, s.choice, s.problem = v, choice, p
}

func (s *Shell) chosen() Choice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.choice
}

func (s *Shell) opened() *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// Title of the window.
func (s *Shell) Title() string {
	t := textsOf(s.Language())
	if n, running := s.exporting(); running {
		return t.say("app.exporting", "count", grouped(n))
	}
	open := s.opened()
	if open == nil {
		return t.say("app.name")
	}
	place := t.say("mode." + string(open.mode))
	if open.mode == backend.Remote {
		if u, err := backend.ParseAddress(open.backend.Place()); err == nil {
			place = u.Host
		}
	}
	return t.say("app.title", "place", place)
}

func (s *Shell) retitle() { s.window.SetTitle(s.Title()) }
