package dingtalk

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/posthouse/posthouse/internal/broadcast"
)

const (
	// maxAnswer bounds how much of an answer is read, in bytes; real ones have a few hundred.
	maxAnswer = 64 << 10
	// maxPlatformMessage is how much of an errmsg is kept, in bytes.
	maxPlatformMessage = 500
	// maxPlatformCode is how much of a code that is no number is kept, in bytes.
	maxPlatformCode = 64
	// codeGateway wraps another code in sub_code (protocols.md §5.6).
	codeGateway = "88"
	// codeBanned comes as "status", without an errcode, while the caller's address is banned.
	codeBanned = "1111"
)

// robotAnswer is the answer to robot/send. Everything in it is optional: the platform's gateways answer
// in shapes of their own.
type robotAnswer struct {
	ErrCode scalar `json:"errcode"`
	ErrMsg  scalar `json:"errmsg"`
	SubCode scalar `json:"sub_code"`
	SubMsg  scalar `json:"sub_msg"`
	Status  scalar `json:"status"`
}

// readReceipt judges an answer by its codes, never by its words: those have changed often.
func readReceipt(status int, body []byte, hush scrubber) broadcast.Receipt {
	var a robotAnswer
	if len(body) > maxAnswer || json.Unmarshal(body, &a) != nil {
		return notUnderstood(status)
	}
	code, message := codeText(a.ErrCode), string(a.ErrMsg)
	if code == codeGateway && a.SubCode != "" {
		code = codeText(a.SubCode)
		if a.SubMsg != "" {
			message = string(a.SubMsg)
		}
	}
	if code == "" && codeText(a.Status) == codeBanned {
		code, message = codeBanned, "this server's address is banned for about five minutes（本机 IP 被平台限制约 5 分钟）"
	}
	if code == "" {
		return notUnderstood(status)
	}
	r := broadcast.Receipt{Outcome: outcomeOf(code), PlatformCode: hush.scrub(code), PlatformMessage: hush.scrub(message)}
	switch {
	case status >= 500 && (r.Outcome == broadcast.Refused || r.Outcome == broadcast.Accepted):
		r.Outcome = broadcast.Retryable
	case (status < 200 || status > 299) && r.Outcome == broadcast.Accepted:
		r.Outcome = broadcast.Retryable
	}
	return r
}

// notUnderstood is for answers without a code: the HTML page of a banned address, of a gateway or of a
// captive portal, a redirect, an empty body.
func notUnderstood(status int) broadcast.Receipt {
	return broadcast.Receipt{
		Outcome:         broadcast.Retryable,
		PlatformMessage: fmt.Sprintf("HTTP %d with an answer that is not DingTalk's（HTTP %d，返回内容不是钉钉的格式）", status, status),
	}
}

// outcomeOf classifies a code (protocols.md §1.7, §5.7). Configuration and content errors and whatever
// is not known are refusals: repeating them cannot help and would eat the robot's budget.
func outcomeOf(code string) broadcast.Outcome {
	switch code {
	case "0":
		return broadcast.Accepted
	case "410100", "130101", "660026", "302033":
		return broadcast.Throttled
	case "-1", codeBanned,
		"90001", "90002", "90003", "90004", "90005", "90006", "90007", "90008", "90009", "90010",
		"90011", "90012", "90013", "90014", "90017", "90018":
		return broadcast.Retryable
	}
	return broadcast.Refused
}

// codeText gives a code in its one form, so that 0, "0" and 0.0 are the same.
func codeText(s scalar) string {
	text := string(s)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatInt(int64(f), 10)
	}
	return cut(text, maxPlatformCode)
}

// scrubber takes what must not be seen out of the platform's words. DingTalk is known to repeat parts of
// a request in its answers.
type scrubber struct{ replacer *strings.Replacer }

const scrubbed = "[secret]"

// credentialInURL finds credentials that stand in a URL, also those of others.
var credentialInURL = regexp.MustCompile(`(?i)\b(access_token|sign|secret|session|ticket)=[^\s&"'<>\[\](){}]+`)

func newScrubber(secrets ...string) scrubber {
	var pairs []string
	for _, s := range secrets {
		if s == "" {
			continue
		}
		pairs = append(pairs, s, scrubbed)
		for _, escaped := range []string{url.QueryEscape(s), url.PathEscape(s)} {
			if escaped != s {
				pairs = append(pairs, escaped, scrubbed)
			}
		}
	}
	return scrubber{strings.NewReplacer(pairs...)}
}

// scrub gives text that can be stored and shown: valid UTF-8, one line, without secrets, and no longer
// than 500 bytes. Cutting comes last, so that no half of a secret is left.
func (s scrubber) scrub(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	text = s.replacer.Replace(text)
	text = credentialInURL.ReplaceAllString(text, "$1="+scrubbed)
	return cut(strings.TrimSpace(text), maxPlatformMessage)
}

// cut shortens text to at most n bytes at the border of a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
