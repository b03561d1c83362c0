package account_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/account"
)

func TestPhonesBecomeE164(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, region, want string }{
		{"13800000001", "", "+8613800000001"},
		{" 138 0000 0001 ", "", "+8613800000001"},
		{"138-0000-0001", "CN", "+8613800000001"},
		{"１３８０００００００１", "", "+8613800000001"},
		{"+8613800000001", "US", "+8613800000001"},
		{"＋86 13800000001", "", "+8613800000001"},
		{"008613800000001", "", "+8613800000001"},
		{"8613800000001", "", "+8613800000001"},
		{"17012345678", "", "+8617012345678"},
		{"(202) 555-0123", "US", "+12025550123"},
		{"+1 202.555.0123", "", "+12025550123"},
		{"+852 5123 4567", "", "+85251234567"},
	} {
		if got, err := account.ParsePhone(c.raw, c.region); err != nil || got != c.want {
			t.Errorf("ParsePhone(%q, %q) = %q, %v; want %q", c.raw, c.region, got, err, c.want)
		}
	}
}

func TestWhatCannotReceiveMessagesIsRefused(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"empty":            "",
		"too short":        "1380000000",
		"too long":         "138000000011",
		"no such prefix":   "12800000001",
		"landline":         "010-12345678",
		"hotline":          "400-123-4567",
		"service number":   "95588",
		"letters":          "1-800-FLOWERS",
		"text around":      "call 13800000001",
		"extension":        "+12025550123;ext=9",
		"extension x":      "+12025550123 x9",
		"URI":              "tel:+8613800000001",
		"NUL":              "13800000001\x00",
		"invalid UTF-8":    "1380000000\xff",
		"Arabic digits":    "١٣٨٠٠٠٠٠٠٠١",
		"a megabyte":       strings.Repeat("1", 1<<20),
		"only a plus":      "+",
		"unknown country":  "+99913800000001",
		"two numbers":      "13800000001/13800000002",
		"injected mention": "13800000001\n@all",
	} {
		if got, err := account.ParsePhone(raw, ""); !errors.Is(err, account.ErrPhoneInvalid) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func TestMaskedPhonesShowEnoughAndNoMore(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":               "",
		"+8613800000001": "+86138****0001",
		"+12025550123":   "+120****123",
		"+85251234567":   "+85251****67",
		"+29021234":      "+2902****4",
		"13800000001":    "****",
		"nonsense":       "****",
		"+":              "****",
	} {
		if got := account.MaskPhone(in); got != want {
			t.Errorf("MaskPhone(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzParsePhone(f *testing.F) {
	for _, seed := range []string{"13800000001", "+8613800000001", "+1 202 555 0123", "；ext", "+", "()", "\xff", "+290 2123"} {
		f.Add(seed, "CN")
		f.Add(seed, "")
		f.Add(seed, "??")
	}
	f.Fuzz(func(t *testing.T, raw, region string) {
		_ = account.MaskPhone(raw)
		got, err := account.ParsePhone(raw, region)
		if err != nil {
			if !errors.Is(err, account.ErrPhoneInvalid) {
				t.Fatalf("got %v", err)
			}
			return
		}
		if len(got) < 4 || len(got) > 17 || got[0] != '+' || strings.Trim(got[1:], "0123456789") != "" {
			t.Fatalf("ParsePhone(%q) = %q", raw, got)
		}
		if again, err := account.ParsePhone(got, ""); err != nil || again != got {
			t.Fatalf("%q parses to %q, and that to %q, %v", raw, got, again, err)
		}
		masked := account.MaskPhone(got)
		if !strings.Contains(masked, "****") || strings.Contains(masked, got[len(got)-5:]) {
			t.Fatalf("MaskPhone(%q) = %q", got, masked)
		}
	})
}
