package account

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

// Length of a username in runes, as it is shown and as it is folded.
const (
	MinUsername = 2
	MaxUsername = 32
)

// maxUsernameBytes refuses what cannot be a username before any work is done on it. Folding may
// shorten a name (full-width letters), never by as much as this allows.
const maxUsernameBytes = 4 * MaxUsername

// CleanUsername gives a username as it is kept for showing: widths mapped and composed (PRECIS
// UsernameCasePreserved, RFC 8265), case as the person wrote it. Reason: account.username_invalid.
func CleanUsername(name string) (string, error) {
	shown, _, err := prepareUsername(name)
	return shown, err
}

// FoldUsername gives the form under which a username is unique and found: widths mapped, lower case,
// composed (PRECIS UsernameCaseMapped, RFC 8265). Folding a folded name changes nothing.
// Reason: account.username_invalid.
//
// A username has 2 to 32 letters, ASCII digits, dots, dashes or underscores and begins with a letter
// or digit. Letters are those of any script, Chinese included; alphabets whose letters look alike
// (Latin, Greek, Cyrillic) are not mixed, and combining marks, emoji, spaces, control and direction
// characters are refused.
func FoldUsername(name string) (folded string, err error) {
	_, folded, err = prepareUsername(name)
	return folded, err
}

// LookupKey gives the folded username, or for what can be no username a stand-in that no account has.
// Sign-in uses it so that impossible usernames take the same path as unknown ones. It is always short
// and printable.
func LookupKey(name string) string {
	if folded, err := FoldUsername(name); err == nil {
		return folded
	}
	sum := sha256.Sum256([]byte(name))
	return "!" + hex.EncodeToString(sum[:16])
}

func prepareUsername(name string) (shown, folded string, err error) {
	if len(name) > maxUsernameBytes || !utf8.ValidString(name) {
		return "", "", ErrUsernameInvalid
	}
	shown, err = precis.UsernameCasePreserved.String(name)
	if err != nil {
		return "", "", ErrUsernameInvalid
	}
	folded, err = precis.UsernameCaseMapped.String(name)
	if err != nil || !plainUsername(shown) || !plainUsername(folded) {
		return "", "", ErrUsernameInvalid
	}
	return shown, folded, nil
}

// plainUsername checks our own rules, which are narrower than those of PRECIS.
func plainUsername(name string) bool {
	if n := utf8.RuneCountInString(name); n < MinUsername || n > MaxUsername {
		return false
	}
	for i, r := range name {
		if !unicode.IsLetter(r) && !isDigit(r) && (i == 0 || !strings.ContainsRune("._-", r)) {
			return false
		}
	}
	return !mixesLookalikes(name)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// mixesLookalikes tells whether letters of more than one of the alphabets occur that share shapes:
// an "а" that is Cyrillic in a Latin name serves nobody but an impostor.
func mixesLookalikes(name string) bool {
	var latin, greek, cyrillic bool
	for _, r := range name {
		latin = latin || unicode.Is(unicode.Latin, r)
		greek = greek || unicode.Is(unicode.Greek, r)
		cyrillic = cyrillic || unicode.Is(unicode.Cyrillic, r)
	}
	return latin && greek || latin && cyrillic || greek && cyrillic
}
