package dingtalk

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
)

// MaxCallbackBody is the largest push that is read, in bytes. Whoever receives the request should stop
// reading there.
const MaxCallbackBody = 1 << 20

// CallbackSuccess is the message that acknowledges a push.
const CallbackSuccess = "success"

// Errors of callbacks. Their causes name the step that failed, for the log.
var (
	ErrCallbackSignature = errs.New(errs.Unauthenticated, "callback.signature_invalid", "The push's signature is missing or wrong. Compare the token with the one in DingTalk's console.")
	ErrCallbackStale     = errs.New(errs.Unauthenticated, "callback.stale", "The push's timestamp is too far from this server's clock.")
	ErrCallbackDecrypt   = errs.New(errs.Invalid, "callback.decrypt_failed", "The push could not be decrypted. Compare the AES key with the one in DingTalk's console.")
	ErrCallbackOwner     = errs.New(errs.Forbidden, "callback.owner_unknown", "The push is addressed to another app or company.")
	ErrCallbackBody      = errs.New(errs.Invalid, "callback.body_invalid", "The push is not in DingTalk's format.")
	ErrCallbackKey       = errs.New(errs.Invalid, "callback.key_invalid", "The callback settings are not valid.")
)

// CallbackConfig is what the console shows for an app's event subscription.
type CallbackConfig struct {
	// Token signs, AESKey (43 characters) encrypts.
	Token  string
	AESKey string
	// OwnerKeys are the names under which pushes to this app may be encrypted: appKey, corpId, suiteKey.
	// Which one DingTalk takes depends on how the subscription was made (protocols.md §4.3).
	OwnerKeys []string
	// Window refuses pushes whose timestamp is further than this from now. Zero, the default, refuses
	// none: whether DingTalk's repetitions carry a new timestamp is not documented, and repetitions are
	// recognised by their dedupe key anyway.
	Window time.Duration
	// Clock stamps answers and judges Window. Default: the machine's.
	Clock clock.Clock
	// Random gives n characters for the prefix and the nonce of an answer. Default: letters and digits
	// from crypto/rand. For tests.
	Random func(n int) string
}

// Callback verifies and decrypts the pushes to one app and encrypts the answers (protocols.md §4).
// Immutable, safe for concurrent use.
type Callback struct {
	token  string
	cipher envelopeCipher
	owners []string
	window time.Duration
	clock  clock.Clock
	random func(n int) string
}

// Push is an event as it was pushed.
type Push struct {
	// Plaintext is the decrypted JSON object, byte for byte. It belongs to the caller.
	Plaintext []byte
	// Owner is the owner key the push was encrypted under; the answer must use the same.
	Owner string
	// EventType is never empty.
	EventType string
	// EventID and CorpID are empty when the push names none.
	EventID string
	CorpID  string
	// OccurredAt is zero when the push carries no usable time.
	OccurredAt time.Time
	// DedupeKey is the same for every repetition of an event: its eventId, or a hash.
	DedupeKey string
	// IsCheck is set for pushes that only test the address: they are answered and not logged.
	IsCheck bool
}

// NewCallback is NewCallbackFrom with the defaults.
func NewCallback(token, aesKey string, ownerKeys []string) (*Callback, error) {
	return NewCallbackFrom(CallbackConfig{Token: token, AESKey: aesKey, OwnerKeys: ownerKeys})
}

// NewCallbackFrom checks the settings. Reasons: callback.key_invalid, with the setting at fault among
// the fields.
func NewCallbackFrom(cfg CallbackConfig) (*Callback, error) {
	if cfg.Token == "" {
		return nil, keyInvalid("token", "the token is empty（Token 为空）")
	}
	box, err := newEnvelopeCipher(cfg.AESKey)
	if err != nil {
		return nil, keyInvalid("aesKey", err.Error())
	}
	owners := slices.DeleteFunc(slices.Clone(cfg.OwnerKeys), func(k string) bool { return k == "" })
	if len(owners) == 0 {
		return nil, keyInvalid("ownerKeys", "at least one of appKey, corpId and suiteKey must be set（appKey、corpId、suiteKey 至少填一个）")
	}
	c := &Callback{token: cfg.Token, cipher: box, owners: owners, window: cfg.Window, clock: cfg.Clock, random: cfg.Random}
	if c.clock == nil {
		c.clock = clock.Real()
	}
	if c.random == nil {
		c.random = randomChars
	}
	return c, nil
}

func keyInvalid(field, message string) error {
	return ErrCallbackKey.WithMessage("The callback settings are not valid: %s", message).WithField(field, message)
}

// Open verifies and decrypts a push, given the query and the body of its request. Reasons:
// callback.signature_invalid, callback.stale, callback.decrypt_failed, callback.owner_unknown,
// callback.body_invalid.
func (c *Callback) Open(query url.Values, body []byte) (Push, error) {
	if len(body) > MaxCallbackBody {
		return Push{}, ErrCallbackBody.WithCause(fmt.Errorf("%d bytes", len(body)))
	}
	var in struct {
		Encrypt string `json:"encrypt"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Encrypt == "" {
		return Push{}, ErrCallbackBody.WithCause(errors.New(`the body is not {"encrypt":"…"}`))
	}
	if err := c.verify(query, in.Encrypt); err != nil {
		return Push{}, err
	}
	plaintext, owner, err := c.cipher.open(in.Encrypt)
	if err != nil {
		return Push{}, ErrCallbackDecrypt.WithCause(err)
	}
	at := slices.Index(c.owners, string(owner))
	if at < 0 {
		return Push{}, ErrCallbackOwner.WithCause(fmt.Errorf("encrypted under the owner key %q", cut(string(owner), maxPlatformCode)))
	}
	return readPush(plaintext, c.owners[at])
}

func readPush(plaintext []byte, owner string) (Push, error) {
	e, err := readEnvelope(plaintext)
	if err != nil {
		return Push{}, ErrCallbackBody.WithCause(err)
	}
	return Push{
		Plaintext:  plaintext,
		Owner:      owner,
		EventType:  string(e.EventType),
		EventID:    string(e.EventID),
		CorpID:     string(e.CorpID),
		OccurredAt: e.occurredAt(),
		DedupeKey:  e.dedupeKey(plaintext),
		IsCheck:    e.isCheck(),
	}, nil
}

// verify checks the signature before anything of the push is decoded.
func (c *Callback) verify(query url.Values, encrypt string) error {
	given, err := onlyValue(query, "msg_signature", "signature")
	if err != nil {
		return ErrCallbackSignature.WithCause(err)
	}
	timestamp, err := onlyValue(query, "timestamp", "timeStamp")
	if err != nil {
		return ErrCallbackSignature.WithCause(err)
	}
	nonce, err := onlyValue(query, "nonce")
	if err != nil {
		return ErrCallbackSignature.WithCause(err)
	}
	want := pushSignature(c.token, timestamp, nonce, encrypt)
	if subtle.ConstantTimeCompare([]byte(given), []byte(want)) != 1 {
		return ErrCallbackSignature.WithCause(errors.New("signatures differ"))
	}
	if c.window <= 0 {
		return nil
	}
	if at := platformTime(timestamp); at.IsZero() || c.clock.Now().Sub(at).Abs() > c.window {
		return ErrCallbackStale.WithCause(fmt.Errorf("timestamp %s", at.Format(time.RFC3339)))
	}
	return nil
}

// onlyValue reads a parameter that has more than one name. All that is given must agree: two signatures
// are two chances for a forger, and another reader might take the other one.
func onlyValue(query url.Values, names ...string) (string, error) {
	value := ""
	for _, name := range names {
		for _, v := range query[name] {
			if v == "" || v == value {
				continue
			}
			if value != "" {
				return "", fmt.Errorf("the query has several values for %s", names[0])
			}
			value = v
		}
	}
	if value == "" {
		return "", fmt.Errorf("the query has no %s", names[0])
	}
	return value, nil
}

// Answer encrypts a message, normally CallbackSuccess, under the owner key of the push that it answers,
// and gives the response body. Its four keys are spelled as the platform wants them. Reasons:
// callback.owner_unknown.
func (c *Callback) Answer(owner, message string) ([]byte, error) {
	if !slices.Contains(c.owners, owner) {
		return nil, ErrCallbackOwner.WithCause(errors.New("asked to answer under an owner key that is not configured"))
	}
	encrypt := c.cipher.seal(c.random(prefixSize), message, owner)
	timestamp := strconv.FormatInt(c.clock.Now().UnixMilli(), 10)
	nonce := c.random(prefixSize)
	return json.Marshal(struct {
		Signature string `json:"msg_signature"`
		TimeStamp string `json:"timeStamp"`
		Nonce     string `json:"nonce"`
		Encrypt   string `json:"encrypt"`
	}{pushSignature(c.token, timestamp, nonce, encrypt), timestamp, nonce, encrypt})
}

// randomChars gives n letters and digits. The slight bias of the remainder does not matter for what
// only has to differ from time to time.
func randomChars(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	for i, v := range b {
		b[i] = alphabet[int(v)%len(alphabet)]
	}
	return string(b)
}
