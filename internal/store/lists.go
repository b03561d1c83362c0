package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// listQuery is a query with a list of keys in it. SQL cannot take a list as one parameter on both
// engines, so the text exists in three sizes; a list is cut into chunks, and a chunk is filled up to
// the next size by repeating its last key, which changes nothing in an IN.
type listQuery struct {
	fixed int
	sizes []sizedQuery
}

type sizedQuery struct {
	size int
	*query
}

// listMark stands in a text where the placeholders go.
const listMark = "$LIST"

// listSizes, smallest first. Most lists are one key or a page of them.
func listSizes() []int { return []int{1, 20, 200} }

// readsList registers a query whose parameters $1…$fixed come first and whose IN ($LIST) takes keys.
func (db *DB) readsList(name, text string, fixed int) *listQuery {
	return newListQuery(db.reads, name, text, fixed)
}

// writesList is readsList for a query that changes rows.
func (db *DB) writesList(name, text string, fixed int) *listQuery {
	return newListQuery(db.writes, name, text, fixed)
}

func newListQuery(register func(name, text string) *query, name, text string, fixed int) *listQuery {
	l := &listQuery{fixed: fixed}
	for _, size := range listSizes() {
		sized := strings.ReplaceAll(text, listMark, placeholders(fixed+1, size))
		l.sizes = append(l.sizes, sizedQuery{size, register(fmt.Sprintf("%s (list of %d)", name, size), sized)})
	}
	return l
}

// placeholders gives "$from,$from+1,…", n of them.
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	return b.String()
}

// each runs the query for all keys, chunk by chunk; no keys, no query.
func (l *listQuery) each(ctx context.Context, keys []string, scan func(row) error, fixed ...any) error {
	if len(fixed) != l.fixed {
		return fmt.Errorf("store: %s takes %d fixed arguments, not %d", l.sizes[0].name, l.fixed, len(fixed))
	}
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	largest := l.sizes[len(l.sizes)-1].size
	for chunk := range slices.Chunk(keys, largest) {
		fit := l.sizes[slices.IndexFunc(l.sizes, func(s sizedQuery) bool { return s.size >= len(chunk) })]
		args := make([]any, 0, l.fixed+fit.size)
		args = append(args, fixed...)
		for i := range fit.size {
			args = append(args, chunk[min(i, len(chunk)-1)])
		}
		if err := fit.each(ctx, scan, args...); err != nil {
			return err
		}
	}
	return nil
}

// collectList gives every row for the keys, in no particular order across chunks.
func collectList[T any, K ~string](ctx context.Context, l *listQuery, keys []K, scan func(row) (T, error), fixed ...any) ([]T, error) {
	var all []T
	err := l.each(ctx, texts(keys), func(r row) error {
		one, err := scan(r)
		all = append(all, one)
		return err
	}, fixed...)
	return all, err
}

func texts[K ~string](keys []K) []string {
	plain := make([]string, len(keys))
	for i, k := range keys {
		plain[i] = string(k)
	}
	return plain
}

// rowsQuery inserts many rows with few statements: the text exists for three numbers of rows.
type rowsQuery struct {
	columns int
	sizes   []sizedQuery
}

// insertsRows registers an insert; head is the text up to and without VALUES.
func (db *DB) insertsRows(name, head string, columns int) *rowsQuery {
	q := &rowsQuery{columns: columns}
	for _, size := range []int{50, 8, 1} {
		var b strings.Builder
		b.WriteString(head)
		b.WriteString(" VALUES ")
		for i := range size {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString("(" + placeholders(i*columns+1, columns) + ")")
		}
		q.sizes = append(q.sizes, sizedQuery{size, db.writes(fmt.Sprintf("%s (%d rows)", name, size), b.String())})
	}
	return q
}

// exec inserts n rows; values gives the columns of row i.
func (q *rowsQuery) exec(ctx context.Context, n int, values func(i int) []any) error {
	done := 0
	for _, sized := range q.sizes {
		for n-done >= sized.size {
			args := make([]any, 0, sized.size*q.columns)
			for range sized.size {
				args = append(args, values(done)...)
				done++
			}
			if _, err := sized.query.exec(ctx, args...); err != nil {
				return err
			}
		}
	}
	return nil
}
