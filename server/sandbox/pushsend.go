package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const mostAnswer = 64 << 10

// send makes one push and checks its answer. The error says what the platform
// would hold against the answer; answer is what it decrypted to, if it did.
func (u *pusher) send(ctx context.Context, e event) (answer string, err error) {
	reg := u.callback.Load()
	opts := u.box.options.get()
	fault, spoiled := u.box.faults.take(EventsPath, FaultReset, FaultLostAck)
	if spoiled && fault.Kind == FaultReset {
		return "", errors.New("the connection was reset (fault)")
	}
	ctx, cancel := context.WithTimeout(ctx, opts.pushDeadline())
	defer cancel()
	request, err := u.seal(ctx, reg, opts, e)
	if err != nil {
		return "", err
	}
	resp, err := u.client.Do(request)
	if err != nil {
		return "", pushError(ctx, opts, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer+1))
	if err != nil {
		return "", pushError(ctx, opts, err)
	}
	if spoiled {
		return "", errors.New("the answer was lost (fault)")
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the answer has HTTP status %d, not 200", resp.StatusCode)
	}
	return reg.open(body)
}

// pushError leaves the address out: its query may be anything.
func pushError(ctx context.Context, opts Options, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %d ms", opts.PushDeadlineMs)
	}
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	return fmt.Errorf("the address does not answer: %w", err)
}

// seal builds the request: fresh random bytes, nonce and timestamp each time.
func (u *pusher) seal(ctx context.Context, reg *registration, opts Options, e event) (*http.Request, error) {
	plain, err := e.body(reg.Casing, u.box.creds.DingTalk.CorpID)
	if err != nil {
		return nil, err
	}
	encrypted, err := reg.crypt.encrypt([]byte(rand.Text()[:randomLen]), plain, reg.owner)
	if err != nil {
		return nil, err
	}
	timestamp := strconv.FormatInt(u.box.Now().UnixMilli(), 10)
	nonce := rand.Text()[:8]
	sign := reg.crypt.signature(timestamp, nonce, encrypted)
	target, err := url.Parse(reg.URL)
	if err != nil {
		return nil, errors.New("the registered address cannot be read")
	}
	query := target.Query()
	if opts.SignatureParam != SignatureMessage {
		query.Set("signature", sign)
	}
	if opts.SignatureParam != SignatureShort {
		query.Set("msg_signature", sign)
	}
	query.Set("timestamp", timestamp)
	query.Set("nonce", nonce)
	target.RawQuery = query.Encode()
	body := encodeJSON(struct {
		Encrypt string `json:"encrypt"`
	}{encrypted})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the registered address cannot be called")
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	return request, nil
}

// open checks an answer as the platform does (protocols.md §4.1): a JSON object
// with msg_signature, timeStamp, nonce and encrypt, spelled so and all strings;
// a signature that matches them; the owner key the push was made under; and the
// plain text success.
func (reg *registration) open(body []byte) (string, error) {
	if len(body) > mostAnswer {
		return "", errors.New("the answer is too long")
	}
	var fields map[string]json.RawMessage
	if !utf8.Valid(body) || json.Unmarshal(body, &fields) != nil || fields == nil {
		return "", errors.New("the answer is not a JSON object")
	}
	var values [4]string
	for i, name := range []string{"msg_signature", "timeStamp", "nonce", "encrypt"} {
		value, ok := stringField(fields[name])
		switch {
		case !ok:
			return "", fmt.Errorf("the answer's %s is not a string", name)
		case value == "":
			return "", fmt.Errorf("the answer has no %s%s", name, otherCase(fields, name))
		}
		values[i] = value
	}
	if values[0] != reg.crypt.signature(values[1], values[2], values[3]) {
		return "", errors.New("the answer's signature does not match")
	}
	msg, owner, err := reg.crypt.decrypt(values[3])
	if err != nil {
		return "", fmt.Errorf("the answer does not decrypt: %w", err)
	}
	answer := string(msg)
	if owner != reg.owner {
		return answer, fmt.Errorf("the answer is encrypted under another owner key than the push, which used the %s", reg.Owner)
	}
	if answer != "success" {
		return answer, errors.New("the answer does not say success")
	}
	return answer, nil
}

func otherCase(fields map[string]json.RawMessage, name string) string {
	for k := range fields {
		if strings.EqualFold(k, name) {
			return fmt.Sprintf(" (%q is another key)", k)
		}
	}
	return ""
}
