package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// chats is a sandbox as its control API shows it.
type chats struct {
	t   testing.TB
	URL string
}

// chats gives the sandbox beside the house.
func (h *house) chats() chats { return chats{h.t, h.SandboxURL} }

// message is what a robot said.
type message struct {
	ID       int64
	Robot    string
	Msgtype  string
	Body     json.RawMessage
	MsgUUID  string
	Mentions struct{ NotifiedUserIDs []string }
}

func (m message) text() string {
	var body struct{ Content string }
	_ = json.Unmarshal(m.Body, &body) // other types have none
	return body.Content
}

// call sends a call of the control API and decodes the answer.
func (c chats) call(method, path string, in, into any) {
	c.t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		check(c.t, err)
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, c.URL+"/sandbox/api/"+path, body)
	check(c.t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := web.Do(req)
	check(c.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	check(c.t, err)
	if resp.StatusCode != http.StatusOK {
		c.t.Fatalf("%s %s: status %d: %s", method, path, resp.StatusCode, answer)
	}
	if into != nil {
		check(c.t, json.Unmarshal(answer, into))
	}
}

// of gives what a robot has said so far.
func (c chats) of(robot string) []message {
	c.t.Helper()
	var all []message
	c.call(http.MethodGet, "messages?robot="+robot, nil, &all)
	return all
}

// saying gives the robot's messages that contain the words.
func (c chats) saying(robot, words string) []message {
	c.t.Helper()
	var found []message
	for _, m := range c.of(robot) {
		if strings.Contains(string(m.Body), words) {
			found = append(found, m)
		}
	}
	return found
}

var codeInText = regexp.MustCompile(`(?:^|[^0-9])([0-9]{6})(?:[^0-9]|$)`)

// awaitCode waits until the robot has said more than the given number of codes and gives the newest.
func (c chats) awaitCode(robot string, before int) (code string, m message) {
	c.t.Helper()
	await(c.t, "a code in the chat of robot "+robot, func() bool {
		var codes int
		for _, said := range c.of(robot) {
			if found := codeInText.FindSubmatch(said.Body); found != nil {
				codes++
				code, m = string(found[1]), said
			}
		}
		return codes > before
	})
	return secret("a one-time code", code), m
}

// push makes the sandbox push an event and gives how that went.
func (c chats) push(eventType string, data map[string]any) (pushed struct {
	EventID   string
	Delivered bool
	Attempts  int
	Answer    string
}) {
	c.t.Helper()
	c.call(http.MethodPost, "events", vars{"eventType": eventType, "data": data}, &pushed)
	return pushed
}

// hushCredentials notes every secret of the sandbox.
func (c chats) hushCredentials() {
	c.t.Helper()
	var all struct {
		Dingtalk struct{ AppSecret, CallbackToken, CallbackAesKey, LoginAppSecret string }
		Robots   []struct{ Name, AccessToken, Secret string }
		Wechat   struct{ AppSecret string }
	}
	c.call(http.MethodGet, "credentials", nil, &all)
	secret("the DingTalk app's secret", all.Dingtalk.AppSecret)
	secret("the callback token", all.Dingtalk.CallbackToken)
	secret("the callback key", all.Dingtalk.CallbackAesKey)
	secret("the login app's secret", all.Dingtalk.LoginAppSecret)
	secret("the mini-program's secret", all.Wechat.AppSecret)
	for _, r := range all.Robots {
		secret("the token of robot "+r.Name, r.AccessToken)
		secret("the secret of robot "+r.Name, r.Secret)
	}
}
