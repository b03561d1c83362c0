package launch_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/desktop/internal/backend"
	"github.com/posthouse/posthouse/desktop/internal/launch"
)

func TestFlags(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	config := func() (string, error) { return home, nil }
	o, err := launch.Parse(nil, &bytes.Buffer{}, config)
	if err != nil || o.Dir != filepath.Join(home, "Posthouse") || o.DataDir != "" || o.First.Mode != "" {
		t.Errorf("without flags: %+v, %v", o, err)
	}
	o, err = launch.Parse([]string{"--dir", "here", "--data=there", "--remote", "a.example", "--plain"}, &bytes.Buffer{}, config)
	if err != nil || !filepath.IsAbs(o.Dir) || !filepath.IsAbs(o.DataDir) || o.First.Mode != backend.Remote || o.First.Address != "a.example" || !o.First.Plain {
		t.Errorf("with flags: %+v, %v", o, err)
	}
	for _, args := range [][]string{{"--sandbox", "--local"}, {"--colour"}, {"file"}, {"--remote"}} {
		if _, err := launch.Parse(args, &bytes.Buffer{}, config); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
	var help bytes.Buffer
	if _, err := launch.Parse([]string{"--help"}, &help, config); !errors.Is(err, launch.ErrHelp) || !strings.Contains(help.String(), "-sandbox") {
		t.Errorf("help: %v, %s", err, &help)
	}
	homeless := func() (string, error) { return "", errors.New("no home") }
	if _, err := launch.Parse(nil, &bytes.Buffer{}, homeless); err == nil || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("without a home: %v", err)
	}
	if _, err := launch.Parse([]string{"--dir", home}, &bytes.Buffer{}, homeless); err != nil {
		t.Errorf("without a home, but --dir: %v", err)
	}
}

func TestEachFolderHasItsInstance(t *testing.T) {
	t.Parallel()
	a, b := launch.Options{Dir: "/a"}.InstanceID(), launch.Options{Dir: "/b"}.InstanceID()
	if a == b || a != (launch.Options{Dir: "/a", DataDir: "/x"}).InstanceID() {
		t.Errorf("%s and %s", a, b)
	}
	// D-Bus takes letters, digits and underscores.
	if strings.Trim(a, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		t.Errorf("id %s", a)
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"none":          {nil, nil},
		"one":           {map[string]string{"LANG": "zh_CN.UTF-8"}, []string{"", "zh_CN.UTF-8"}},
		"the strongest": {map[string]string{"LANG": "de", "LC_MESSAGES": "fr", "LC_ALL": "en"}, []string{"", "en"}},
		"a list":        {map[string]string{"LANG": "de", "LANGUAGE": "fr:en"}, []string{"fr", "en", "de"}},
		"no locale":     {map[string]string{"LANGUAGE": "fr:en"}, nil},
	} {
		if got := launch.Languages(func(key string) string { return c.env[key] }); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestTheLogIsKeptAndTurnedOver(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	var console bytes.Buffer
	log, path, closeLog := launch.OpenLog(dir, &console)
	log.Info("hello")
	if err := closeLog(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "hello") || !strings.Contains(console.String(), "hello") {
		t.Errorf("%s %v, console %s", text, err, &console)
	}
	if err := os.Truncate(path, 5<<20); err != nil {
		t.Fatal(err)
	}
	_, _, closeLog = launch.OpenLog(dir, &console)
	if err := closeLog(); err != nil {
		t.Fatal(err)
	}
	old, oldErr := os.Stat(path + ".1")
	now, nowErr := os.Stat(path)
	if err := errors.Join(oldErr, nowErr); err != nil || old.Size() != 5<<20 || now.Size() != 0 {
		t.Errorf("old %v, new %v, %v", old, now, err)
	}
}

func TestALogThatCannotBeKeptIsNoReasonNotToStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var console bytes.Buffer
	log, path, closeLog := launch.OpenLog(filepath.Join(file, "x"), &console)
	log.Info("hello")
	if path != "" || closeLog() != nil || !strings.Contains(console.String(), "hello") {
		t.Errorf("path %q, console %s", path, &console)
	}
}
