package wechat

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/platform"
	"github.com/posthouse/posthouse/internal/secret"
)

const (
	// maxMessage is how much of an errmsg goes into the log, in bytes.
	maxMessage = 300
	// maxID bounds openid and unionid, in bytes; real ones have 28.
	maxID = 128
)

// sessionAnswer is the answer to jscode2session. It comes as text/plain; nobody looks at that.
type sessionAnswer struct {
	ErrCode    errCode `json:"errcode"`
	ErrMsg     string  `json:"errmsg"`
	Openid     string  `json:"openid"`
	Unionid    string  `json:"unionid"`
	SessionKey string  `json:"session_key"`
}

// errCode is a number, quoted or not; absent, null and empty are zero.
type errCode int64

// UnmarshalJSON implements json.Unmarshaler.
func (c *errCode) UnmarshalJSON(raw []byte) error {
	text := strings.TrimSpace(strings.Trim(string(raw), `"`))
	if text == "" || text == "null" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return errors.New("wechat: errcode is not a number")
	}
	*c = errCode(n)
	return nil
}

func readPerson(app platform.WechatApp, status int, body []byte, hush scrubber) (login.WechatPerson, error) {
	var a sessionAnswer
	if status >= 500 || len(body) > maxAnswer || json.Unmarshal(body, &a) != nil {
		return login.WechatPerson{}, login.ErrWechatUnavailable.WithCause(fmt.Errorf("HTTP %d and %d bytes that are not an answer of WeChat's", status, len(body)))
	}
	if a.ErrCode != 0 {
		return login.WechatPerson{}, refusal(app, a.ErrCode, hush.scrub(a.ErrMsg))
	}
	if status != http.StatusOK || a.Openid == "" || !plain(a.Openid) || !plain(a.Unionid) {
		return login.WechatPerson{}, login.ErrWechatUnavailable.WithCause(fmt.Errorf("HTTP %d without an errcode and without a usable openid", status))
	}
	return login.WechatPerson{Openid: a.Openid, Unionid: a.Unionid, SessionKey: secret.NewText(a.SessionKey)}, nil
}

// plain tells whether an id can be stored anywhere.
func plain(id string) bool {
	return len(id) <= maxID && !strings.ContainsFunc(id, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}

// refusal translates WeChat's code (protocols.md §7.1). Only the code decides; errmsg changes.
func refusal(app platform.WechatApp, code errCode, message string) error {
	cause := fmt.Errorf("WeChat answered %d %q for appid %q", code, message, app.AppID)
	switch code {
	case 40029, 40163:
		return login.ErrWechatCodeInvalid.WithCause(cause)
	case 45011:
		return login.ErrWechatRateLimited.WithCause(cause).WithRetryAfter(time.Minute)
	case 40226:
		return login.ErrWechatLoginBlocked.WithCause(cause)
	}
	if remedy := remedyFor(code); remedy != "" {
		return login.ErrWechatMisconfigured.WithCause(fmt.Errorf("%w: %s", cause, remedy))
	}
	return login.ErrWechatUnavailable.WithCause(cause)
}

// remedyFor tells whoever reads the log what to change; empty for codes that are nobody's setting.
func remedyFor(code errCode) string {
	switch code {
	case 40013:
		return "the appid is wrong; copy it from the mini-program's console（AppID 有误，请从小程序后台复制）"
	case 40125:
		return "the AppSecret is wrong or was reset; copy the new one from the mini-program's console（AppSecret 有误或已重置，请重新复制）"
	case 41002:
		return "the appid is missing; set it in the configuration（缺少 AppID，请在配置中填写）"
	case 41004:
		return "the AppSecret is missing; set it in the configuration（缺少 AppSecret，请在配置中填写）"
	case 41008:
		return "the login code did not arrive; check the proxy between this server and WeChat（code 未送达，请检查中间代理）"
	case 40243:
		return "the AppSecret is frozen; unfreeze it in the mini-program's console（AppSecret 已冻结，请在小程序后台解冻）"
	case 40164:
		return "this server's address is not in the mini-program's IP allow-list; add it（本机 IP 不在白名单，请添加）"
	}
	return ""
}

// scrubber keeps the secret and the code out of logs.
type scrubber struct {
	secrets  []string
	replacer *strings.Replacer
}

func newScrubber(secrets ...string) scrubber {
	var s scrubber
	var pairs []string
	for _, plain := range secrets {
		for _, form := range []string{plain, url.QueryEscape(plain), url.PathEscape(plain)} {
			if form != "" {
				s.secrets = append(s.secrets, form)
				pairs = append(pairs, form, "[secret]")
			}
		}
	}
	s.replacer = strings.NewReplacer(pairs...)
	return s
}

func (s scrubber) scrub(text string) string {
	text = s.replacer.Replace(strings.ToValidUTF8(text, "�"))
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "")
	}
	return text
}

// transport makes a failed call into an error. *url.Error prints the URL and with it the secret, so only
// what it wraps is kept; should that show a secret too, nothing is.
func (s scrubber) transport(err error) error {
	if errors.Is(err, errBaseURL) {
		return login.ErrWechatMisconfigured.WithCause(err)
	}
	for {
		outer, ok := errors.AsType[*url.Error](err)
		if !ok {
			break
		}
		err = outer.Err
	}
	for _, form := range s.secrets {
		if err != nil && strings.Contains(err.Error(), form) {
			err = errors.New("the call failed; the details contain a secret and are withheld")
		}
	}
	return login.ErrWechatUnavailable.WithCause(err)
}
