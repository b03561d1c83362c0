package account_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/posthouse/posthouse/internal/account"
)

func TestUsernamesAreFoldedAndKeptAsWritten(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct{ shown, folded string }{
		"alice":                         {"alice", "alice"},
		"Alice.B_c-9":                   {"Alice.B_c-9", "alice.b_c-9"},
		"王小明":                           {"王小明", "王小明"},
		"张三":                            {"张三", "张三"},
		"王-2号":                          {"王-2号", "王-2号"},
		"ＡＢＣ１２":                         {"ABC12", "abc12"},
		"42nd":                          {"42nd", "42nd"},
		"Ångström":                      {"Ångström", "ångström"},
		"A\u030angstro":                 {"Ångstro", "ångstro"},
		"Дмитрий":                       {"Дмитрий", "дмитрий"},
		"שלום1":                         {"שלום1", "שלום1"},
		"田中さん":                          {"田中さん", "田中さん"},
		"abc" + strings.Repeat("d", 29): {"abc" + strings.Repeat("d", 29), "abc" + strings.Repeat("d", 29)},
	} {
		shown, err := account.CleanUsername(in)
		if err != nil || shown != want.shown {
			t.Errorf("CleanUsername(%q) = %q, %v; want %q", in, shown, err, want.shown)
		}
		folded, err := account.FoldUsername(in)
		if err != nil || folded != want.folded {
			t.Errorf("FoldUsername(%q) = %q, %v; want %q", in, folded, err, want.folded)
		}
		if key := account.LookupKey(in); key != want.folded {
			t.Errorf("LookupKey(%q) = %q", in, key)
		}
	}
}

func TestImpossibleUsernamesAreRefused(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"empty":              "",
		"one letter":         "a",
		"33 letters":         strings.Repeat("a", 33),
		"a megabyte":         strings.Repeat("a", 1<<20),
		"space":              "al ice",
		"space around":       " alice ",
		"NUL":                "ali\x00ce",
		"newline":            "alice\n",
		"invalid UTF-8":      "ali\xffce",
		"emoji":              "alice😀",
		"sign":               "alice@home",
		"begins with a dot":  ".alice",
		"begins with a dash": "-alice",
		"right-to-left mark": "alice\u200f",
		"override":           "alice\u202ecod",
		"isolate":            "\u2066alice\u2069",
		"zero width joiner":  "ali\u200dce",
		"zero width space":   "ali\u200bce",
		"mixed direction":    "aliceשלום",
		"Cyrillic a":         "аlice",
		"Greek o":            "bοb.smith",
		"loose mark":         "ali\u0336ce",
		"dotted capital I":   "İstanbul",
		"Arabic digits":      "user٤٢",
		"slash":              "a/b/c",
		"angle brackets":     "<script>",
		"noncharacter":       "ali\ufffece",
		"private use":        "ali\ue000ce",
		"ideographic space":  "王　小明",
	} {
		if folded, err := account.FoldUsername(in); !errors.Is(err, account.ErrUsernameInvalid) {
			t.Errorf("%s: FoldUsername gives %q, %v", name, folded, err)
		}
		key := account.LookupKey(in)
		if !strings.HasPrefix(key, "!") || len(key) != 33 || !utf8.ValidString(key) {
			t.Errorf("%s: LookupKey gives %q", name, key)
		}
	}
}

func FuzzFoldUsername(f *testing.F) {
	for _, seed := range []string{"alice", "ＡＢＣ", "王小明", "A\u030a.b", "שלום1", "ﬁﬁﬁ", "ẞẞẞ", "ΣΑΣ", "\xff\x00", "İii", "ǅǅǅ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		folded, err := account.FoldUsername(name)
		key := account.LookupKey(name)
		if len(key) > 4*account.MaxUsername || strings.ContainsRune(key, 0) || !utf8.ValidString(key) {
			t.Fatalf("LookupKey(%q) = %q", name, key)
		}
		if err != nil {
			return
		}
		if again, err := account.FoldUsername(folded); err != nil || again != folded {
			t.Fatalf("folding %q gives %q, and folding that %q, %v", name, folded, again, err)
		}
		shown, err := account.CleanUsername(name)
		if err != nil {
			t.Fatalf("%q folds but cannot be shown: %v", name, err)
		}
		if fromShown, err := account.FoldUsername(shown); err != nil || fromShown != folded {
			t.Fatalf("%q is shown as %q, which folds to %q, %v; want %q", name, shown, fromShown, err, folded)
		}
		if n := utf8.RuneCountInString(folded); n < account.MinUsername || n > account.MaxUsername {
			t.Fatalf("%q has %d runes", folded, n)
		}
	})
}
