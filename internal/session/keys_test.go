package session

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/secret"
)

const (
	someAccount = "acct_01arz3ndektsv4rrffq69g5fav"
	someSession = "sess_01arz3ndektsv4rrffq69g5fav"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func testKeys(t testing.TB, clk clock.Clock) *keys {
	t.Helper()
	ring, err := secret.NewRing(bytes.Repeat([]byte{7}, secret.KeySize), bytes.Repeat([]byte{8}, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	k, err := newKeys(ring, "posthouse", 15*time.Minute, clk)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// signed writes a token of the given header and claims under our own key.
func (k *keys) signed(header, payload string) string {
	text := b64(header) + "." + b64(payload)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(k.sign, []byte(text)))
}

func TestAnIssuedTokenIsReadBack(t *testing.T) {
	t.Parallel()
	k := testKeys(t, clock.NewFake(noon))
	token, err := k.issue(someAccount, someSession, noon, noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	c, err := k.read(token)
	if err != nil || c.Subject != someAccount || c.Session != someSession || !c.ExpiresAt.Equal(noon.Add(time.Minute)) {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func TestTokensAreReadStrictly(t *testing.T) {
	t.Parallel()
	k := testKeys(t, clock.NewFake(noon))
	header := `{"alg":"EdDSA","typ":"JWT","kid":"` + k.kid + `"}`
	const iat, exp = `"iat":1772366400`, `"exp":1772366460`
	const who = `"iss":"posthouse","sub":"` + someAccount + `","sid":"` + someSession + `"`
	good := "{" + who + "," + iat + "," + exp + "}"
	if _, err := k.read(k.signed(header, good)); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	body := b64(header) + "." + b64(good)
	mac := hmac.New(sha256.New, k.verify[k.kid])
	mac.Write([]byte(b64(`{"alg":"HS256","kid":"`+k.kid+`"}`) + "." + b64(good)))
	stranger := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))
	for name, token := range map[string]string{
		"empty":                  "",
		"dots":                   "..",
		"no signature":           body + ".",
		"alg none":               b64(`{"alg":"none","kid":"`+k.kid+`"}`) + "." + b64(good) + ".",
		"HMAC with the public":   b64(`{"alg":"HS256","kid":"`+k.kid+`"}`) + "." + b64(good) + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"another's key":          body + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(stranger, []byte(body))),
		"altered claims":         strings.Replace(k.signed(header, good), b64(good), b64(strings.Replace(good, "posthouse", "posthouse2", 1)), 1),
		"no kid":                 k.signed(`{"alg":"EdDSA"}`, good),
		"unknown kid":            k.signed(`{"alg":"EdDSA","kid":"x"}`, good),
		"kid of another type":    k.signed(`{"alg":"EdDSA","kid":1}`, good),
		"other issuer":           k.signed(header, strings.Replace(good, `"posthouse"`, `"elsewhere"`, 1)),
		"no issuer":              k.signed(header, strings.Replace(good, `"iss":"posthouse",`, "", 1)),
		"no expiry":              k.signed(header, "{"+who+","+iat+"}"),
		"expiry null":            k.signed(header, "{"+who+","+iat+`,"exp":null}`),
		"expires now":            k.signed(header, "{"+who+","+iat+`,"exp":1772366400}`),
		"issued in the future":   k.signed(header, "{"+who+`,"iat":1772366431,`+exp+"}"),
		"no time of issue":       k.signed(header, "{"+who+","+exp+"}"),
		"not before":             k.signed(header, "{"+who+","+iat+","+exp+`,"nbf":1772366459}`),
		"subject is no account":  k.signed(header, strings.Replace(good, someAccount, someSession, 1)),
		"session is no session":  k.signed(header, strings.Replace(good, someSession, someAccount, 1)),
		"no session":             k.signed(header, strings.Replace(good, `"sid"`, `"xid"`, 1)),
		"too long":               k.signed(header, strings.Replace(good, "{", `{"x":"`+strings.Repeat("x", 1024)+`",`, 1)),
		"more after the end":     k.signed(header, good) + ".x",
		"padding":                k.signed(header, good) + "=",
		"no JSON":                k.signed(header, "hello"),
		"header is no JSON":      k.signed("hello", good),
		"claims are a list":      k.signed(header, "[]"),
		"space before the token": " " + k.signed(header, good),
	} {
		if c, err := k.read(token); err == nil {
			t.Errorf("%s: read as %+v", name, c)
		}
	}
}

func TestATokenIsGoodNoLongerThanTokensAreToday(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(noon)
	k := testKeys(t, clk)
	for name, exp := range map[string]string{"an hour": "1772370000", "beyond reason": "1e18"} {
		token := k.signed(`{"alg":"EdDSA","kid":"`+k.kid+`"}`, `{"iss":"posthouse","sub":"`+someAccount+`","sid":"`+someSession+`","iat":1772366400,"exp":`+exp+`}`)
		c, err := k.read(token)
		if err != nil || !c.ExpiresAt.Equal(noon.Add(15*time.Minute)) {
			t.Errorf("%s: got %+v, %v", name, c, err)
		}
	}
	token, err := k.issue(someAccount, someSession, noon.Add(-15*time.Minute), noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := k.read(token); err == nil {
		t.Errorf("one of fifteen minutes ago was read as %+v", c)
	}
}

func TestTheKeySetIsWhatOthersExpect(t *testing.T) {
	t.Parallel()
	k := testKeys(t, clock.NewFake(noon))
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal(k.jwks, &set); err != nil || len(set.Keys) != 2 {
		t.Fatalf("%s: %v", k.jwks, err)
	}
	for i, key := range set.Keys {
		raw, err := base64.RawURLEncoding.DecodeString(key["x"])
		if err != nil || len(raw) != ed25519.PublicKeySize || key["kty"] != "OKP" || key["crv"] != "Ed25519" || key["alg"] != "EdDSA" || key["use"] != "sig" {
			t.Errorf("key %d is %v", i, key)
		}
		if key["kid"] != thumbprint(raw) {
			t.Errorf("key %d is called %s", i, key["kid"])
		}
		if key["d"] != "" {
			t.Fatal("a private key is published")
		}
	}
	if set.Keys[0]["kid"] != k.kid {
		t.Error("the signing key must come first")
	}
	// The example of RFC 8037, appendix A.3.
	x, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil || thumbprint(x) != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("thumbprint is %s, %v", thumbprint(x), err)
	}
}

func FuzzReadAccessToken(f *testing.F) {
	k := testKeys(f, clock.NewFake(noon))
	token, err := k.issue(someAccount, someSession, noon, noon.Add(time.Minute))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add(strings.TrimRight(token, "A"))
	f.Add(b64(`{"alg":"none"}`) + "." + b64("{}") + ".")
	f.Add("..")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := k.read(s); err == nil && s != token {
			t.Fatalf("%q was read as %+v", s, c)
		}
	})
}

func FuzzWellFormed(f *testing.F) {
	f.Add("phr_" + strings.Repeat("A", 43))
	f.Add(secret.NewToken("phs"))
	f.Add("phs_" + strings.Repeat("\x00", 43))
	f.Fuzz(func(t *testing.T, s string) {
		for _, prefix := range []string{refreshPrefix, skeyPrefix} {
			if !wellFormed(prefix, s) {
				continue
			}
			if len(s) != 47 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
				t.Fatalf("%q passed", s)
			}
		}
	})
}

func TestOurOwnTokensAreWellFormed(t *testing.T) {
	t.Parallel()
	for range 100 {
		if s := secret.NewToken(skeyPrefix); !wellFormed(skeyPrefix, s) || wellFormed(refreshPrefix, s) {
			t.Fatalf("%q", s)
		}
	}
}
