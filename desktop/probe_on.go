//go:build desktop && probe

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/posthouse/posthouse/desktop/internal/shell"
)

// The probe lets a test look into the window: each line of standard input is an expression, whose value is
// written to standard output as a line of JSON. A web view under test tells nothing by itself, and pictures
// are hard to read. It is in no program that anybody gets: the tag is the tests' own.

// addProbe takes scripts from standard input, and their values from whichever page is shown.
func addProbe(cfg *shell.Config, w *window) func(http.Handler) http.Handler {
	answer := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		value, err := io.ReadAll(r.Body)
		if err == nil {
			fmt.Println("probe " + string(value))
		}
		rw.WriteHeader(http.StatusNoContent)
	})
	cfg.Extra = map[string]http.Handler{"POST probe": answer}
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			// The page's policy forbids eval, so the expression becomes part of the script.
			w.Script(`(async () => {
  let value
  try { value = { value: (await (` + lines.Text() + `)) ?? null } } catch (problem) { value = { error: String(problem) } }
  fetch(location.protocol === 'http:' && location.hostname === '127.0.0.1' ? '/.desktop/probe' : '/probe', { method: 'POST', body: JSON.stringify(value) })
})()`)
		}
	}()
	return func(next http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("POST /probe", answer)
		mux.Handle("/", next)
		return mux
	}
}
