package frontend_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/frontend"
)

func TestPageLeadsBackToTheRootFromAnyDepth(t *testing.T) {
	t.Parallel()
	const index = `<meta name="posthouse-root" content="./" /><script src="./assets/a.js"></script>`
	for path, root := range map[string]string{
		"/":               `"./`,
		"/accounts":       `"./`,
		"/accounts/":      `"../`,
		"/accounts/42":    `"../`,
		"/a/b/c":          `"../../`,
		"accounts/42":     `"../`,
		"/broadcasts/new": `"../`,
	} {
		got := string(frontend.Page([]byte(index), path))
		want := strings.ReplaceAll(index, `"./`, root)
		if got != want {
			t.Errorf("Page(%q) = %s, want %s", path, got, want)
		}
	}
}

func TestPolicyForbidsInlineScriptsAndOtherHosts(t *testing.T) {
	t.Parallel()
	policy := frontend.Headers()["Content-Security-Policy"]
	for directive := range strings.SplitSeq(policy, "; ") {
		name, sources, _ := strings.Cut(directive, " ")
		if name == "script-src" && sources != "'self'" {
			t.Errorf("scripts may come from %s", sources)
		}
		if strings.Contains(sources, "*") || strings.Contains(sources, "http") {
			t.Errorf("%s lets other hosts in: %s", name, sources)
		}
	}
}

func TestFilesAreThoseOfTheBuild(t *testing.T) {
	t.Parallel()
	_, err := fs.Stat(frontend.FS(), "index.html")
	if frontend.Built() != (err == nil) {
		t.Errorf("Built() = %t, but index.html: %v", frontend.Built(), err)
	}
}
