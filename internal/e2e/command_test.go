package e2e

import (
	"encoding/json"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

func TestVersionSaysWhatItIs(t *testing.T) {
	t.Parallel()
	out := posthouse(t, "", nil, "version")
	if want := "posthouse " + testVersion + " (" + testCommit[:12] + ") " + runtime.Version() + "\n"; out.Code != 0 || out.Stdout != want || out.Stderr != "" {
		t.Errorf("got %+v, want %q", out, want)
	}
}

func TestHelpNamesEveryFlagItsVariableAndItsDefault(t *testing.T) {
	t.Parallel()
	out := posthouse(t, "", nil, "serve", "--help")
	if out.Code != 0 || out.Stderr != "" {
		t.Fatalf("got %+v", out)
	}
	for _, flag := range []string{"config", "data", "database", "keys", "listen", "log-format", "log-level", "sandbox", "sandbox-listen"} {
		variable := "$POSTHOUSE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
		if !regexp.MustCompile(`--(\[no-\])?`+flag+`\b`).MatchString(out.Stdout) || !strings.Contains(out.Stdout, variable) {
			t.Errorf("the help does not name --%s and %s:\n%s", flag, variable, out.Stdout)
		}
	}
	if top := posthouse(t, "", nil, "--help"); top.Code != 0 || !strings.Contains(top.Stdout, "account create") {
		t.Errorf("got %+v", top)
	}
}

func TestACommandThatIsNoneIsExplained(t *testing.T) {
	t.Parallel()
	posthouse(t, "", nil).wantRefusal(t, `"serve"`, `"account"`, "posthouse --help")
	posthouse(t, "", nil, "serv").wantRefusal(t, `did you mean "serve"?`)
	posthouse(t, "", nil, "account").wantRefusal(t, `"create"`, "posthouse account --help")
	posthouse(t, "", nil, "account", "create").wantRefusal(t, "--username", "--phone", "--password-stdin")
}

// createAccount runs the command with the password on standard input.
func createAccount(t *testing.T, data, username, phone, password string, more ...string) outcome {
	t.Helper()
	if len(password) >= 8 {
		secret("the password of "+username, password)
	}
	args := []string{"account", "create", "--username", username, "--phone", phone, "--password-stdin", "--data", data}
	return posthouse(t, password+"\n", nil, append(args, more...)...)
}

var accountID = regexp.MustCompile(`^acct_[0-9a-z]+\n$`)

func TestAccountsAreMadeWithoutTheAPI(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	const phrase = "a phrase that is long"
	first := createAccount(t, data, "first", "13800000001", phrase, "--role", "owner")
	if first.Code != 0 || !accountID.MatchString(first.Stdout) {
		t.Fatalf("got %+v", first)
	}
	h := startHouse(t, setup{Data: data, Config: passwordOnly})
	// The same while the server runs: it sees the account at once.
	second := createAccount(t, data, "second", "+86 138 0000 0002", phrase)
	if second.Code != 0 || !accountID.MatchString(second.Stdout) {
		t.Fatalf("while the server runs: %+v", second)
	}
	for username, role := range map[string]string{"First": "OWNER", "second": "MEMBER"} {
		var out struct {
			Viewer struct {
				ID    string
				Roles []string
			}
		}
		h.client().signIn(t, username, phrase).ask(t, viewerOp, nil, &out)
		if len(out.Viewer.Roles) != 1 || out.Viewer.Roles[0] != role {
			t.Errorf("%s has the roles %v", username, out.Viewer.Roles)
		}
	}
	for name, c := range map[string]struct {
		out  outcome
		want string
	}{
		"taken name":         {createAccount(t, data, "FIRST", "13800000003", phrase), "account.username_taken"},
		"taken phone":        {createAccount(t, data, "third", "138-0000-0001", phrase), "account.phone_taken"},
		"no role":            {createAccount(t, data, "third", "13800000003", phrase, "--role", "king"), `role "king" is none of owner, admin, member`},
		"bad name":           {createAccount(t, data, "no blanks", "13800000003", phrase), "account.username_invalid"},
		"bad phone":          {createAccount(t, data, "third", "110", phrase), "account.phone_invalid"},
		"common password":    {createAccount(t, data, "third", "13800000003", "password1"), "account.password_weak"},
		"no password":        {createAccount(t, data, "third", "13800000003", ""), "no password came on standard input"},
		"endless password":   {createAccount(t, data, "third", "13800000003", strings.Repeat("endless", 1<<17)), "account.password_weak"},
		"password in a flag": {createAccount(t, data, "third", "13800000003", phrase, "--password", "x"), "unknown flag --password"},
	} {
		t.Run(name, func(t *testing.T) {
			c.out.wantRefusal(t, c.want)
			if c.out.Stdout != "" {
				t.Errorf("standard output says %q", c.out.Stdout)
			}
		})
	}
	asJSON := createAccount(t, data, "first", "13800000003", phrase, "--log-format", "json")
	var entry struct{ Level, Msg, Error string }
	if err := json.Unmarshal([]byte(asJSON.Stderr), &entry); err != nil || entry.Level != "ERROR" || !strings.Contains(entry.Error, "account.username_taken") {
		t.Errorf("with a JSON log the failure is %q", asJSON.Stderr)
	}
	if third := createAccount(t, data, "third", "13800000003", phrase, "--role", "admin"); third.Code != 0 {
		t.Errorf("after all those failures: %+v", third)
	}
}

// TestSettingsComeFromFileEnvironmentAndFlags sees with the running program which of them wins.
func TestSettingsComeFromFileEnvironmentAndFlags(t *testing.T) {
	t.Parallel()
	inFile, inEnvironment, inFlag := freeAddress(t), freeAddress(t), freeAddress(t)
	file := "listen: " + inFile + "\nlog_format: json\nlog_level: debug\n" + passwordOnly
	variables := []string{"POSTHOUSE_LISTEN=" + inEnvironment, "POSTHOUSE_LOG_LEVEL=info"}
	for _, c := range []struct {
		want string
		env  []string
		args []string
	}{
		{inFile, nil, nil},
		{inEnvironment, variables, nil},
		{inFlag, variables, []string{"--listen", inFlag}},
	} {
		args := append([]string{"serve", "--config", writeConfig(t, file), "--data", t.TempDir()}, c.args...)
		p := launch(t, nil, c.env, args...)
		found := p.stdout.find(graphqlLine, p.ended)
		if len(found) == 0 || found[1] != "http://"+c.want {
			t.Errorf("it serves at %v, want %s: %s", found, c.want, p.stderr)
		}
		if p.stderr.find(regexp.MustCompile(`"msg":"listening","address":"`+regexp.QuoteMeta(c.want)+`".*\n`), p.ended) == nil {
			t.Errorf("the log does not say where it listens: %s", p.stderr)
		}
		_ = p.cmd.Process.Kill()
		<-p.ended
		wantJSONLines(t, p.stderr.lines())
	}
}
