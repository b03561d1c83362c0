package broadcast

import (
	"strings"
	"testing"
	"unicode"
)

func TestEveryPlatformCodeHasARemedyInBothLanguages(t *testing.T) {
	t.Parallel()
	// protocols.md §1.7 and §5.7: the documented, the seen, and the limits of calls.
	codes := strings.Fields(`-1 40035 43004 43002 400013 400101 400102 400105 400106 410100
		430101 430102 430103 430104 310000 300001 300005 130101 660026 460101 101002 302033 1111
		90001 90002 90003 90004 90005 90006 90007 90008 90009 90010 90011 90012 90013 90014 90017 90018 90020`)
	general := Remedy("999999", English)
	for _, code := range codes {
		zh, en := Remedy(code, Chinese), Remedy(code, English)
		if !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || zh == Remedy("999999", Chinese) {
			t.Errorf("%s in Chinese: %q", code, zh)
		}
		if en == "" || en == general || strings.ContainsFunc(en, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s in English: %q", code, en)
		}
	}
	if len(remedies()) != len(codes) {
		t.Errorf("%d remedies for %d codes", len(remedies()), len(codes))
	}
}

func TestRemediesOfNothingAndOfTheUnknown(t *testing.T) {
	t.Parallel()
	if Remedy("", Chinese) != "" || Remedy("0", English) != "" {
		t.Error("success needs no remedy")
	}
	if Remedy("12345", Chinese) == "" || Remedy("12345", English) == "" {
		t.Error("an unknown code needs general advice")
	}
	if Remedy("-1", "fr") != Remedy("-1", English) {
		t.Error("other languages read English")
	}
}
