package shell_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/desktop/internal/backend"
	"github.com/posthouse/posthouse/desktop/internal/shell"
)

func TestBothLanguagesSayTheSameThings(t *testing.T) {
	t.Parallel()
	chinese, english := shell.TextKeys(shell.Chinese), shell.TextKeys(shell.English)
	if !slices.Equal(chinese, english) {
		t.Errorf("keys differ: %v and %v", chinese, english)
	}
	placeholder := regexp.MustCompile(`\{\w+\}`)
	for _, key := range chinese {
		a, b := placeholder.FindAllString(shell.Text(shell.Chinese, key), -1), placeholder.FindAllString(shell.Text(shell.English, key), -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%s: %v and %v", key, a, b)
		}
		if shell.Text(shell.Chinese, key) == "" || shell.Text(shell.English, key) == "" {
			t.Errorf("%s is empty", key)
		}
	}
}

func TestEveryProblemHasWords(t *testing.T) {
	t.Parallel()
	keys := shell.TextKeys(shell.Chinese)
	for _, kind := range backend.Kinds() {
		for _, part := range []string{"title", "text", "do"} {
			if key := "problem." + string(kind) + "." + part; !slices.Contains(keys, key) {
				t.Errorf("%s is missing", key)
			}
		}
	}
}

// used finds the keys of the sources: every text is used, and every key that is used exists.
func TestTextsAreUsedAndThere(t *testing.T) {
	t.Parallel()
	var sources strings.Builder
	for _, pattern := range []string{"*.go", "pages/*.html"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(text)
		}
	}
	keys := shell.TextKeys(shell.Chinese)
	for _, m := range regexp.MustCompile(`(?:say\(|T |T \()"([a-z_]+\.[a-z_.]+)"`).FindAllStringSubmatch(sources.String(), -1) {
		if !strings.HasSuffix(m[1], ".") && !slices.Contains(keys, m[1]) {
			t.Errorf("%s is used but missing", m[1])
		}
	}
	for _, key := range keys {
		group, name, _ := strings.Cut(key, ".")
		byName := group == "menu" && strings.Contains(sources.String(), `"`+name+`"`)
		built := (group == "problem" && strings.Count(key, ".") == 2) || group == "mode"
		if !byName && !built && !strings.Contains(sources.String(), `"`+key+`"`) {
			t.Errorf("%s is not used", key)
		}
	}
}

func TestPickLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		chosen string
		system []string
		want   string
	}{
		{"", nil, shell.Chinese},
		{"", []string{"", "C"}, shell.Chinese},
		{"", []string{"en_US.UTF-8"}, shell.English},
		{"", []string{"de_DE", "en-GB"}, shell.English},
		{"", []string{"zh_TW.Big5", "en"}, shell.Chinese},
		{"en", []string{"zh_CN"}, shell.English},
		{"zh-CN", []string{"en"}, shell.Chinese},
		{"english", nil, shell.Chinese},
	} {
		if got := shell.PickLanguage(c.chosen, c.system...); got != c.want {
			t.Errorf("PickLanguage(%q, %q) = %s", c.chosen, c.system, got)
		}
	}
}
