package errs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/errs"
)

// reasonLiteral is how every reason is written in this code base.
var reasonLiteral = regexp.MustCompile(`errs\.New\(\s*errs\.[A-Za-z]+,\s*"([a-z_]+(?:\.[a-z_]+)*)"`)

func TestEveryReasonHasAChineseText(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, dir := range []string{"graph", "internal", "server"} {
		root := filepath.Join("..", "..", dir)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range reasonLiteral.FindAllStringSubmatch(string(text), -1) {
				found[m[1]] = true
				if !errs.Translated(m[1]) {
					t.Errorf("%s: %q has no Chinese text in catalogue_zh.go", path, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 50 {
		t.Fatalf("only %d reasons found: has the way of writing them changed?", len(found))
	}
}

func TestLocalizeFollowsTheLanguage(t *testing.T) {
	t.Parallel()
	missing := errs.New(errs.Unauthenticated, "session.missing", "Please sign in first.")
	for language, want := range map[string]string{"zh-CN": "请先登录。", "zh": "请先登录。", "en": "Please sign in first.", "": "Please sign in first."} {
		if got := errs.Localize(missing, language); got != want {
			t.Errorf("%q gave %q", language, got)
		}
	}
	own := missing.WithMessage("line %d", 3)
	if got := errs.Localize(own, "zh-CN"); got != "line 3" {
		t.Errorf("detail must be kept, got %q", got)
	}
	detailed := missing.WithDetail("Line 3 is odd.")
	if zh, en := errs.Localize(detailed, "zh-CN"), errs.Localize(detailed, "en"); zh != "请先登录：Line 3 is odd." || en != "Please sign in first. Line 3 is odd." {
		t.Errorf("detail must follow the message, got %q and %q", zh, en)
	}
	fields := errs.LocalizeFields(missing.WithField("password", "It contains the username.").WithField("x", "1–200"), "zh-CN")
	if fields["password"] != "密码包含用户名。" || fields["x"] != "1–200" {
		t.Errorf("got %v", fields)
	}
}
