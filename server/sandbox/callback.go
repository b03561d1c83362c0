package sandbox

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Owner keys a push can be encrypted under (protocols.md §4.3).
const (
	OwnerAppKey   = "appKey"
	OwnerCorpID   = "corpId"
	OwnerSuiteKey = "suiteKey"
)

// Generations of event bodies (protocols.md §4.7).
const (
	CasingCamel  = "camel"  // as documented today
	CasingPascal = "pascal" // as captured on the wire until 2023
)

// Callback says where and how events are pushed.
type Callback struct {
	// URL is an absolute http or https address.
	URL string `json:"url"`
	// Token and AESKey default to the seeded credentials' own.
	Token  string `json:"token"`
	AESKey string `json:"aesKey"`
	// Owner is appKey (default), corpId or suiteKey.
	Owner string `json:"owner"`
	// Casing is camel (default) or pascal.
	Casing string `json:"casing"`
}

// registration is a Callback that holds, ready to push to.
type registration struct {
	Callback
	crypt *cryptor
	owner string // the owner key itself
}

func (s *Sandbox) register(c Callback) (*registration, error) {
	app := s.creds.DingTalk
	if c.Token == "" {
		c.Token = app.CallbackToken
	}
	if c.AESKey == "" {
		c.AESKey = app.CallbackAESKey
	}
	if c.Owner == "" {
		c.Owner = OwnerAppKey
	}
	if c.Casing == "" {
		c.Casing = CasingCamel
	}
	u, err := url.Parse(c.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("url: must be an absolute http or https address")
	}
	if len(c.Token) < 3 || len(c.Token) > 63 || strings.ContainsFunc(c.Token, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return nil, errors.New("token: must be 3 to 63 letters and digits")
	}
	crypt, err := newCryptor(c.Token, c.AESKey)
	if err != nil {
		return nil, fmt.Errorf("aesKey: %w", err)
	}
	owner, ok := map[string]string{OwnerAppKey: app.AppKey, OwnerCorpID: app.CorpID, OwnerSuiteKey: app.SuiteKey}[c.Owner]
	if !ok {
		return nil, errors.New("owner: must be appKey, corpId or suiteKey")
	}
	if c.Casing != CasingCamel && c.Casing != CasingPascal {
		return nil, errors.New("casing: must be camel or pascal")
	}
	return &registration{Callback: c, crypt: crypt, owner: owner}, nil
}

// SetCallback says where and how events are pushed from now on. It sends nothing
// (the control API sends check_url besides) and fails when a field has no
// meaning; then the former registration stays.
func (s *Sandbox) SetCallback(c Callback) error {
	reg, err := s.register(c)
	if err != nil {
		return fmt.Errorf("sandbox: callback: %w", err)
	}
	s.pusher.callback.Store(reg)
	return nil
}
