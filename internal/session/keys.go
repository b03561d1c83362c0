package session

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/secret"
)

// iatLeeway is how far the clock of another node may run ahead of ours. Expiry has no leeway.
const iatLeeway = 30 * time.Second

// maxAccessToken bounds what is looked at; ours have about 350 bytes.
const maxAccessToken = 1024

// errToken is what any token gives that is not ours, or no longer.
var errToken = errors.New("session: not a valid access token")

// keys signs access tokens with the newest key and verifies them with any. Immutable.
type keys struct {
	issuer string
	clock  clock.Clock
	// ttl is the longest that a token is good for, whatever it says.
	ttl    time.Duration
	kid    string
	sign   ed25519.PrivateKey
	verify map[string]ed25519.PublicKey
	parser *jwt.Parser
	jwks   []byte
}

// claims of an access token: iss, sub (account), sid (session), iat, exp.
type claims struct {
	jwt.RegisteredClaims
	Session string `json:"sid"`
}

// jwk is an Ed25519 public key as RFC 8037 writes it.
type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	Use string `json:"use"`
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	X   string `json:"x"`
}

func newKeys(ring *secret.Ring, issuer string, ttl time.Duration, clk clock.Clock) (*keys, error) {
	k := &keys{issuer: issuer, clock: clk, ttl: ttl, verify: map[string]ed25519.PublicKey{}}
	var set struct {
		Keys []jwk `json:"keys"`
	}
	for i, seed := range ring.Derivations("session.access") {
		private := ed25519.NewKeyFromSeed(seed)
		public := private.Public().(ed25519.PublicKey)
		kid, x := thumbprint(public), base64.RawURLEncoding.EncodeToString(public)
		if i == 0 {
			k.kid, k.sign = kid, private
		}
		k.verify[kid] = public
		set.Keys = append(set.Keys, jwk{Kty: "OKP", Crv: "Ed25519", Use: "sig", Alg: "EdDSA", Kid: kid, X: x})
	}
	var err error
	if k.jwks, err = json.Marshal(set); err != nil {
		return nil, fmt.Errorf("session: write the key set: %w", err)
	}
	k.parser = jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(clk.Now), jwt.WithStrictDecoding(),
	)
	return k, nil
}

// thumbprint names a key as RFC 7638 does, so that everyone arrives at the same name.
func thumbprint(public ed25519.PublicKey) string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":"%s"}`, base64.RawURLEncoding.EncodeToString(public)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// issue writes an access token.
func (k *keys) issue(account id.Account, session id.Session, now, expires time.Time) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: k.issuer, Subject: string(account),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Session: string(session),
	})
	token.Header["kid"] = k.kid
	signed, err := token.SignedString(k.sign)
	if err != nil {
		return "", fmt.Errorf("session: sign an access token: %w", err)
	}
	return signed, nil
}

// read verifies an access token strictly: EdDSA under a key of ours named by kid, our issuer, exp in
// the future, iat not, identifiers of the right kinds. A token of a time when they were good for longer
// ends when it would today, because ended sessions are remembered no longer than that. Errors:
// errToken, which says no more.
func (k *keys) read(token string) (claims, error) {
	if len(token) > maxAccessToken {
		return claims{}, errToken
	}
	var c claims
	_, err := k.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		if public, ok := k.verify[kid]; ok {
			return public, nil
		}
		return nil, errToken
	})
	if err != nil || c.IssuedAt == nil || id.Prefix(c.Subject) != id.AccountPrefix || id.Prefix(c.Session) != id.SessionPrefix {
		return claims{}, errToken
	}
	now := k.clock.Now()
	c.ExpiresAt.Time = earlier(c.ExpiresAt.Time, c.IssuedAt.Add(k.ttl))
	if c.IssuedAt.After(now.Add(iatLeeway)) || !now.Before(c.ExpiresAt.Time) {
		return claims{}, errToken
	}
	return c, nil
}
