package account_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// searched gives the usernames that a search finds, page by page.
func searched(t *testing.T, f fixture, query string, first int) []string {
	t.Helper()
	var names []string
	for p := (page.Request{First: first}); ; {
		found, err := f.Search(t.Context(), authz.System(), query, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range found.Items {
			names = append(names, a.Username)
			if a.PasswordHash != "" {
				t.Fatal("a hash came out")
			}
		}
		if !found.HasNext {
			return names
		}
		if len(found.Items) == 0 || len(found.Items) > first {
			t.Fatalf("a page of %d has %d and says there is more", first, len(found.Items))
		}
		p.After = found.End
	}
}

func TestASearchFindsTheBeginningsOfUsernamesAndPhones(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, d := range []account.Draft{
		{Username: "Zhang.San", Phone: "13800000001"},
		{Username: "zhang_si", Phone: "13800000002"},
		{Username: "13800000003", Phone: "13800000003"},
		{Username: "1390x", Phone: "13800000004"},
		{Username: "张三", Phone: "+447400123456"},
		{Username: "éclair", Phone: "15900000006"},
	} {
		d.Password = "correct horse"
		create(t, f.Service, d)
	}
	for query, want := range map[string][]string{
		"zhang":           {"Zhang.San", "zhang_si"},
		" ZHANG ":         {"Zhang.San", "zhang_si"},
		"ｚｈａｎｇ．":          {"Zhang.San"},
		"Zhang.":          {"Zhang.San"},
		"张":               {"张三"},
		"E\u0301c":        {"éclair"},
		"138":             {"13800000003", "Zhang.San", "zhang_si", "1390x"},
		"138 0000-0001":   {"Zhang.San"},
		"+86138":          {"Zhang.San", "zhang_si", "13800000003", "1390x"},
		"+44":             {"张三"},
		"1390":            {"1390x"},
		"hang":            nil,
		"zhang san":       nil,
		"%":               nil,
		"_":               nil,
		"\x00":            nil,
		"\xff":            nil,
		"+":               nil,
		"'; DROP TABLE":   nil,
		"zhang\U0010FFFF": nil,

		strings.Repeat("x", 100_000): nil,
	} {
		for _, first := range []int{1, 2, 3, 50} {
			if got := searched(t, f, query, first); !slices.Equal(got, want) {
				t.Errorf("%.20q in pages of %d finds %q, want %q", query, first, got, want)
			}
		}
	}
	if got := searched(t, f, " ", 2); len(got) != 6 {
		t.Errorf("without a query: %q", got)
	}
}

func TestNobodyIsFoundTwiceHoweverManyMatchBothWays(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 40 {
		a := account.Account{ID: id.Account(id.New(id.AccountPrefix, f.clk.Now())), Username: fmt.Sprintf("138%08d", i), Phone: fmt.Sprintf("+86138%08d", i)}
		if err := f.db.Accounts().Create(t.Context(), a, a.Username); err != nil {
			t.Fatal(err)
		}
	}
	got := searched(t, f, "138", 7)
	if len(got) != 40 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 40 {
		t.Fatalf("found %d: %q", len(got), got)
	}
}

func TestSearchRefusesStrangersAndCursorsOfOtherLists(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := create(t, f.Service, draft(1))
	if _, err := f.Search(t.Context(), actor(a), "a", page.Request{First: 1}); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("a member: %v", err)
	}
	for _, c := range []struct{ query, after string }{{"a", string(a.ID)}, {"", "u:alice"}, {"", "p:+86"}, {"a", "x"}, {"", "x"}} {
		if _, err := f.Search(t.Context(), authz.System(), c.query, page.Request{First: 1, After: c.after}); !errors.Is(err, page.ErrCursor) {
			t.Errorf("%q after %q: %v", c.query, c.after, err)
		}
	}
}
