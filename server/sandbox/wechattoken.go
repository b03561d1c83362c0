package sandbox

import (
	"encoding/base64"
	"net/http"
	"sync"
	"time"
)

const (
	// wechatOverlap is how long a replaced access token still holds, and how
	// long before its end a stable one is replaced (protocols.md §7.4).
	wechatOverlap = 5 * time.Minute
	// A stable token may be forced anew this often.
	forcedPerDay = 20
	forcedApart  = 30 * time.Second
	// mostWechatTokens bounds the tokens that are remembered as valid.
	mostWechatTokens = 10_000
)

// wechatTokens are the mini-program's access tokens: those of cgi-bin/token and
// of cgi-bin/stable_token do not touch each other.
type wechatTokens struct {
	mu     sync.Mutex
	valid  *expiring[string, time.Time] // token → when it ends
	latest string                       // of cgi-bin/token

	stable    string
	stableEnd time.Time
	forced    []time.Time // within the last day
}

func newWechatToken() string { return base64.RawURLEncoding.EncodeToString(randomBytes(102)) }

func (t *wechatTokens) holds(now time.Time, token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	end, ok := t.valid.get(now, token)
	return ok && now.Before(end)
}

// ordinary makes a new token; the former one lives for five minutes more.
func (t *wechatTokens) ordinary(now time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if end, ok := t.valid.get(now, t.latest); ok && end.After(now.Add(wechatOverlap)) {
		t.valid.set(t.latest, now.Add(wechatOverlap))
	}
	t.latest = newWechatToken()
	t.valid.put(now, t.latest, now.Add(tokenLife))
	return t.latest
}

// steady returns the stable token and the seconds it has left, or an errcode.
func (t *wechatTokens) steady(now time.Time, force bool) (token string, left int, errcode int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if force {
		if no := t.countForced(now); no != 0 {
			return "", 0, no
		}
		t.valid.set(t.stable, now) // the old one ends at once
		t.stable = ""
	}
	if t.stable == "" || t.stableEnd.Sub(now) <= wechatOverlap {
		t.stable, t.stableEnd = newWechatToken(), now.Add(tokenLife)
		t.valid.put(now, t.stable, t.stableEnd)
	}
	return t.stable, int(t.stableEnd.Sub(now).Seconds()), 0
}

// countForced counts one forced refresh. No source names the code for two within
// thirty seconds; the sandbox takes WeChat's one for calls that come too often.
func (t *wechatTokens) countForced(now time.Time) int {
	old := 0
	for old < len(t.forced) && now.Sub(t.forced[old]) >= 24*time.Hour {
		old++
	}
	t.forced = t.forced[old:]
	switch n := len(t.forced); {
	case n >= forcedPerDay:
		return wxQuota
	case n > 0 && now.Sub(t.forced[n-1]) < forcedApart:
		return wxTooOften
	}
	t.forced = append(t.forced, now)
	return 0
}

// wechatToken is GET /cgi-bin/token.
func (s *Sandbox) wechatToken(w http.ResponseWriter, r *http.Request, _ call) {
	q := r.URL.Query()
	if !s.checkTokenRequest(w, q.Get("grant_type"), q.Get("appid"), q.Get("secret")) {
		return
	}
	s.writeWechatToken(w, s.wechat.tokens.ordinary(s.Now()), int(tokenLife.Seconds()))
}

// wechatStableToken is POST /cgi-bin/stable_token.
func (s *Sandbox) wechatStableToken(w http.ResponseWriter, r *http.Request, _ call) {
	if r.Method != http.MethodPost {
		s.writeWechatError(w, wechatJSON, wxNotPost, "require POST method")
		return
	}
	body := readObject(r)
	if body == nil {
		s.writeWechatError(w, wechatJSON, wxParse, "data format error")
		return
	}
	if !s.checkTokenRequest(w, body.text("grant_type"), body.text("appid"), body.text("secret")) {
		return
	}
	token, left, no := s.wechat.tokens.steady(s.Now(), string(body["force_refresh"]) == "true")
	if no != 0 {
		s.writeWechatError(w, wechatJSON, no, wechatErrmsg(no))
		return
	}
	s.writeWechatToken(w, token, left)
}

func (s *Sandbox) checkTokenRequest(w http.ResponseWriter, grant, appid, secret string) bool {
	if grant != "client_credential" {
		s.writeWechatError(w, wechatJSON, wxGrantType, "invalid grant_type")
		return false
	}
	return s.checkWechatApp(w, wechatJSON, appid, secret, func() bool { return true })
}

func (s *Sandbox) writeWechatToken(w http.ResponseWriter, token string, seconds int) {
	write(w, http.StatusOK, wechatJSON, encodeJSON(struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}{token, seconds}))
}
