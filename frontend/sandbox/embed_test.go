package sandbox_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/frontend/sandbox"
)

// The page must work wherever the simulator listens and load nothing from elsewhere.
func TestThePageIsSelfContained(t *testing.T) {
	t.Parallel()
	index, err := fs.ReadFile(sandbox.FS(), "index.html")
	if err != nil {
		if _, kept := fs.Stat(sandbox.FS(), ".keep"); kept != nil {
			t.Fatalf("neither a page nor the placeholder: %v, %v", err, kept)
		}
		if os.Getenv("CI") == "true" {
			t.Fatal("the page was not built before the tests")
		}
		t.Skip("the page is not built here; make build builds it")
	}
	for what, pattern := range map[string]string{
		"an outside address": `(?:src|href)="(?:https?:)?//`,
		"an absolute path":   `(?:src|href)="/`,
		"an inline handler":  `(?i)<[^>]+\son[a-z]+\s*=`,
		"an inline script":   `<script(?:\s[^>]*)?>[^<]`,
		"an inline style":    `<style|<[^>]+\sstyle\s*=`,
	} {
		if found := regexp.MustCompile(pattern).Find(index); found != nil {
			t.Errorf("the page has %s: %s", what, found)
		}
	}
	assets, err := fs.ReadDir(sandbox.FS(), "assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, asset := range assets {
		if info, err := asset.Info(); err == nil && strings.HasSuffix(asset.Name(), ".js") && info.Size() > 16<<10 {
			if _, err := fs.Stat(sandbox.FS(), "assets/"+asset.Name()+".br"); err != nil {
				t.Errorf("%s is not compressed: %v", asset.Name(), err)
			}
		}
	}
}
