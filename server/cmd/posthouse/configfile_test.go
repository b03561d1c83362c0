package main

import (
	"strings"
	"testing"
)

func TestWhatIsWrongWithAConfigurationFileIsNamedWithoutItsValues(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"an unknown key":                {"listen: 127.0.0.1:1\nlistn: HUNTER2", `line 2: there is no setting "listn"`},
		"an unknown key further down":   {"dingtalk:\n  apps:\n    - name: a\n      app_secrt: HUNTER2", `line 4: there is no setting "dingtalk.apps[0].app_secrt"`},
		"an unknown group":              {"# comment\n\nlogins: {a: HUNTER2}", `line 3: there is no setting "logins"`},
		"a field of the Go struct":      {"logger: HUNTER2", `line 1: there is no setting "logger"`},
		"a key that is there twice":     {"listen: a\nlisten: HUNTER2", `line 2: the setting "listen" is there twice`},
		"a list for a text":             {"listen: [HUNTER2]", "line 1: listen wants text"},
		"settings for a secret":         {"database:\n  url: HUNTER2", "line 2: database wants text"},
		"a list for a secret":           {"wechat: {apps: [{app_secret: [HUNTER2]}]}", "line 1: wechat.apps[0].app_secret wants text"},
		"a text for a list":             {"keys: HUNTER2", "line 1: keys wants a list"},
		"a text for settings":           {"login: HUNTER2", "line 1: login wants settings of its own below it"},
		"a text among settings":         {"wechat:\n  apps:\n    - name: x\n    - HUNTER2", "line 4: wechat.apps[1] wants settings of its own below it"},
		"a text for a number":           {"otp:\n  per_account: HUNTER2", "line 2: otp.per_account wants a whole number"},
		"a text for a switch":           {"sandbox: HUNTER2", "line 1: sandbox wants true or false"},
		"a text for a duration":         {"sessions:\n  access: HUNTER2", "line 2: sessions.access wants a duration such as 90s"},
		"a number that is too small":    {"passwords: {memory_kib: -77123}", "line 1: passwords.memory_kib wants a whole number that is neither"},
		"a number for a duration":       {"sessions:\n\n  access: 77123", "line 3: sessions.access wants a duration"},
		"a secret that begins with *":   {"wechat:\n  apps:\n    - app_secret: *HUNTER2", "line 3: this cannot be read as YAML"},
		"two colons":                    {"listen: a: HUNTER2", "line 1: this cannot be read as YAML"},
		"a tab":                         {"keys:\n- HUNTER2\n\t- x", "line 3: this cannot be read as YAML"},
		"a bracket that is left open":   {"keys: [HUNTER2", "line 1: this cannot be read as YAML"},
		"more than one document":        {"listen: a\n---\nlisten: HUNTER2", "line 3: the file holds more than one document"},
		"no settings but a list":        {"- HUNTER2", "line 1: a configuration file is a list of settings"},
		"no settings but a word":        {"HUNTER2", "line 1: a configuration file is a list of settings"},
		"not even text":                 {"\x00HUNTER2\xff", "line 1"},
		"a JSON file of something else": {`{"HUNTER": 2, "name": "HUNTER2"}`, `line 1: there is no setting "HUNTER"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := decode([]byte(c.file), new(settings))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if strings.Contains(err.Error(), "HUNTER2") || strings.Contains(err.Error(), "77123") {
				t.Errorf("the error shows a value: %v", err)
			}
		})
	}
}

func TestAConfigurationFileIsReadWhole(t *testing.T) {
	t.Parallel()
	var got settings
	err := decode([]byte(`
# Everything of one kind once.
listen: 127.0.0.1:8081
sandbox: true
database: "postgres://u:p@h/d"
keys: [first, "second"]
sessions: {access: 5m}
otp: {per_account: -1}
dingtalk:
  apps:
    - name: one
      app_secret: 0123456789
      callback_token: '*quoted'
`), &got)
	if err != nil {
		t.Fatal(err)
	}
	if got.Listen != "127.0.0.1:8081" || !got.Sandbox || got.Database.Reveal() != "postgres://u:p@h/d" ||
		len(got.Keys) != 2 || got.Keys[1].Reveal() != "second" || got.Sessions.Access.Minutes() != 5 || got.OTP.PerAccount != -1 {
		t.Errorf("got %+v", got)
	}
	if app := got.DingTalk.Apps[0]; app.AppSecret.Reveal() != "0123456789" || app.CallbackToken.Reveal() != "*quoted" {
		t.Errorf("secrets changed on the way: %q, %q", app.AppSecret.Reveal(), app.CallbackToken.Reveal())
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "\n\n"} {
		if err := decode([]byte(empty), new(settings)); err != nil {
			t.Errorf("an empty file %q is refused: %v", empty, err)
		}
	}
}

// FuzzDecode looks for files that crash the reader or that it quotes.
func FuzzDecode(f *testing.F) {
	f.Add("wechat:\n  apps:\n    - app_secret: ")
	f.Add("sessions: {access: ")
	f.Add("&a [*a]")
	f.Fuzz(func(t *testing.T, file string) {
		const value = "HUNTER2-the-secret"
		if strings.Contains(file, "HUNTER2") {
			t.Skip("holds the secret by itself")
		}
		err := decode([]byte(file+value), new(settings))
		if err != nil && strings.Contains(err.Error(), value) && !strings.Contains(err.Error(), "there is no setting") {
			t.Fatalf("the error shows a value: %v", err)
		}
	})
}
