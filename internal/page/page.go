package page

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/posthouse/posthouse/internal/errs"
)

// Sizes of a page.
const (
	DefaultFirst = 20
	MaxFirst     = 200
)

// ErrCursor is what a cursor that we did not make gives: INVALID, page.cursor_invalid.
var ErrCursor = errs.New(errs.Invalid, "page.cursor_invalid", "This cursor was not given out by this server.")

// ErrFirst is what an impossible page size gives: INVALID, page.first_invalid.
var ErrFirst = errs.New(errs.Invalid, "page.first_invalid", "`first` must lie between 1 and 200.")

// Request asks for the First rows that follow the row whose key is After.
type Request struct {
	First int
	// After is the key of the last row already seen; empty starts at the beginning.
	After string
}

// NewRequest checks what a client sent. A nil first means DefaultFirst.
// Reasons: page.first_invalid, page.cursor_invalid.
func NewRequest(first *int, after *string) (Request, error) {
	r := Request{First: DefaultFirst}
	if first != nil {
		r.First = *first
	}
	if r.First < 1 || r.First > MaxFirst {
		return Request{}, ErrFirst.WithField("first", "1–200")
	}
	if after != nil && *after != "" {
		key, err := DecodeCursor(*after)
		if err != nil {
			return Request{}, err
		}
		r.After = key
	}
	return r, nil
}

// Of is a page of rows. HasNext tells whether rows follow the last one.
type Of[T any] struct {
	Items   []T
	HasNext bool
}

// Cut makes a page of rows that were asked for with a limit of first+1: the extra row only tells
// that more follow.
func Cut[T any](rows []T, first int) Of[T] {
	if len(rows) > first {
		return Of[T]{Items: rows[:first:first], HasNext: true}
	}
	return Of[T]{Items: rows}
}

const cursorPrefix = "k1:"

// EncodeCursor makes an opaque cursor of a row's key.
func EncodeCursor(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorPrefix + key))
}

// DecodeCursor gives the key back. Reason: page.cursor_invalid.
func DecodeCursor(cursor string) (string, error) {
	if len(cursor) > 512 {
		return "", ErrCursor
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", ErrCursor
	}
	key, ok := strings.CutPrefix(string(raw), cursorPrefix)
	if !ok || key == "" || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
		return "", ErrCursor
	}
	return key, nil
}
