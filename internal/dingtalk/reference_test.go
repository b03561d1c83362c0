package dingtalk_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
	"strings"
	"testing"
)

// The other side, written from protocols.md §4.2 alone and sharing nothing with the package: a test that
// seals and opens with the same code would agree with its own mistakes.

const (
	testToken = "tok123"
	testKey   = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	testOwner = "dingappkey0000000001"
)

type platform struct{ token, aesKey string }

func (p platform) key(t testing.TB) []byte {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(p.aesKey + "=")
	if err != nil || len(key) != 32 {
		t.Fatalf("key: %v, %d bytes", err, len(key))
	}
	return key
}

// frame lays out random, length, message and owner, and pads to 32.
func frame(message, owner string) []byte {
	n := len(message)
	b := []byte("0123456789abcdef" + string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + message + owner)
	pad := 32 - len(b)%32
	return append(b, []byte(strings.Repeat(string(rune(pad)), pad))...)
}

// encrypt takes whole blocks.
func (p platform) encrypt(t testing.TB, blocks []byte) string {
	t.Helper()
	key := p.key(t)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, len(blocks))
	cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(out, blocks)
	return base64.StdEncoding.EncodeToString(out)
}

// decrypt gives message and owner of an answer.
func (p platform) decrypt(t testing.TB, encrypt string) (message, owner string) {
	t.Helper()
	key := p.key(t)
	b, err := base64.StdEncoding.DecodeString(encrypt)
	if err != nil || len(b) == 0 || len(b)%32 != 0 {
		t.Fatalf("%d bytes, %v: the platform pads to 32", len(b), err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCDecrypter(block, key[:16]).CryptBlocks(b, b)
	pad := int(b[len(b)-1])
	for _, v := range b[len(b)-pad:] {
		if int(v) != pad {
			t.Fatalf("a pad byte %d among %d", v, pad)
		}
	}
	n := int(b[16])<<24 | int(b[17])<<16 | int(b[18])<<8 | int(b[19])
	return string(b[20 : 20+n]), string(b[20+n : len(b)-pad])
}

func (p platform) signature(timestamp, nonce, encrypt string) string {
	all := []string{p.token, timestamp, nonce, encrypt}
	sort.Strings(all)
	return fmt.Sprintf("%x", sha1.Sum([]byte(strings.Join(all, ""))))
}

// push gives query and body of a signed push.
func (p platform) push(encrypt string) (url.Values, []byte) {
	const timestamp, nonce = "1600000000000", "nonce123"
	body, _ := json.Marshal(map[string]string{"encrypt": encrypt})
	return url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "signature": {p.signature(timestamp, nonce, encrypt)}}, body
}

func (p platform) pushMessage(t testing.TB, message, owner string) (url.Values, []byte) {
	t.Helper()
	return p.push(p.encrypt(t, frame(message, owner)))
}
