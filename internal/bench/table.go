package main

import (
	"bufio"
	"fmt"
	"io"
	"time"
)

// table gathers what was measured.
type table struct{ rows []row }

// row is one line. met is nil for what has no budget.
type row struct {
	what, measured, budget string
	met                    *bool
}

func newTable() *table { return &table{} }

// judged adds a line with a budget.
func (t *table) judged(met bool, what, budget, format string, args ...any) {
	t.rows = append(t.rows, row{what, fmt.Sprintf(format, args...), budget, &met})
}

// told adds a line without one.
func (t *table) told(what, format string, args ...any) {
	t.rows = append(t.rows, row{what: what, measured: fmt.Sprintf(format, args...)})
}

// print writes Markdown.
func (t *table) print(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "| what | measured | budget | met |\n|---|---|---|---|\n")
	for _, r := range t.rows {
		met := ""
		if r.met != nil {
			met = map[bool]string{true: "yes", false: "**no**"}[*r.met]
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", r.what, r.measured, r.budget, met)
	}
	return out.Flush()
}

// ms shows a duration in milliseconds.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

// mib shows a size in bytes.
func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
