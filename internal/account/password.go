package account

import (
	_ "embed"
	"strings"
	"unicode/utf8"

	"github.com/posthouse/posthouse/internal/errs"
)

// Length of a password in characters (Unicode code points).
const (
	MinPassword = 8
	MaxPassword = 256
)

// maxPasswordBytes refuses an oversized password before it is looked at.
const maxPasswordBytes = MaxPassword * utf8.UTFMax

// commonPasswords are those that people choose most and attackers try first: lower case, one a line.
//
//go:embed common_passwords.txt
var commonPasswords string

// PasswordTooLong tells whether password is longer than any that CheckPassword lets through. Hashing
// it would only cost.
func PasswordTooLong(password string) bool {
	return len(password) > maxPasswordBytes || utf8.RuneCountInString(password) > MaxPassword
}

// CheckPassword refuses what is too easily guessed: fewer than 8 characters, more than 256, one
// character repeated, one of the most common passwords, one that contains the username or the phone
// number. Any characters are allowed, spaces and NUL too, and nothing is trimmed; only text that is
// not valid UTF-8 is refused, because no keyboard could enter it again. username and phone (E.164)
// may be empty. Reason: account.password_weak.
func CheckPassword(password, username, phone string) error {
	switch {
	case PasswordTooLong(password):
		return weak("It is longer than 256 characters.")
	case !utf8.ValidString(password):
		return weak("It is not valid text.")
	case utf8.RuneCountInString(password) < MinPassword:
		return weak("It has fewer than 8 characters.")
	case oneCharacter(password):
		return weak("It is one character repeated.")
	case isCommon(password):
		return weak("It is one of the most common passwords.")
	case containsUsername(password, username):
		return weak("It contains the username.")
	case containsPhone(password, phone):
		return weak("It contains the phone number.")
	}
	return nil
}

func weak(why string) *errs.Error { return ErrPasswordWeak.WithField("password", why) }

func oneCharacter(password string) bool {
	first, size := utf8.DecodeRuneInString(password)
	return strings.Count(password, string(first))*size == len(password)
}

func isCommon(password string) bool {
	lower := strings.ToLower(password)
	if strings.ContainsRune(lower, '\n') {
		return false
	}
	return strings.Contains("\n"+commonPasswords, "\n"+lower+"\n")
}

func containsUsername(password, username string) bool {
	return username != "" && strings.Contains(strings.ToLower(password), strings.ToLower(username))
}

// containsPhone looks for the number as people write it: without its country code, which is at most
// three digits.
func containsPhone(password, phone string) bool {
	const shortest = 7
	digits := strings.TrimPrefix(phone, "+")
	if len(digits) < shortest {
		return false
	}
	national := digits[min(3, len(digits)-shortest):]
	if strings.HasPrefix(digits, "86") {
		national = digits[2:]
	}
	return strings.Contains(password, national)
}
