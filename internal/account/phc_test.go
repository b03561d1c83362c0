package account

import (
	"strings"
	"testing"
)

const goodHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func TestHashesAreReadAsWritten(t *testing.T) {
	t.Parallel()
	h, err := parsePHC(goodHash)
	if err != nil || h.memoryKiB != 19456 || h.time != 2 || h.threads != 1 || len(h.salt) != 16 || len(h.key) != 32 {
		t.Fatalf("got %+v, %v", h, err)
	}
	if h.String() != goodHash {
		t.Fatalf("writes %s", h)
	}
}

func TestHashesThatWeCannotHaveWrittenAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][2]string{
		"other algorithm":    {"argon2id", "argon2i"},
		"other version":      {"v=19", "v=16"},
		"memory over 1 GiB":  {"m=19456", "m=1048577"},
		"memory overflows":   {"m=19456", "m=4294967296"},
		"too many passes":    {"t=2", "t=11"},
		"too many threads":   {"p=1", "p=9"},
		"threads wrap round": {"p=1", "p=257"},
		"no threads":         {"p=1", "p=0"},
		"no passes":          {"t=2", "t=0"},
		"too little memory":  {"m=19456", "m=7"},
		"leading zero":       {"t=2", "t=02"},
		"sign":               {"t=2", "t=+2"},
		"other order":        {"m=19456,t=2", "t=2,m=19456"},
		"one more cost":      {"p=1", "p=1,x=1"},
		"short salt":         {"$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAA$"},
		"long salt":          {"$AAAAAAAAAAAAAAAAAAAAAA$", "$" + strings.Repeat("AAAA", 22) + "$"},
		"bad alphabet":       {"$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAAAAAAAAAAAA!A$"},
		"loose bits":         {"$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAAAAAAAAAAAAAB$"},
		"newline in salt":    {"$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAAAAAAAAAAAA\nAA$"},
		"one more part":      {"$v=19", "$v=19$x"},
		"text before":        {"$argon2id", "x$argon2id"},
	} {
		hash := strings.Replace(goodHash, change[0], change[1], 1)
		if hash == goodHash {
			t.Fatalf("%s changes nothing", name)
		}
		if h, err := parsePHC(hash); err == nil {
			t.Errorf("%s: read as %+v", name, h)
		}
	}
	for _, hash := range []string{"", "$", "$$$$$", "$2y$10$abcdefghijklmnopqrstuv", strings.Repeat("$", 1<<20)} {
		if _, err := parsePHC(hash); err == nil {
			t.Errorf("%.20q was read", hash)
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add(goodHash)
	f.Add("$argon2id$v=19$m=1048576,t=10,p=8$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parsePHC(s)
		if err != nil {
			return
		}
		if h.String() != s {
			t.Fatalf("%q is written back as %q", s, h.String())
		}
		if h.memoryKiB > MaxMemoryKiB || h.time < 1 || h.time > MaxTime || h.threads < 1 || h.threads > MaxThreads {
			t.Fatalf("%q exceeds the ceiling", s)
		}
	})
}
