package account

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// The parts of a search, as its keys begin.
const (
	byUsername = "u:"
	byPhone    = "p:"
)

// maxQuery is longer than anything that can be found, in bytes.
const maxQuery = maxUsernameBytes

// Found is a page of accounts. End is the key after which the next page begins.
type Found struct {
	page.Of[Account]
	End string
}

// Search pages all accounts, newest first; with a query those whose username begins with it, by username,
// then those whose phone does, by phone. It compares case and width as sign-in does, and takes digits for
// a number without country code or, after a plus, with it. It costs the same however many accounts there
// are. Passwords' hashes are left out. Reasons: session.missing, authz.forbidden, page.cursor_invalid.
func (s *Service) Search(ctx context.Context, actor authz.Actor, query string, p page.Request) (Found, error) {
	if err := actor.RequireAdmin(); err != nil {
		return Found{}, err
	}
	query = strings.TrimSpace(query)
	if query == "" {
		return s.newest(ctx, actor, p)
	}
	if p.After != "" && !strings.HasPrefix(p.After, byUsername) && !strings.HasPrefix(p.After, byPhone) {
		return Found{}, page.ErrCursor
	}
	if len(query) > maxQuery || !utf8.ValidString(query) {
		return Found{}, nil
	}
	return s.search(ctx, usernamePrefix(query), phonePrefix(query, s.DefaultRegion), p)
}

func (s *Service) newest(ctx context.Context, actor authz.Actor, p page.Request) (Found, error) {
	if p.After != "" && id.Prefix(p.After) != id.AccountPrefix {
		return Found{}, page.ErrCursor
	}
	rows, err := s.List(ctx, actor, p)
	out := Found{Of: rows}
	if n := len(rows.Items); n > 0 {
		out.End = string(rows.Items[n-1].ID)
	}
	return out, err
}

// search reads usernames, and phones when there is room left. Whoever was found by username is left out
// among the phones; so a page of phones skips no more rows than the pages before it have shown.
func (s *Service) search(ctx context.Context, username, phone string, p page.Request) (Found, error) {
	var out Found
	after, phones := strings.CutPrefix(p.After, byPhone)
	if !phones && username != "" {
		rows, err := s.Store.ListByUsername(ctx, username, page.Request{First: p.First, After: strings.TrimPrefix(p.After, byUsername)})
		if err != nil {
			return Found{}, err
		}
		out.add(byUsername, rows)
	}
	if !phones {
		after = ""
	}
	if left := p.First - len(out.Items); phone != "" && !out.HasNext {
		// Also without room, to see whether there is more.
		rows, err := s.Store.ListByPhone(ctx, phone, username, page.Request{First: left, After: after})
		if err != nil {
			return Found{}, err
		}
		out.add(byPhone, rows)
	}
	return out, nil
}

func (f *Found) add(part string, rows page.Of[Match]) {
	f.Items = slices.Grow(f.Items, len(rows.Items))
	for _, m := range rows.Items {
		m.PasswordHash = ""
		f.Items = append(f.Items, m.Account)
		f.End = part + m.Key
	}
	f.HasNext = rows.HasNext
}

// usernamePrefix folds the beginning of a username as FoldUsername folds a whole one, whose rules about
// length and direction a part need not fulfil.
func usernamePrefix(query string) string {
	folded := norm.NFC.String(cases.Lower(language.Und, cases.HandleFinalSigma(false)).String(width.Fold.String(query)))
	if strings.ContainsFunc(folded, func(r rune) bool { return r <= ' ' || r == utf8.RuneError }) {
		return "" // no username has it
	}
	return folded
}

// phonePrefix is the beginning of a number in E.164; empty when the query is no part of a number.
func phonePrefix(query, region string) string {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()", r) {
			return -1
		}
		return r
	}, width.Fold.String(query))
	national, international := strings.CutPrefix(digits, "+")
	switch {
	case strings.Trim(national, "0123456789") != "", national == "":
		return ""
	case international:
		return digits
	}
	return "+" + strconv.Itoa(phonenumbers.GetCountryCodeForRegion(region)) + digits
}
