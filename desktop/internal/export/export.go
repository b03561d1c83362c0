package export

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	// firstPage is how many events are asked for at first; what a page weighs decides the next.
	firstPage = 20
	// maxPage is the most the API gives.
	maxPage = 200
	// pageBytes is what a page should weigh, so that neither many small nor few large events cost much.
	pageBytes = 1 << 20
)

// Config of one export.
type Config struct {
	// Handler answers /graphql.
	Handler http.Handler
	// Token gives the access token of whoever asked, as it is now; empty when nobody is signed in. It is asked
	// again when the server takes the one before no more: a long export outlives it.
	Token func(ctx context.Context) string
	// Path of the file. What is there stays until everything is written, then it is replaced at once.
	Path string
	// Progress hears after each page how many events were written; may be nil.
	Progress func(written int)
	// Now is the clock; default time.Now. Events received later than the beginning are left out, so that
	// an export of a busy log comes to an end.
	Now func() time.Time
}

type exporter struct {
	Config
	token string
}

// Write exports the log and tells how many events were written. When it fails, or ctx ends, nothing has
// changed at Path. Errors: ErrSignedOut, ErrForbidden, ErrServer, or what the disk said.
func Write(ctx context.Context, cfg Config) (written int, err error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	e := &exporter{Config: cfg, token: cfg.Token(ctx)}
	if e.token == "" {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return 0, ErrSignedOut
	}
	// The first page before the first file: those who may not read the log leave no trace.
	begun := cfg.Now()
	first, err := e.page(ctx, firstPage, "")
	if err != nil {
		return 0, err
	}
	// In the same folder, for a file is renamed at once within one file system only.
	file, err := os.CreateTemp(filepath.Dir(cfg.Path), "."+filepath.Base(cfg.Path)+".*.part")
	if err != nil {
		return 0, fmt.Errorf("cannot write beside %s: %w", cfg.Path, err)
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	if written, err = e.pages(ctx, file, first, begun); err != nil {
		return written, err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return written, err
	}
	return written, os.Rename(file.Name(), cfg.Path)
}

// pages writes the first page and all that follow.
func (e *exporter) pages(ctx context.Context, file *os.File, p page, begun time.Time) (int, error) {
	out := bufio.NewWriterSize(file, 256<<10)
	written, size := 0, firstPage
	for {
		for _, node := range p.nodes {
			if err := writeLine(out, node); err != nil {
				return written, err
			}
			written++
		}
		if e.Progress != nil {
			e.Progress(written)
		}
		if !p.hasNext || p.last.After(begun) {
			return written, out.Flush()
		}
		size = nextSize(p, size)
		next, err := e.page(ctx, size, p.end)
		if err != nil {
			return written, err
		}
		p = next
	}
}

// page asks for one; with the next token where the one at hand has run out.
func (e *exporter) page(ctx context.Context, first int, after string) (page, error) {
	p, err := e.ask(ctx, first, after)
	if !errors.Is(err, ErrSignedOut) {
		return p, err
	}
	next := e.Token(ctx)
	if err := ctx.Err(); err != nil {
		return page{}, err
	}
	if next == "" || next == e.token {
		return page{}, err
	}
	e.token = next
	return e.ask(ctx, first, after)
}

// nextSize aims at pages of pageBytes, and grows by steps, for the events to come may be larger.
func nextSize(p page, size int) int {
	each := max(1, p.bytes/max(1, len(p.nodes)))
	return min(max(1, pageBytes/each), 2*size, maxPage)
}

// writeLine writes an event as it came, on one line.
func writeLine(out *bufio.Writer, node json.RawMessage) error {
	var line bytes.Buffer
	if err := json.Compact(&line, node); err != nil {
		return err
	}
	line.WriteByte('\n')
	_, err := out.Write(line.Bytes())
	return err
}
