package graphiql_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/frontend/graphiql"
)

func TestPolicyForbidsInlineScriptsAndOtherHosts(t *testing.T) {
	t.Parallel()
	for directive := range strings.SplitSeq(graphiql.Headers()["Content-Security-Policy"], "; ") {
		name, sources, _ := strings.Cut(directive, " ")
		if name == "script-src" && sources != "'self'" {
			t.Errorf("scripts may come from %s", sources)
		}
		if strings.Contains(sources, "*") || strings.Contains(sources, "http") {
			t.Errorf("%s lets other hosts in: %s", name, sources)
		}
	}
}

// What is large is carried in compressed form only: the program would weigh seven megabytes more.
func TestTheBuildIsCompressed(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(graphiql.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Size() > 64<<10 && !strings.HasSuffix(path, ".gz") && !strings.HasSuffix(path, ".br") {
			t.Errorf("%s has %d bytes as it is", path, info.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
