package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/desktop/internal/export"
)

var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// house is a log of n events, one a second from start on, behind GraphQL.
type house struct {
	n       int
	payload string

	mu    sync.Mutex
	sizes []int
	after func(asked int)
	plain string                 // answered instead, if set
	good  func(asked int) string // the token that is taken; "good" if nil
}

// tokens gives one after the other, the last one again and again.
func tokens(list ...string) func(context.Context) string {
	return func(context.Context) string {
		next := list[0]
		if len(list) > 1 {
			list = list[1:]
		}
		return next
	}
}

func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Query     string
		Variables struct {
			First int
			After string
		}
	}
	raw, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(raw, &body); err != nil || r.URL.Path != "/graphql" || !strings.Contains(body.Query, "callbackEventLog") {
		http.Error(w, "not understood", http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.sizes = append(h.sizes, body.Variables.First)
	asked := len(h.sizes)
	h.mu.Unlock()
	if h.after != nil {
		h.after(asked)
	}
	if h.plain != "" {
		_, _ = io.WriteString(w, h.plain)
		return
	}
	good := "good"
	if h.good != nil {
		good = h.good(asked)
	}
	if r.Header.Get("Authorization") != "Bearer "+good {
		_, _ = io.WriteString(w, `{"data":null,"errors":[{"message":"no","extensions":{"code":"UNAUTHENTICATED","reason":"session.expired"}}]}`)
		return
	}
	from, _ := strconv.Atoi(body.Variables.After)
	to := min(from+body.Variables.First, h.n)
	var nodes []string
	for i := from; i < to; i++ {
		nodes = append(nodes, fmt.Sprintf(`{
			"cursor": "%d", "type": "bpms", "receivedAt": %q, "payload": {"text": %q}}`,
			i+1, start.Add(time.Duration(i)*time.Second).Format(time.RFC3339Nano), h.payload))
	}
	_, _ = fmt.Fprintf(w, `{"data":{"callbackEventLog":{"nodes":[%s],"pageInfo":{"hasNextPage":%t,"endCursor":"%d"}}}}`,
		strings.Join(nodes, ","), to < h.n, to)
}

func (h *house) config(t *testing.T) export.Config {
	t.Helper()
	return export.Config{
		Handler: h, Token: tokens("good"), Path: filepath.Join(t.TempDir(), "events.jsonl"),
		Now: func() time.Time { return start.Add(time.Hour) },
	}
}

// lines reads the file and checks that each is an event in its turn.
func lines(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		var event struct {
			Cursor  string
			Payload struct{ Text string }
		}
		if err := json.Unmarshal(line, &event); err != nil || event.Cursor != strconv.Itoa(n) {
			t.Fatalf("line %d: %.80s: %v", n, line, err)
		}
	}
	return n
}

// leftovers are files beside the one that was asked for.
func leftovers(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != filepath.Base(path) {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestTheWholeLogIsWrittenInOrderOneEventALine(t *testing.T) {
	t.Parallel()
	h := &house{n: 1234, payload: "第一行\n第二行 <b>🏮</b>"}
	cfg := h.config(t)
	var heard []int
	cfg.Progress = func(n int) { heard = append(heard, n) }
	n, err := export.Write(t.Context(), cfg)
	if err != nil || n != 1234 {
		t.Fatalf("%d events, %v", n, err)
	}
	if got := lines(t, cfg.Path); got != 1234 {
		t.Errorf("%d lines", got)
	}
	if heard[0] != 20 || heard[len(heard)-1] != 1234 {
		t.Errorf("progress %v", heard)
	}
	if rest := leftovers(t, cfg.Path); len(rest) > 0 {
		t.Errorf("left behind: %v", rest)
	}
	if info, err := os.Stat(cfg.Path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others can read the file: %v %v", info.Mode(), err)
	}
}

func TestAnExportOutlivesTheTokensOfItsSession(t *testing.T) {
	t.Parallel()
	// The third question is refused and asked again with the next token; so is the fifth.
	h := &house{n: 500, good: func(asked int) string {
		return []string{"first", "first", "second", "second", "third"}[min(asked, 5)-1]
	}}
	cfg := h.config(t)
	cfg.Token = tokens("first", "second", "third")
	if n, err := export.Write(t.Context(), cfg); n != 500 || err != nil {
		t.Fatalf("%d events, %v", n, err)
	}
	if got := lines(t, cfg.Path); got != 500 {
		t.Errorf("%d lines", got)
	}
}

func TestPagesFollowTheWeightOfTheEvents(t *testing.T) {
	t.Parallel()
	light := &house{n: 1000, payload: "x"}
	if _, err := export.Write(t.Context(), light.config(t)); err != nil {
		t.Fatal(err)
	}
	if got := light.sizes[len(light.sizes)-1]; got != 200 {
		t.Errorf("light events in pages of %v", light.sizes)
	}
	heavy := &house{n: 24, payload: strings.Repeat("x", 300_000)}
	if _, err := export.Write(t.Context(), heavy.config(t)); err != nil {
		t.Fatal(err)
	}
	if got := heavy.sizes[1]; got != 3 {
		t.Errorf("heavy events in pages of %v", heavy.sizes)
	}
}

func TestAnEmptyLogIsAnEmptyFile(t *testing.T) {
	t.Parallel()
	cfg := (&house{}).config(t)
	if n, err := export.Write(t.Context(), cfg); n != 0 || err != nil || lines(t, cfg.Path) != 0 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestABusyLogComesToAnEnd(t *testing.T) {
	t.Parallel()
	h := &house{n: 100_000}
	cfg := h.config(t)
	cfg.Now = func() time.Time { return start.Add(100 * time.Second) }
	n, err := export.Write(t.Context(), cfg)
	if err != nil || n < 101 || n > 400 {
		t.Errorf("%d events, %v", n, err)
	}
}

func TestWhatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		ctx    context.Context
		house  *house
		change func(*export.Config)
		want   error
	}{
		"nobody signed in":  {t.Context(), &house{n: 9}, func(c *export.Config) { c.Token = tokens("") }, export.ErrSignedOut},
		"the session ended": {t.Context(), &house{n: 9}, func(c *export.Config) { c.Token = tokens("old") }, export.ErrSignedOut},
		"it ended under way": {t.Context(), &house{n: 999, good: func(asked int) string {
			if asked < 3 {
				return "good"
			}
			return "another"
		}}, nil, export.ErrSignedOut},
		"a member":           {t.Context(), &house{plain: `{"errors":[{"message":"no","extensions":{"code":"FORBIDDEN"}}]}`}, nil, export.ErrForbidden},
		"an error":           {t.Context(), &house{plain: `{"errors":[{"message":"no","extensions":{"code":"INTERNAL"}}]}`}, nil, export.ErrServer},
		"a proxy's page":     {t.Context(), &house{plain: `<html>`}, nil, export.ErrServer},
		"nothing":            {t.Context(), &house{plain: `{}`}, nil, export.ErrServer},
		"a page without end": {t.Context(), &house{plain: `{"data":{"callbackEventLog":{"nodes":[],"pageInfo":{"hasNextPage":true}}}}`}, nil, export.ErrServer},
		"no such folder":     {t.Context(), &house{n: 9}, func(c *export.Config) { c.Path = filepath.Join(filepath.Dir(c.Path), "no", "x.jsonl") }, os.ErrNotExist},
		"the window closed": {ctx, &house{n: 9999, after: func(asked int) {
			if asked == 3 {
				cancel()
			}
		}}, nil, context.Canceled},
	} {
		cfg := c.house.config(t)
		if err := os.WriteFile(cfg.Path, []byte("what was there"), 0o600); err != nil {
			t.Fatal(err)
		}
		kept := cfg.Path
		if c.change != nil {
			c.change(&cfg)
		}
		if _, err := export.Write(c.ctx, cfg); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if text, _ := os.ReadFile(kept); string(text) != "what was there" {
			t.Errorf("%s: the file is now %q", name, text)
		}
		if rest := leftovers(t, kept); len(rest) > 0 {
			t.Errorf("%s left behind %v", name, rest)
		}
	}
}
