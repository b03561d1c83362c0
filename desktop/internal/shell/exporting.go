package shell

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/posthouse/posthouse/desktop/internal/export"
)

const (
	// tokenPatience is how long the page may take to say who is signed in.
	tokenPatience = 5 * time.Second
	// titleEvery is how often, in events, the window's title counts on.
	titleEvery = 500
)

// exports is the export that runs, and the questions to the page that are open.
type exports struct {
	mu      sync.Mutex
	running bool
	cancel  context.CancelFunc
	written int
	waiting map[string]chan string
}

// Export asks for a file and writes the event log into it, as whoever is signed in on the page. While an
// export runs it offers to stop it.
func (s *Shell) Export() {
	t := textsOf(s.Language())
	title := t.say("export.title")
	if n, running := s.exporting(); running {
		if s.window.Ask(title, t.say("export.stop", "count", grouped(n))) {
			s.stopExport()
		}
		return
	}
	open := s.opened()
	if open == nil {
		s.window.Tell(Info, title, t.say("export.closed"))
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	if !s.beginExport(cancel) {
		return
	}
	defer s.endExport()
	// Whoever is not signed in need not think of a name first.
	if s.token(ctx) == "" {
		s.window.Tell(Warning, title, t.say("export.signed_out"))
		return
	}
	name := t.say("export.file", "time", s.cfg.Now().Format("20060102-1504"))
	path, err := s.window.SaveAs(title, name, t.say("export.filter"), "jsonl")
	if err != nil || path == "" {
		if err != nil {
			s.log.Warn("the dialog for saving failed", "error", err)
		}
		return
	}
	if filepath.Ext(path) == "" {
		path += ".jsonl"
	}
	// The token is asked for again: the dialog may have been open for longer than it lives.
	n, err := export.Write(ctx, export.Config{
		Handler: open.backend.Handler(), Token: s.token, Path: path, Progress: s.exportProgress, Now: s.cfg.Now,
	})
	s.endExport()
	s.tellExport(n, path, err)
}

func (s *Shell) tellExport(n int, path string, err error) {
	t := textsOf(s.Language())
	title := t.say("export.title")
	switch {
	case err == nil:
		s.log.Info("event log exported", "events", n)
		s.window.Tell(Info, title, t.say("export.done", "count", grouped(n), "path", path))
	case errors.Is(err, context.Canceled):
		s.window.Tell(Info, title, t.say("export.stopped"))
	case errors.Is(err, export.ErrSignedOut) && n > 0:
		s.window.Tell(Warning, title, t.say("export.session_ended"))
	case errors.Is(err, export.ErrSignedOut):
		s.window.Tell(Warning, title, t.say("export.signed_out"))
	case errors.Is(err, export.ErrForbidden):
		s.window.Tell(Warning, title, t.say("export.forbidden"))
	default:
		s.log.Warn("the export failed", "error", err)
		s.window.Tell(Failure, title, t.say("export.failed", "detail", err.Error()))
	}
}

// token asks the page for the access token of whoever is signed in; empty when nobody is, or the page
// does not answer.
func (s *Shell) token(ctx context.Context) string {
	nonce, answer := random(), make(chan string, 1)
	s.exports.mu.Lock()
	s.exports.waiting[nonce] = answer
	s.exports.mu.Unlock()
	defer func() {
		s.exports.mu.Lock()
		delete(s.exports.waiting, nonce)
		s.exports.mu.Unlock()
	}()
	s.window.Script(tokenScript(nonce))
	ctx, cancel := context.WithTimeout(ctx, tokenPatience)
	defer cancel()
	select {
	case token := <-answer:
		return token
	case <-ctx.Done():
		return ""
	}
}

// answerToken hands a token to whoever asked under the nonce; nobody else gets to hear one.
func (s *Shell) answerToken(nonce, token string) bool {
	s.exports.mu.Lock()
	defer s.exports.mu.Unlock()
	answer, asked := s.exports.waiting[nonce]
	if asked {
		delete(s.exports.waiting, nonce)
		answer <- token
	}
	return asked
}

func (s *Shell) beginExport(cancel context.CancelFunc) bool {
	s.exports.mu.Lock()
	defer s.exports.mu.Unlock()
	if s.exports.cancel != nil {
		return false
	}
	s.exports.cancel, s.exports.written = cancel, 0
	return true
}

// endExport may be called twice.
func (s *Shell) endExport() {
	s.exports.mu.Lock()
	was := s.exports.running
	s.exports.cancel, s.exports.running = nil, false
	s.exports.mu.Unlock()
	if was {
		s.retitle()
	}
}

func (s *Shell) exportProgress(written int) {
	s.exports.mu.Lock()
	tell := !s.exports.running || written/titleEvery != s.exports.written/titleEvery
	s.exports.running, s.exports.written = true, written
	s.exports.mu.Unlock()
	if tell {
		s.retitle()
	}
}

// exporting tells whether an export writes, and how much it has written.
func (s *Shell) exporting() (int, bool) {
	s.exports.mu.Lock()
	defer s.exports.mu.Unlock()
	return s.exports.written, s.exports.running
}

func (s *Shell) stopExport() {
	s.exports.mu.Lock()
	defer s.exports.mu.Unlock()
	if s.exports.cancel != nil {
		s.exports.cancel()
	}
}

// grouped writes a number with its thousands apart.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
