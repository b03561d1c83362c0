package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/server/sandbox"
)

// platform is a sandbox in the test's own process, which outlives the server under test. It records
// every call of a robot.
type platform struct {
	box *sandbox.Sandbox
	URL string

	mu    sync.Mutex
	calls []robotCall
	trap  *trap
}

// robotCall is one call of /robot/send, whatever became of it.
type robotCall struct {
	Token string
	At    time.Time
}

func startPlatform(t *testing.T) *platform {
	t.Helper()
	box, err := sandbox.New(sandbox.Config{})
	check(t, err)
	p := &platform{box: box}
	web := httptest.NewServer(p.recording(box.Handler()))
	p.URL = web.URL
	t.Cleanup(func() {
		_ = box.Close() // first, so that no slow answer holds up the listener
		web.CloseClientConnections()
		web.Close()
	})
	c := box.Credentials()
	secret("the DingTalk app's secret", c.DingTalk.AppSecret)
	secret("the callback token", c.DingTalk.CallbackToken)
	secret("the callback key", c.DingTalk.CallbackAESKey)
	secret("the mini-program's secret", c.WeChat.AppSecret)
	return p
}

// Stages at which a trap catches a call.
const (
	beforeDelivery = "before delivery"
	beforeAnswer   = "before the answer"
)

// trap holds one call of a robot where it hurts most, until release closes.
type trap struct {
	stage string
	// skip is how many calls pass first.
	skip int
	// lose makes the platform forget a call that was caught before delivery.
	lose    bool
	caught  chan struct{}
	release chan struct{}
}

// set sets a trap for the call that comes after skip others.
func (p *platform) set(stage string, skip int, lose bool) *trap {
	tr := &trap{stage: stage, skip: skip, lose: lose, caught: make(chan struct{}), release: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trap = tr
	return tr
}

// spring gives the trap to the call that it is for.
func (p *platform) spring(stage string) *trap {
	p.mu.Lock()
	defer p.mu.Unlock()
	tr := p.trap
	if tr == nil || tr.stage != stage {
		return nil
	}
	if tr.skip > 0 {
		tr.skip--
		return nil
	}
	p.trap = nil
	return tr
}

func (p *platform) recording(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/robot/send" {
			next.ServeHTTP(w, r)
			return
		}
		p.mu.Lock()
		p.calls = append(p.calls, robotCall{r.URL.Query().Get("access_token"), time.Now()})
		p.mu.Unlock()
		if tr := p.spring(beforeDelivery); tr != nil {
			close(tr.caught)
			<-tr.release
			if tr.lose {
				panic(http.ErrAbortHandler)
			}
		}
		tr := p.spring(beforeAnswer)
		if tr == nil {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(httptest.NewRecorder(), r)
		close(tr.caught)
		<-tr.release
		panic(http.ErrAbortHandler)
	})
}

// robotCalls gives the calls so far.
func (p *platform) robotCalls() []robotCall {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]robotCall(nil), p.calls...)
}

// heard counts the messages of each text in all chats.
func (p *platform) heard() map[string]int {
	counts := map[string]int{}
	for _, m := range p.box.Messages(sandbox.MessageFilter{}) {
		counts[message{Body: m.Body}.text()]++
	}
	return counts
}

// config is a configuration file for this platform; more is put at its end.
func (p *platform) config(more ...string) string {
	c := p.box.Credentials()
	return fmt.Sprintf(`dingtalk:
  base_url: %s
  apps:
    - name: sandbox
      corp_id: %s
      app_key: %s
      app_secret: %s
      callback_token: %s
      callback_aes_key: %s
wechat:
  base_url: %s
  apps:
    - name: sandbox
      app_id: %s
      app_secret: %s
`, p.URL, c.DingTalk.CorpID, c.DingTalk.AppKey, c.DingTalk.AppSecret, c.DingTalk.CallbackToken, c.DingTalk.CallbackAESKey,
		p.URL, c.WeChat.AppID, c.WeChat.AppSecret) + strings.Join(more, "\n") + "\n"
}

// passwordOnly lets people sign in without a code.
const passwordOnly = "login: {factors: [PASSWORD]}"

const ownersPassword = "an owner's password"

// startWithOwner starts a house on the platform, after making its owner on the command line as an
// administrator would, and gives the owner signed in.
func startWithOwner(t *testing.T, p *platform, s setup) (*house, client) {
	t.Helper()
	if s.Data == "" {
		s.Data = t.TempDir()
	}
	s.Config = p.config(passwordOnly, s.Config)
	out := posthouse(t, secret("the owner's password", ownersPassword)+"\n", nil, "account", "create", "--username", "boss", "--phone", "13900000001", "--role", "owner", "--password-stdin", "--data", s.Data)
	if out.Code != 0 {
		t.Fatalf("account create: %s", out.Stderr)
	}
	h := startHouse(t, s)
	return h, h.client().signIn(t, "boss", ownersPassword)
}
