package account_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/errs"
)

func TestPasswordsThatAreEasilyGuessedAreRefused(t *testing.T) {
	t.Parallel()
	const username, phone = "alice", "+8613800000001"
	for name, c := range map[string]struct {
		password string
		ok       bool
	}{
		"ordinary":                 {"correct horse", true},
		"eight characters":         {"gq7#Kx2m", true},
		"Chinese":                  {"山高月小水落石出", true},
		"emoji":                    {"🐴🔋📎🥄🎺🧲🪁🧦", true},
		"spaces around are kept":   {"  q8Vt+z ", true},
		"NUL within":               {"q8Vt\x00+zk", true},
		"256 characters":           {strings.Repeat("aB3-日本", 42) + "abcd", true},
		"another's name":           {"bob-the-builder", true},
		"seven characters":         {"gq7#Kx2", false},
		"257 characters":           {strings.Repeat("ab", 128) + "c", false},
		"a megabyte":               {strings.Repeat("ab", 1<<19), false},
		"invalid UTF-8":            {"gq7#Kx2m\xff", false},
		"one character":            {"zzzzzzzzzz", false},
		"one Chinese character":    {"好好好好好好好好", false},
		"common":                   {"password123", false},
		"common in capitals":       {"Password123", false},
		"common here":              {"woaini1314", false},
		"keyboard row":             {"1qaz2wsx", false},
		"the username in it":       {"Alice-2026!", false},
		"the phone":                {"13800000001", false},
		"the phone with more":      {"x13800000001y", false},
		"the whole number":         {"+8613800000001", false},
		"two lines, each common":   {"password\npassword1", true},
		"empty":                    {"", false},
		"NUL does not shorten":     {"abc\x00\x00\x00\x00\x00", true},
		"common with NUL is other": {"password\x00", true},
	} {
		err := account.CheckPassword(c.password, username, phone)
		if c.ok != (err == nil) || err != nil && !errors.Is(err, account.ErrPasswordWeak) {
			t.Errorf("%s: got %v", name, err)
		}
		if e, ok := errors.AsType[*errs.Error](err); ok && e.Fields["password"] == "" {
			t.Errorf("%s: the error does not say why", name)
		} else if ok && !hasChinese(errs.LocalizeFields(e, "zh-CN")["password"]) {
			t.Errorf("%s: %q is not said in Chinese", name, e.Fields["password"])
		}
	}
}

func hasChinese(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
