package account

import (
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// DefaultRegion is whose numbers are meant when no country code is written.
const DefaultRegion = "CN"

// maxPhoneBytes is more than anyone writes for the 15 digits a number can have, in full-width digits
// with spaces between them.
const maxPhoneBytes = 64

// ParsePhone gives a phone number in E.164 ("+8613800000001"). Numbers without a country code are
// taken to be of region (ISO 3166, "" means DefaultRegion). Digits may be full-width, and spaces,
// dashes, dots and parentheses may stand between them. Refused are numbers that do not exist, that
// carry an extension, and that cannot receive messages (landlines, hotlines). Reason:
// account.phone_invalid.
func ParsePhone(raw, region string) (e164 string, err error) {
	if region == "" {
		region = DefaultRegion
	}
	raw = strings.TrimSpace(raw)
	if len(raw) > maxPhoneBytes || !utf8.ValidString(raw) || strings.ContainsFunc(raw, notInPhone) {
		return "", ErrPhoneInvalid
	}
	number, err := phonenumbers.Parse(raw, region)
	if err != nil || !phonenumbers.IsValidNumber(number) || number.GetExtension() != "" {
		return "", ErrPhoneInvalid
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.VOIP, phonenumbers.PERSONAL_NUMBER:
		return phonenumbers.Format(number, phonenumbers.E164), nil
	default:
		return "", ErrPhoneInvalid
	}
}

// KnownRegion tells whether ParsePhone knows the numbers of a region.
func KnownRegion(region string) bool { return phonenumbers.GetCountryCodeForRegion(region) != 0 }

// notInPhone tells whether a rune has no place in a phone number. The parsing library would search
// for a number in any text and read letters as keys; we want a number and nothing else.
func notInPhone(r rune) bool {
	switch {
	case r >= '0' && r <= '9', r >= '０' && r <= '９':
		return false
	default:
		return !strings.ContainsRune("+＋-－()（）.  \u3000", r)
	}
}

// MaskPhone shows of a number in E.164 what its owner needs to recognise it: "+86138****0001". Of
// shorter numbers less is shown, and never more than two thirds of the digits; what is no number
// gives only stars. An empty phone stays empty.
func MaskPhone(e164 string) string {
	if e164 == "" {
		return ""
	}
	const stars = "****"
	number, err := phonenumbers.Parse(e164, "ZZ")
	if err != nil {
		return stars
	}
	national := phonenumbers.GetNationalSignificantNumber(number)
	country, ok := strings.CutSuffix(e164, national)
	if !ok || !strings.HasPrefix(country, "+") {
		return stars
	}
	// For the 11 digits of a Chinese mobile number: three, four hidden, four.
	n := min(len(national), 11)
	head, tail := n*3/11, n*4/11
	return country + national[:head] + stars + national[len(national)-tail:]
}
