package limit_test

import (
	"testing"

	"github.com/posthouse/posthouse/internal/limit"
)

func TestAddressesOfOneHolderAreOneSubject(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"203.0.113.7":          "203.0.113.7",
		"::ffff:203.0.113.7":   "203.0.113.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::ffff":   "2001:db8:1:2::/64",
		"2001:db8:1:3::1":      "2001:db8:1:3::/64",
		"fe80::1%eth0":         "fe80::/64",
		"":                     "unknown",
		"203.0.113.7:443":      "unknown",
		"not an address":       "unknown",
	} {
		if got := limit.AddressSubject(address); got != want {
			t.Errorf("AddressSubject(%q) = %q, want %q", address, got, want)
		}
	}
}
