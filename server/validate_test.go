package server_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/server"
)

func TestValidateNamesEveryProblem(t *testing.T) {
	t.Parallel()
	hush := server.NewSecret("HUNTER2")
	aesKey := server.NewSecret(strings.Repeat("a", 43))
	for want, c := range map[string]server.Config{
		"database:":                 {Database: hush},
		"database: ":                {Database: server.NewSecret("mysql://u:HUNTER2@h/d")},
		"database:  ":               {Database: server.NewSecret("postgres://u:HUNTER2%zz@h/d")},
		"keys: key 2 is not base64": {Keys: []server.Secret{server.NewSecret(base64.StdEncoding.EncodeToString(make([]byte, 32))), hush}},
		`listen: "nowhere"`:         {Listen: "nowhere"},
		`listen: "localhost:99999"`: {Listen: "localhost:99999"},
		`listen: "1:2:3"`:           {Listen: "1:2:3"},
		"login.factors:":            {Login: server.LoginConfig{Factors: []string{"OTP"}}},
		"login.factors: ":           {Login: server.LoginConfig{Factors: []string{"PASSWORD", "MIND_READING"}}},
		"login.register_role:":      {Login: server.LoginConfig{RegisterRole: "OWNER"}},
		"login.default_region:":     {Login: server.LoginConfig{DefaultRegion: "Atlantis"}},
		"passwords.memory_kib:":     {Passwords: server.PasswordConfig{MemoryKiB: 8191}},
		"passwords.memory_kib: ":    {Passwords: server.PasswordConfig{MemoryKiB: 1<<20 + 1}},
		"passwords.time:":           {Passwords: server.PasswordConfig{Time: 11}},
		"passwords.threads:":        {Passwords: server.PasswordConfig{Threads: 9}},
		"passwords.concurrent:":     {Passwords: server.PasswordConfig{Concurrent: -1}},
		"sessions.access:":          {Sessions: server.SessionConfig{Access: 2 * time.Hour}},
		"sessions.access: ":         {Sessions: server.SessionConfig{Access: -time.Minute}},
		"sessions.refresh:":         {Sessions: server.SessionConfig{Refresh: time.Millisecond}},
		"sessions.refresh_absolute": {Sessions: server.SessionConfig{RefreshAbsolute: time.Millisecond}},
		"sessions.skey:":            {Sessions: server.SessionConfig{Skey: -1}},
		"sessions.skey_absolute:":   {Sessions: server.SessionConfig{SkeyAbsolute: -1}},
		"dingtalk.base_url:":        {DingTalk: server.DingTalkConfig{BaseURL: "//user:HUNTER2@host"}},
		"dingtalk.apps[0].name:":    {DingTalk: server.DingTalkConfig{Apps: []server.DingTalkApp{{Name: "Übung"}}}},
		"dingtalk.apps[1].name:":    {DingTalk: server.DingTalkConfig{Apps: []server.DingTalkApp{{Name: "a"}, {Name: "a"}}}},
		"dingtalk.apps[0]: event":   {DingTalk: server.DingTalkConfig{Apps: []server.DingTalkApp{{Name: "a", CallbackToken: hush, CallbackAESKey: aesKey}}}},
		"dingtalk.apps[0]:":         {DingTalk: server.DingTalkConfig{Apps: []server.DingTalkApp{{Name: "a", AppKey: "k", CallbackToken: hush}}}},
		"dingtalk.apps[0]: ":        {DingTalk: server.DingTalkConfig{Apps: []server.DingTalkApp{{Name: "a", AppKey: "k", CallbackAESKey: aesKey}}}},
		"dingtalk.apps[0]:  ":       {DingTalk: server.DingTalkConfig{Apps: []server.DingTalkApp{{Name: "a", AppKey: "k", CallbackToken: hush, CallbackAESKey: hush}}}},
		"wechat.base_url:":          {WeChat: server.WeChatConfig{BaseURL: "ftp://HUNTER2"}},
		"wechat.apps[0]:":           {WeChat: server.WeChatConfig{Apps: []server.WeChatApp{{AppID: "wx1"}}}},
		"wechat.apps[0]: ":          {WeChat: server.WeChatConfig{Apps: []server.WeChatApp{{AppSecret: hush}}}},
		"wechat.apps[1].app_id:":    {WeChat: server.WeChatConfig{Apps: []server.WeChatApp{{AppID: "wx1", AppSecret: hush}, {AppID: "wx1", AppSecret: hush}}}},
		"graphql.depth:":            {GraphQL: server.GraphQLConfig{Depth: -1}},
		"graphql.body_bytes:":       {GraphQL: server.GraphQLConfig{BodyBytes: -1}},
		"http.trusted_proxies:":     {HTTP: server.HTTPConfig{TrustedProxies: []string{"10.0.0.1"}}},
		"http.allowed_origins:":     {HTTP: server.HTTPConfig{AllowedOrigins: []string{"https://a.example/"}}},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			err := c.Validate()
			if err == nil || !strings.HasPrefix(err.Error(), strings.TrimSpace(want)) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("one problem is reported more than once: %v", err)
			}
			if strings.Contains(err.Error(), "HUNTER2") {
				t.Errorf("the problem shows a secret: %v", err)
			}
		})
	}
}

func TestValidateReportsAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	c := server.Config{
		Listen: "x", Database: server.NewSecret("x"), Keys: []server.Secret{server.NewSecret("x")},
		Login:     server.LoginConfig{Factors: []string{"x"}, RegisterRole: "x", DefaultRegion: "x"},
		Passwords: server.PasswordConfig{MemoryKiB: 1, Time: 99, Threads: 99, Concurrent: -1},
		Sessions:  server.SessionConfig{Access: -1, Skey: -1},
		DingTalk:  server.DingTalkConfig{BaseURL: "x", Apps: []server.DingTalkApp{{Name: "X"}}},
		WeChat:    server.WeChatConfig{BaseURL: "x", Apps: []server.WeChatApp{{}}},
		GraphQL:   server.GraphQLConfig{Depth: -1, Tokens: -1},
		HTTP:      server.HTTPConfig{TrustedProxies: []string{"x", "y"}, AllowedOrigins: []string{"x"}},
	}
	problems := strings.Split(c.Validate().Error(), "\n")
	if len(problems) != 21 {
		t.Errorf("%d problems:\n%s", len(problems), strings.Join(problems, "\n"))
	}
	if _, err := server.New(t.Context(), c); err == nil || strings.Count(err.Error(), "\n") != 21 {
		t.Errorf("New says %v", err)
	}
}

func TestTheZeroConfigIsValid(t *testing.T) {
	t.Parallel()
	if err := (server.Config{}).Validate(); err != nil {
		t.Error(err)
	}
}
