package secret

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"math/big"
	"strings"
)

// NewToken makes an unguessable token: prefix, underscore, 32 random bytes. The prefix lets secret
// scanners and people tell what leaked.
func NewToken(prefix string) string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	return prefix + "_" + base64.RawURLEncoding.EncodeToString(raw)
}

// Digits makes a uniformly random decimal code of n digits, leading zeros included.
func Digits(n int) string {
	ten := big.NewInt(10)
	var b strings.Builder
	for range n {
		d, err := rand.Int(rand.Reader, ten)
		if err != nil {
			panic("secret: crypto/rand cannot fail: " + err.Error())
		}
		b.WriteByte(byte('0' + d.Int64()))
	}
	return b.String()
}

// Equal compares two secrets in constant time.
func Equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
