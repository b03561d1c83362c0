package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readSettings gives what `posthouse serve` would run with.
func readSettings(t *testing.T, file string, environment map[string]string, args ...string) (settings, string) {
	t.Helper()
	if file != "" {
		name := filepath.Join(t.TempDir(), "posthouse.yaml")
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", name)
	}
	var said bytes.Buffer
	p := &program{in: strings.NewReader(""), out: io.Discard, err: &said}
	for name, value := range environment {
		t.Setenv(name, value)
		p.environment = append(p.environment, name+"="+value)
	}
	var c commands
	if _, err := p.parse(append([]string{"serve"}, args...), &c); err != nil {
		t.Fatal(err)
	}
	set, err := c.Serve.settings(p)
	if err != nil {
		t.Fatal(err)
	}
	return set, said.String()
}

func TestAFlagBeatsTheEnvironmentWhichBeatsTheFile(t *testing.T) {
	for key, c := range map[string]struct {
		flag, variable string
		values         [3]string // of file, environment and flag
		otherwise      string
		get            func(settings) string
	}{
		"listen":         {"--listen", "POSTHOUSE_LISTEN", [3]string{"a:1", "b:2", "c:3"}, "127.0.0.1:8080", func(s settings) string { return s.Listen }},
		"sandbox_listen": {"--sandbox-listen", "POSTHOUSE_SANDBOX_LISTEN", [3]string{"a:1", "b:2", "c:3"}, "127.0.0.1:8090", func(s settings) string { return s.SandboxListen }},
		"data":           {"--data", "POSTHOUSE_DATA", [3]string{"a", "b", "c"}, "", func(s settings) string { return s.DataDir }},
		"database":       {"--database", "POSTHOUSE_DATABASE", [3]string{"a", "b", "c"}, "", func(s settings) string { return s.Database.Reveal() }},
		"log_format":     {"--log-format", "POSTHOUSE_LOG_FORMAT", [3]string{"json", "text", "json"}, "", func(s settings) string { return s.LogFormat }},
		"log_level":      {"--log-level", "POSTHOUSE_LOG_LEVEL", [3]string{"debug", "warn", "error"}, "", func(s settings) string { return s.LogLevel }},
		"sandbox": {"--sandbox", "POSTHOUSE_SANDBOX", [3]string{"true", "false", "true"}, "false", func(s settings) string {
			if s.Sandbox {
				return "true"
			}
			return "false"
		}},
		"keys": {"--keys", "POSTHOUSE_KEYS", [3]string{"[a, b]", "c,d", "e,f"}, "", func(s settings) string {
			var all []string
			for _, k := range s.Keys {
				all = append(all, k.Reveal())
			}
			return strings.Join(all, ",")
		}},
	} {
		t.Run(key, func(t *testing.T) {
			inFile := c.values[0]
			if key == "keys" {
				inFile = "a,b"
			}
			file := key + ": " + c.values[0] + "\n"
			variable := map[string]string{c.variable: c.values[1]}
			flag := c.flag + "=" + c.values[2]
			for _, step := range []struct {
				want string
				got  settings
			}{
				{c.otherwise, first(readSettings(t, "", nil))},
				{inFile, first(readSettings(t, file, nil))},
				{c.values[1], first(readSettings(t, file, variable))},
				{c.values[2], first(readSettings(t, file, variable, flag))},
			} {
				if got := c.get(step.got); got != step.want {
					t.Errorf("got %q, want %q", got, step.want)
				}
			}
		})
	}
}

func first(s settings, _ string) settings { return s }

func TestAFlagCanSwitchTheSandboxOffAgain(t *testing.T) {
	set, _ := readSettings(t, "sandbox: true", map[string]string{"POSTHOUSE_SANDBOX": "yes"}, "--no-sandbox")
	if set.Sandbox {
		t.Error("--no-sandbox is not heard")
	}
}

func TestAMisspelledVariableIsMentionedWithoutItsValue(t *testing.T) {
	_, said := readSettings(t, "", map[string]string{
		"POSTHOUSE_DATABSE": "postgres://u:HUNTER2@h/d", "POSTHOUSE_DATA": "data", "POSTHOUSE_TEST_POSTGRES": "x",
	})
	if strings.Count(said, "\n") != 1 || !strings.Contains(said, "POSTHOUSE_DATABSE") || strings.Contains(said, "HUNTER2") {
		t.Errorf("the log says %q", said)
	}
}

func TestThePasswordIsTheFirstLineAsItIs(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"secret\n":            "secret",
		"secret":              "secret",
		"secret\r\n":          "secret",
		" blanks stay \nmore": " blanks stay ",
		"汉字密码\n":              "汉字密码",
		"":                    "",
		"\n":                  "",
	} {
		got, err := readPassword(strings.NewReader(given))
		if got.Reveal() != want || (err == nil) != (want != "") {
			t.Errorf("%q gave %q, %v", given, got.Reveal(), err)
		}
	}
}
