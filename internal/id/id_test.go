package id_test

import (
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/id"
)

func TestIdentifiersSortByTimeAndNeverRepeat(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_700_000_000_000)
	seen := map[string]bool{}
	last := ""
	for range 1000 {
		one := id.New(id.AccountPrefix, at)
		if one <= last {
			t.Fatalf("%s made later sorts before %s", one, last)
		}
		if seen[one] {
			t.Fatalf("%s twice", one)
		}
		seen[one], last = true, one
		at = at.Add(time.Millisecond)
	}
}

func TestPrefixTellsWhatAnIdentifierNames(t *testing.T) {
	t.Parallel()
	good := id.New(id.RobotPrefix, time.UnixMilli(1))
	for in, want := range map[string]string{
		good:                              id.RobotPrefix,
		"":                                "",
		"robt":                            "",
		"robt_short":                      "",
		"robt_0123456789abcdefghijklmnop": "",
		good + "x":                        "",
	} {
		if got := id.Prefix(in); got != want {
			t.Errorf("Prefix(%q) = %q, want %q", in, got, want)
		}
	}
}
