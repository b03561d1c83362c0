package backend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/posthouse/posthouse/server"
)

// SettingsFile in the data folder may hold the server's settings, as the configuration file of the
// command does: platform apps, factors, an address to listen on for the platforms' pushes.
const SettingsFile = "posthouse.yaml"

// LocalConfig says where a Posthouse of this computer lives.
type LocalConfig struct {
	// DataDir is made when it is missing.
	DataDir string
	// Sandbox runs it against a local DingTalk and WeChat.
	Sandbox bool
	// UI is another build of the admin app than the one inside this program; for tests.
	UI     fs.FS
	Logger *slog.Logger
}

// local is a server in this process, with or without a sandbox beside it.
type local struct {
	dir string
	srv *server.Server
	box *simulator
}

// OpenLocal opens the folder. Its errors are Problems.
func OpenLocal(ctx context.Context, cfg LocalConfig) (Backend, error) {
	l, err := openLocal(ctx, cfg)
	if err != nil {
		return nil, Explain(err, cfg.DataDir)
	}
	return l, nil
}

func openLocal(ctx context.Context, cfg LocalConfig) (_ *local, err error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, err
	}
	set, err := readSettings(cfg.DataDir)
	if err != nil {
		return nil, &Problem{Kind: SettingsInvalid, Place: filepath.Join(cfg.DataDir, SettingsFile), cause: err}
	}
	set.DataDir, set.Logger, set.UI = cfg.DataDir, cfg.Logger, cfg.UI
	l := &local{dir: cfg.DataDir}
	defer func() {
		if err != nil {
			_ = l.Close()
		}
	}()
	if cfg.Sandbox {
		if l.box, err = openSimulator(ctx, cfg.Logger); err != nil {
			return nil, err
		}
		set = l.box.applied(set)
	} else if len(set.Login.Factors) == 0 {
		// On a fresh computer there is no robot yet that could bring a code, and nobody but the person at
		// the window gets as far as the sign-in.
		set.Login.Factors = []string{"PASSWORD"}
	}
	if err := set.Validate(); err != nil {
		return nil, &Problem{Kind: SettingsInvalid, Place: filepath.Join(cfg.DataDir, SettingsFile), cause: err}
	}
	if l.srv, err = server.New(ctx, set); err != nil {
		return nil, err
	}
	if !l.srv.HasUI() {
		return nil, &Problem{Kind: BuiltWithoutApp, Place: cfg.DataDir}
	}
	return l, nil
}

// readSettings gives the settings of the folder, or none.
func readSettings(dir string) (server.Config, error) {
	var set server.Config
	text, err := os.ReadFile(filepath.Join(dir, SettingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return set, nil
	}
	if err != nil {
		return set, err
	}
	err = yaml.NewDecoder(bytes.NewReader(text), yaml.DisallowUnknownField()).Decode(&set)
	if err != nil && !errors.Is(err, io.EOF) {
		// Line and column, but nothing of the file, which may hold secrets.
		return set, errors.New(strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	if set.DataDir != "" && set.DataDir != dir {
		return set, fmt.Errorf("data: this file lies in the data folder, so it cannot name another one")
	}
	return set, nil
}

// Handler implements Backend.
func (l *local) Handler() http.Handler {
	if l.box == nil {
		return l.srv.Handler()
	}
	mux := http.NewServeMux()
	mux.Handle("/sandbox/", l.box.sandbox.Handler())
	mux.Handle("/", l.srv.Handler())
	return mux
}

// Introduce implements Backend.
func (l *local) Introduce(ctx context.Context, callback func(app string) string) error {
	if l.box == nil {
		return nil
	}
	return l.box.introduce(ctx, l.srv, callback(sandboxApp))
}

// Run implements Backend.
func (l *local) Run(ctx context.Context) error {
	if l.box == nil {
		return l.srv.Run(ctx)
	}
	// The sandbox goes last: the server may be about to tell it something.
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	play, stopPlay := context.WithCancel(context.WithoutCancel(ctx))
	defer stopPlay()
	ended := make(chan error, 1)
	go func() {
		defer stop()
		ended <- l.box.run(play)
	}()
	err := l.srv.Run(ctx)
	stopPlay()
	return errors.Join(err, <-ended)
}

// Close implements Backend.
func (l *local) Close() error {
	var all []error
	if l.srv != nil {
		all = append(all, l.srv.Close())
	}
	if l.box != nil {
		all = append(all, l.box.close())
	}
	return errors.Join(all...)
}

// FirstPage implements Backend.
func (l *local) FirstPage(ctx context.Context) (string, error) {
	path, needed, err := l.srv.SetUpPath(ctx)
	if err != nil || !needed {
		return "/", err
	}
	return path.Reveal(), nil
}

// Place implements Backend.
func (l *local) Place() string { return l.dir }
