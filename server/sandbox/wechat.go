package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// codeLife is how long a wx.login or phone code can be exchanged, once
	// (protocols.md §7.1, §7.3).
	codeLife = 5 * time.Minute
	// Used and waiting codes, and people, that are remembered at most.
	mostCodes  = 200_000
	mostPeople = 100_000

	wechatText   = "text/plain"
	wechatJSON   = "application/json; encoding=utf-8"
	mostOpenIDs  = 64
	countryChina = "86"
)

// WechatPerson is who opens the mini-program. All fields may be empty.
type WechatPerson struct {
	// OpenID is the person's id in this mini-program. Empty: made from the
	// unionid or the phone, else that of the sandbox's one default person.
	OpenID string `json:"openid"`
	// UnionID is returned by jscode2session when it is not empty. A person
	// once given one keeps it.
	UnionID string `json:"unionid"`
	// Phone is what the phone code yields: E.164 or eleven digits. Default
	// +8613800000001.
	Phone string `json:"phone"`
}

// WechatCode is what the mini-program receives from wx.login (Code) and from
// its phone button (PhoneCode). Each is good for one exchange within five
// minutes of the sandbox's clock.
type WechatCode struct {
	Code      string `json:"code"`
	PhoneCode string `json:"phoneCode"`
}

type wechatCode struct {
	openid string
	phone  string
	used   bool
}

// wechatBox is the mini-program's side of the sandbox.
type wechatBox struct {
	mu     sync.Mutex
	codes  *expiring[string, wechatCode]
	phones *expiring[string, wechatCode]
	unions *expiring[string, string] // openid → unionid

	tokens wechatTokens
}

func newWechatBox() *wechatBox {
	const forever = 200 * 365 * 24 * time.Hour
	return &wechatBox{
		codes:  newExpiring[string, wechatCode](codeLife, mostCodes),
		phones: newExpiring[string, wechatCode](codeLife, mostCodes),
		unions: newExpiring[string, string](forever, mostPeople),
		tokens: wechatTokens{valid: newExpiring[string, time.Time](tokenLife, mostWechatTokens)},
	}
}

// NewWechatCode lets person open the mini-program: it returns a fresh login code
// and a fresh phone code. It fails when a field has no meaning.
func (s *Sandbox) NewWechatCode(person WechatPerson) (WechatCode, error) {
	phone, err := wechatPhone(person.Phone)
	if err != nil {
		return WechatCode{}, err
	}
	if err := checkOpenID("openid", person.OpenID); err != nil {
		return WechatCode{}, err
	}
	if err := checkOpenID("unionid", person.UnionID); err != nil {
		return WechatCode{}, err
	}
	if person.OpenID == "" {
		who := "default"
		switch {
		case person.UnionID != "":
			who = "unionid " + person.UnionID
		case person.Phone != "":
			who = "phone " + phone
		}
		sum := sha256.Sum256([]byte("posthouse sandbox openid " + who))
		person.OpenID = "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
	}
	fresh := WechatCode{Code: "0" + rand.Text() + randomHex(3)[:5], PhoneCode: randomHex(32)}
	now := s.Now()
	b := s.wechat
	b.mu.Lock()
	defer b.mu.Unlock()
	if person.UnionID != "" {
		if _, known := b.unions.get(now, person.OpenID); known {
			b.unions.set(person.OpenID, person.UnionID)
		} else {
			b.unions.put(now, person.OpenID, person.UnionID)
		}
	}
	code := wechatCode{openid: person.OpenID, phone: phone}
	b.codes.put(now, fresh.Code, code)
	b.phones.put(now, fresh.PhoneCode, code)
	return fresh, nil
}

func checkOpenID(name, id string) error {
	if len(id) > mostOpenIDs {
		return fmt.Errorf("%s: at most %d characters", name, mostOpenIDs)
	}
	for i := range len(id) {
		if !isIDByte(id[i]) {
			return fmt.Errorf("%s: only letters, digits, - and _", name)
		}
	}
	return nil
}

func wechatPhone(phone string) (string, error) {
	if phone == "" {
		return "+8613800000001", nil
	}
	digits := strings.TrimPrefix(phone, "+")
	if len(digits) < 5 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "", errors.New("phone: 5 to 15 digits, with or without a leading +")
	}
	if digits == phone {
		return "+" + countryChina + digits, nil
	}
	return phone, nil
}

// code2Session is GET /sns/jscode2session (protocols.md §7.1). The answer is
// JSON under text/plain, as the platform has it.
func (s *Sandbox) code2Session(w http.ResponseWriter, r *http.Request, _ call) {
	q := r.URL.Query()
	// A POST is answered as if the appid were missing.
	if r.Method != http.MethodGet {
		s.writeWechatError(w, wechatText, wxAppIDMissing, "appid missing")
		return
	}
	code := q.Get("js_code")
	switch {
	case !s.checkWechatApp(w, wechatText, q.Get("appid"), q.Get("secret"), func() bool {
		if code == "" {
			s.writeWechatError(w, wechatText, wxCodeMissing, "missing code")
		}
		return code != ""
	}):
		return
	case q.Get("grant_type") != "authorization_code":
		s.writeWechatError(w, wechatText, wxGrantType, "invalid grant_type")
		return
	}
	openid, unionid, no := s.wechat.spend(s.Now(), code)
	if no != 0 {
		s.writeWechatError(w, wechatText, no, wechatErrmsg(no))
		return
	}
	write(w, http.StatusOK, wechatText, encodeJSON(struct {
		SessionKey string `json:"session_key"`
		OpenID     string `json:"openid"`
		UnionID    string `json:"unionid,omitempty"`
	}{base64.StdEncoding.EncodeToString(randomBytes(16)), openid, unionid}))
}

// spend uses a login code up. The errcode is 0 when that went well.
func (b *wechatBox) spend(now time.Time, code string) (openid, unionid string, errcode int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.codes.get(now, code)
	switch {
	case !ok:
		return "", "", wxCodeInvalid
	case c.used:
		return "", "", wxCodeUsed
	}
	c.used = true
	b.codes.set(code, c)
	unionid, _ = b.unions.get(now, c.openid)
	return c.openid, unionid, 0
}

// checkWechatApp answers a missing or wrong appid or secret. Missing parameters
// come first, more of them by the caller's own check, then wrong ones.
func (s *Sandbox) checkWechatApp(w http.ResponseWriter, contentType, appid, secret string, present func() bool) bool {
	switch {
	case appid == "":
		s.writeWechatError(w, contentType, wxAppIDMissing, "appid missing")
	case secret == "":
		s.writeWechatError(w, contentType, wxSecretMissing, "appsecret missing")
	case !present():
	case !same(appid, s.creds.WeChat.AppID):
		s.writeWechatError(w, contentType, wxAppIDInvalid, "invalid appid")
	case !same(secret, s.creds.WeChat.AppSecret):
		s.writeWechatError(w, contentType, wxSecretInvalid, "invalid appsecret")
	default:
		return true
	}
	return false
}

func wechatErrmsg(code int) string {
	switch code {
	case codeBusy:
		return "system error"
	case wxTokenInvalid:
		return "invalid credential, access_token is invalid or not latest"
	case wxCodeInvalid:
		return "invalid code"
	case wxCodeUsed:
		return "code been used"
	case wxQuota:
		return "reach max api daily quota limit"
	case wxTooOften:
		return "api minute-quota reach limit, must slower, retry next minute"
	case 40226:
		return "code blocked"
	case 40243:
		return "AppSecret is frozen"
	default:
		return "error"
	}
}

// writeWechatError adds the request id that WeChat puts behind every errmsg.
func (s *Sandbox) writeWechatError(w http.ResponseWriter, contentType string, code int, msg string) {
	rid := fmt.Sprintf("%08x-%s-%s", s.Now().Unix(), randomHex(4), randomHex(4))
	write(w, http.StatusOK, contentType, encodeJSON(errcodeAnswer{Errcode: code, Errmsg: msg + ", rid: " + rid}))
}

// wechatPhoneNumber is POST /wxa/business/getuserphonenumber (protocols.md §7.3).
func (s *Sandbox) wechatPhoneNumber(w http.ResponseWriter, r *http.Request, _ call) {
	if r.Method != http.MethodPost {
		s.writeWechatError(w, wechatJSON, wxNotPost, "require POST method")
		return
	}
	token := r.URL.Query().Get("access_token")
	now := s.Now()
	switch {
	case token == "":
		s.writeWechatError(w, wechatJSON, wxTokenMissing, "access_token missing")
		return
	case !s.wechat.tokens.holds(now, token):
		s.writeWechatError(w, wechatJSON, wxTokenInvalid, wechatErrmsg(wxTokenInvalid))
		return
	}
	body := readObject(r)
	if body == nil {
		s.writeWechatError(w, wechatJSON, wxParse, "data format error")
		return
	}
	phone, ok := s.wechat.spendPhone(now, body.text("code"), body.text("openid"))
	if !ok {
		s.writeWechatError(w, wechatJSON, wxCodeInvalid, wechatErrmsg(wxCodeInvalid))
		return
	}
	pure, country := strings.TrimPrefix(phone, "+"), ""
	if rest, ok := strings.CutPrefix(phone, "+"+countryChina); ok {
		pure, country = rest, countryChina
	}
	type watermark struct {
		Timestamp int64  `json:"timestamp"`
		AppID     string `json:"appid"`
	}
	type phoneInfo struct {
		PhoneNumber     string    `json:"phoneNumber"`
		PurePhoneNumber string    `json:"purePhoneNumber"`
		CountryCode     string    `json:"countryCode"`
		Watermark       watermark `json:"watermark"`
	}
	write(w, http.StatusOK, wechatJSON, encodeJSON(struct {
		Errcode   int       `json:"errcode"`
		Errmsg    string    `json:"errmsg"`
		PhoneInfo phoneInfo `json:"phone_info"`
	}{0, "ok", phoneInfo{phone, pure, country, watermark{now.Unix(), s.creds.WeChat.AppID}}}))
}

func (b *wechatBox) spendPhone(now time.Time, code, openid string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.phones.get(now, code)
	if !ok || c.used || openid != "" && openid != c.openid {
		return "", false
	}
	c.used = true
	b.phones.set(code, c)
	return c.phone, true
}
