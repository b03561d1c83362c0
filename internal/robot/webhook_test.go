package robot_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/robot"
)

const token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// hosts as a sandbox and a deployment behind a prefix add them.
var hosts = append(robot.DefaultWebhookHosts(),
	"http://127.0.0.1:8090", "https://relay.example/ding/", "bare.example", "://broken")

func TestWhatPeoplePasteForAWebhook(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		token:               token,
		"  " + token + "\n": token,
		"Ab_-9876":          "Ab_-9876",
		"https://oapi.dingtalk.com/robot/send?access_token=" + token:                            token,
		" https://oapi.dingtalk.com/robot/send?access_token=" + token + "\r\n":                  token,
		"https://OAPI.dingtalk.com:443/robot/send?access_token=" + token:                        token,
		"https://api.dingtalk.com/robot/send?access_token=" + token:                             token,
		"https://oapi.dingtalk.com/robot/send?access_token=" + token + "&timestamp=1&sign=x%3D": token,
		"http://127.0.0.1:8090/robot/send?access_token=" + token:                                token,
		"https://relay.example/ding/robot/send?access_token=" + token:                           token,
		"https://bare.example/robot/send?access_token=" + token:                                 token,

		"":                        "",
		"short":                   "",
		strings.Repeat("x", 257):  "",
		strings.Repeat("x", 256):  strings.Repeat("x", 256),
		strings.Repeat("x", 1e6):  "",
		token + " " + token:       "",
		"令牌令牌令牌令牌":                "",
		"access_token=" + token:   "",
		"ftp://oapi.dingtalk.com": "",
		"http://oapi.dingtalk.com/robot/send?access_token=" + token:                             "", // the token would travel in clear
		"https://oapi.dingtalk.com.evil.example/robot/send?access_token=" + token:               "",
		"https://evil.example/robot/send?access_token=" + token:                                 "",
		"https://oapi.dingtalk.com@evil.example/robot/send?access_token=" + token:               "",
		"https://user:pass@oapi.dingtalk.com/robot/send?access_token=" + token:                  "",
		"https://oapi.dingtalk.com:8443/robot/send?access_token=" + token:                       "",
		"http://127.0.0.1:8091/robot/send?access_token=" + token:                                "",
		"https://relay.example/robot/send?access_token=" + token:                                "",
		"https://oapi.dingtalk.com/robot/sendBySession?access_token=" + token:                   "",
		"https://oapi.dingtalk.com/robot/send/?access_token=" + token:                           "",
		"https://oapi.dingtalk.com/robot/send":                                                  "",
		"https://oapi.dingtalk.com/robot/send?access_token=":                                    "",
		"https://oapi.dingtalk.com/robot/send?access_token=" + token + "&access_token=" + token: "",
		"https://oapi.dingtalk.com/robot/send?access_token=a%20b%20c%20d":                       "",
		"https://oapi.dingtalk.com/robot/send?access_token=" + token + "&x=%zz":                 "",
		"https://oapi.dingtalk.com/robot/send?access_token=" + token + ";x":                     "",
		"https:oapi.dingtalk.com/robot/send?access_token=" + token:                              "",
		"https://[::1/robot/send?access_token=" + token:                                         "",
	} {
		got, err := robot.ParseWebhook(raw, hosts)
		if want == "" {
			if !errors.Is(err, robot.ErrWebhookInvalid) || got != "" {
				t.Errorf("%.90q gave %q, %v", raw, got, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%.90q gave %q, %v", raw, got, err)
		}
	}
}

func FuzzParseWebhook(f *testing.F) {
	for _, s := range []string{
		token, "https://oapi.dingtalk.com/robot/send?access_token=" + token,
		"http://127.0.0.1:8090/robot/send?access_token=abcdefgh&access_token=x", "https://a@b/robot/send", "%", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := robot.ParseWebhook(raw, hosts)
		if err != nil {
			if errs.ReasonOf(err) != "robot.webhook_invalid" {
				t.Fatalf("reason %s", errs.ReasonOf(err))
			}
			if got != "" || len(raw) > 7 && strings.Contains(robot.ErrWebhookInvalid.Error(), raw) != strings.Contains(err.Error(), raw) {
				t.Fatalf("the error repeats its input: %v", err)
			}
			return
		}
		if len(got) < 8 || len(got) > 256 || strings.Trim(got, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
			t.Fatalf("%q gave the token %q", raw, got)
		}
		again, err := robot.ParseWebhook(got, nil)
		if err != nil || again != got {
			t.Fatalf("the token %q does not give itself: %q %v", got, again, err)
		}
	})
}
