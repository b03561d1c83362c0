package sandbox

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// tokenLife is how long an app token lives after the last call that
	// returned it (protocols.md §5.6).
	tokenLife = 2 * time.Hour
	// mostSmallBody bounds JSON bodies that hold a few short fields.
	mostSmallBody = 64 << 10
)

// dingtalkTokens is the app's token, one for both hosts.
type dingtalkTokens struct {
	mu      sync.Mutex
	token   string
	expires time.Time
}

// issue returns the token in force, renewed, or a new one after its end.
func (t *dingtalkTokens) issue(now time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == "" || !now.Before(t.expires) {
		t.token = randomHex(16)
	}
	t.expires = now.Add(tokenLife)
	return t.token
}

func (t *dingtalkTokens) valid(now time.Time, token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token != "" && token == t.token && now.Before(t.expires)
}

// oldToken is GET /gettoken of the old host.
func (s *Sandbox) oldToken(w http.ResponseWriter, r *http.Request, _ call) {
	opts := s.options.get()
	if r.Method != http.MethodGet {
		writeOld(w, opts, codeNotGet, "需要GET请求")
		return
	}
	q := r.URL.Query()
	key, secret := q.Get("appkey"), q.Get("appsecret")
	switch {
	case key == "" && q.Get("corpid") != "":
		// The company's own secret has not been handed out for years.
		writeOld(w, opts, codeCorpSecret, "不合法的corpid或corpsecret")
		return
	case key == "":
		writeOld(w, opts, codeParameter, "缺少参数 corpid or appkey")
		return
	case !s.isApp(key, secret):
		writeOld(w, opts, codeAppSecret, "不合法的appKey或appSecret")
		return
	}
	write(w, http.StatusOK, jsonType, encodeJSON(struct {
		Errcode     any    `json:"errcode"`
		AccessToken string `json:"access_token"`
		Errmsg      string `json:"errmsg"`
		ExpiresIn   int    `json:"expires_in"`
	}{errcode(opts, codeOK), s.tokens.issue(s.Now()), "ok", int(tokenLife.Seconds())}))
}

// newToken is POST /v1.0/oauth2/accessToken of the new host.
func (s *Sandbox) newToken(w http.ResponseWriter, r *http.Request, c call) {
	if r.Method != http.MethodPost {
		s.unknownPath(w, r, c)
		return
	}
	body := readObject(r)
	if !s.isApp(body.text("appKey"), body.text("appSecret")) {
		writeBadClient(w)
		return
	}
	write(w, http.StatusOK, jsonType, encodeJSON(struct {
		AccessToken string `json:"accessToken"`
		ExpireIn    int    `json:"expireIn"`
	}{s.tokens.issue(s.Now()), int(tokenLife.Seconds())}))
}

// unifiedToken is POST /v1.0/oauth2/{corpId}/token of the new host.
func (s *Sandbox) unifiedToken(w http.ResponseWriter, r *http.Request, c call) {
	corp, _ := unifiedTokenCorp(r.URL.Path)
	if r.Method != http.MethodPost {
		s.unknownPath(w, r, c)
		return
	}
	body := readObject(r)
	switch {
	case corp != s.creds.DingTalk.CorpID:
		writeNew(w, http.StatusInternalServerError, "unknownError", "未知错误")
		return
	case !s.isApp(body.text("client_id"), body.text("client_secret")):
		writeBadClient(w)
		return
	case body.text("grant_type") != "client_credentials":
		// No source names this code; only its class (HTTP 400) is sure.
		writeNew(w, http.StatusBadRequest, "invalidGrantType", "无效的grantType")
		return
	}
	write(w, http.StatusOK, jsonType, encodeJSON(struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}{s.tokens.issue(s.Now()), int(tokenLife.Seconds())}))
}

// unifiedTokenCorp takes the corpId out of /v1.0/oauth2/{corpId}/token.
func unifiedTokenCorp(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, "/v1.0/oauth2/")
	if !ok {
		return "", false
	}
	corp, ok := strings.CutSuffix(rest, "/token")
	return corp, ok && corp != "" && !strings.Contains(corp, "/")
}

func writeBadClient(w http.ResponseWriter) {
	writeNew(w, http.StatusBadRequest, "invalidClientIdOrSecret", "无效的clientId或者clientSecret")
}

func (s *Sandbox) isApp(key, secret string) bool {
	app := s.creds.DingTalk
	return same(key, app.AppKey) && same(secret, app.AppSecret)
}

// checkAppToken answers for the old host when the app token is missing or does
// not hold, and reports whether it holds.
func (s *Sandbox) checkAppToken(w http.ResponseWriter, r *http.Request) bool {
	token := r.URL.Query().Get("access_token")
	switch {
	case token == "":
		writeWrapped(w, s.options.get(), 40000, "access_token is blank")
	case !s.tokens.valid(s.Now(), token):
		writeWrapped(w, s.options.get(), 40014, "不合法的access_token")
	default:
		return true
	}
	return false
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// object is a JSON object read leniently as to its content: what is not there,
// or not a string, is empty.
type object map[string]json.RawMessage

// readObject reads a small JSON body; one that is none is a nil object.
func readObject(r *http.Request) object {
	body, err := io.ReadAll(io.LimitReader(r.Body, mostSmallBody+1))
	if err != nil || len(body) > mostSmallBody || !utf8.Valid(body) {
		return nil
	}
	var o object
	if json.Unmarshal(body, &o) != nil {
		return nil
	}
	return o
}

func (o object) text(field string) string {
	s, _ := stringField(o[field])
	return s
}
