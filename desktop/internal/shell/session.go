package shell

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/posthouse/posthouse/desktop/internal/backend"
	"github.com/posthouse/posthouse/desktop/internal/guard"
)

// session is what is open: a backend behind a door.
type session struct {
	mode    backend.Mode
	backend backend.Backend
	door    *guard.Door
	stop    context.CancelFunc
	ended   chan struct{}
}

// Open opens what was chosen in place of what is open, and gives the address at which the window finds it.
// It gives neither address nor problem when Choose or Switch was called meanwhile.
func (s *Shell) Open(choice Choice) (entrance string, problem *backend.Problem) {
	s.opening.Lock()
	defer s.opening.Unlock()
	s.leave()
	s.set(viewOpening, choice, nil)
	opened, aborted, err := s.start(choice)
	if aborted {
		s.set(viewStart, choice, nil)
		return "", nil
	}
	if err != nil {
		problem = backend.Explain(err, s.placeOf(choice))
		s.log.Warn("cannot open", "mode", choice.Mode, "error", problem)
		s.set(viewProblem, choice, problem)
		return "", problem
	}
	s.mu.Lock()
	s.current = opened
	s.mu.Unlock()
	s.change(func(set *Settings) {
		if choice.Mode == backend.Remote {
			*set = set.remembering(opened.backend.Place(), choice.Plain)
		}
		set.Mode, set.Port = choice.Mode, opened.door.Port()
	})
	s.retitle()
	first, err := opened.backend.FirstPage(s.ctx)
	if err != nil {
		s.log.Warn("the first page is not known", "error", err) // the sign-in knows what to do
		first = "/"
	}
	return opened.door.Entrance(first), nil
}

// start makes a session and its goroutines, which watch ends.
func (s *Shell) start(choice Choice) (opened *session, aborted bool, err error) {
	ctx, stop := context.WithCancel(s.ctx)
	s.setAbort(stop)
	opened, err = s.connect(ctx, choice)
	s.setAbort(nil)
	if err == nil && ctx.Err() != nil {
		err = errors.Join(opened.door.Close(), opened.backend.Close())
	}
	if ctx.Err() != nil {
		stop()
		return nil, true, err
	}
	if err != nil {
		stop()
		return nil, false, err
	}
	opened.stop, opened.ended = stop, make(chan struct{})
	go s.watch(ctx, opened, choice)
	return opened, false, nil
}

// connect makes a backend and the door before it.
func (s *Shell) connect(ctx context.Context, choice Choice) (*session, error) {
	b, err := s.open(ctx, choice)
	if err != nil {
		return nil, err
	}
	door, err := guard.Open(ctx, guard.Config{
		Handler: b.Handler(), Port: s.Settings().Port, Pushes: choice.Mode == backend.Sandbox, Extra: s.pageHandlers(),
		Prelude: s.prelude, Logger: s.log,
	})
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if err := b.Introduce(ctx, door.CallbackURL); err != nil {
		return nil, errors.Join(err, door.Close(), b.Close())
	}
	return &session{mode: choice.Mode, backend: b, door: door}, nil
}

func (s *Shell) setAbort(abort context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abort = abort
}

func (s *Shell) open(ctx context.Context, choice Choice) (backend.Backend, error) {
	switch choice.Mode {
	case backend.Local:
		return backend.OpenLocal(ctx, backend.LocalConfig{DataDir: s.cfg.DataDir, UI: s.cfg.UI, Logger: s.log})
	case backend.Sandbox:
		return backend.OpenLocal(ctx, backend.LocalConfig{DataDir: s.sandboxDir(), Sandbox: true, UI: s.cfg.UI, Logger: s.log})
	case backend.Remote:
		return backend.OpenRemote(ctx, backend.RemoteConfig{Address: choice.Address, AllowPlain: choice.Plain, Logger: s.log, Failed: s.serveGone})
	}
	return nil, errors.New("shell: nothing was chosen")
}

func (s *Shell) sandboxDir() string { return filepath.Join(s.cfg.Dir, "sandbox") }

func (s *Shell) placeOf(choice Choice) string {
	switch choice.Mode {
	case backend.Remote:
		return choice.Address
	case backend.Sandbox:
		return s.sandboxDir()
	}
	return s.cfg.DataDir
}

// watch runs a session to its end. One that ends by itself leaves its reason on the shell's page.
func (s *Shell) watch(ctx context.Context, o *session, choice Choice) {
	defer close(o.ended)
	ended := make(chan error, 2)
	go func() { ended <- o.backend.Run(ctx) }()
	go func() { ended <- o.door.Run(ctx) }()
	failure := <-ended
	failed := ctx.Err() == nil
	o.stop()
	failure = errors.Join(failure, <-ended, o.backend.Close())
	if !failed {
		if failure != nil {
			s.log.Warn("stopping was not orderly", "error", failure)
		}
		return
	}
	if failure == nil {
		failure = errors.New("it ended without a reason")
	}
	s.log.Error("what the window shows has stopped", "error", failure)
	problem := backend.Explain(failure, o.backend.Place())
	if problem.Kind != backend.DataFull && problem.Kind != backend.DataReadOnly {
		problem = backend.NewProblem(backend.Stopped, problem.Place, failure)
	}
	s.mu.Lock()
	mine := s.current == o
	if mine {
		s.current = nil
	}
	s.mu.Unlock()
	if mine {
		s.set(viewProblem, choice, problem)
		s.retitle()
		s.window.ShowShell()
	}
}

// leave ends what is open and waits for it.
func (s *Shell) leave() {
	s.mu.Lock()
	old := s.current
	s.current = nil
	s.mu.Unlock()
	if old != nil {
		s.stopExport()
		old.stop()
		<-old.ended
	}
}

// Switch closes what is open and shows the choice.
func (s *Shell) Switch() {
	// The window first: it would show its own page of a server that is gone.
	s.set(viewStart, s.chosen(), nil)
	s.window.ShowShell()
	s.Choose()
}

// Choose closes what is open, or just being opened, for the choice on the shell's page.
func (s *Shell) Choose() {
	s.mu.Lock()
	if s.abort != nil {
		s.abort()
	}
	s.mu.Unlock()
	s.opening.Lock()
	defer s.opening.Unlock()
	s.leave()
	s.set(viewStart, s.chosen(), nil)
	s.retitle()
}

// Close ends everything the shell has begun, and remembers the settings.
func (s *Shell) Close() {
	s.end() // also what is just being opened
	s.opening.Lock()
	s.leave()
	s.opening.Unlock()
	s.tasks.Wait()
}
