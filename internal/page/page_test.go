package page_test

import (
	"errors"
	"testing"

	"github.com/posthouse/posthouse/internal/page"
)

func TestRequestChecksWhatTheClientSent(t *testing.T) {
	t.Parallel()
	ptr := func(n int) *int { return &n }
	str := func(s string) *string { return &s }
	for name, c := range map[string]struct {
		first *int
		after *string
		want  page.Request
		err   error
	}{
		"nothing asked":      {nil, nil, page.Request{First: page.DefaultFirst}, nil},
		"largest page":       {ptr(page.MaxFirst), nil, page.Request{First: page.MaxFirst}, nil},
		"after a key":        {ptr(5), str(page.EncodeCursor("acct_1")), page.Request{First: 5, After: "acct_1"}, nil},
		"empty cursor":       {nil, str(""), page.Request{First: page.DefaultFirst}, nil},
		"zero rows":          {ptr(0), nil, page.Request{}, page.ErrFirst},
		"too many rows":      {ptr(page.MaxFirst + 1), nil, page.Request{}, page.ErrFirst},
		"somebody's cursor":  {nil, str("b2Zmc2V0OjIw"), page.Request{}, page.ErrCursor},
		"cursor not base64":  {nil, str("%%%"), page.Request{}, page.ErrCursor},
		"cursor with a NUL":  {nil, str(page.EncodeCursor("a\x00b")), page.Request{}, page.ErrCursor},
		"cursor without key": {nil, str(page.EncodeCursor("")), page.Request{}, page.ErrCursor},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := page.NewRequest(c.first, c.after)
			if !errors.Is(err, c.err) || got != c.want {
				t.Fatalf("got %+v, %v", got, err)
			}
		})
	}
}

func TestCutKeepsTheExtraRowOut(t *testing.T) {
	t.Parallel()
	if got := page.Cut([]int{1, 2, 3}, 2); len(got.Items) != 2 || !got.HasNext {
		t.Fatalf("got %+v", got)
	}
	if got := page.Cut([]int{1, 2}, 2); len(got.Items) != 2 || got.HasNext {
		t.Fatalf("got %+v", got)
	}
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add(page.EncodeCursor("acct_01"))
	f.Add("")
	f.Add("b2Zmc2V0OjIw")
	f.Fuzz(func(t *testing.T, cursor string) {
		key, err := page.DecodeCursor(cursor)
		if err != nil {
			return
		}
		again, err := page.DecodeCursor(page.EncodeCursor(key))
		if err != nil || again != key {
			t.Fatalf("%q does not survive a round trip: %q, %v", key, again, err)
		}
	})
}
