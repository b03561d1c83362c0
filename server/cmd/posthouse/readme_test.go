package main

import (
	"os"
	"regexp"
	"testing"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// The files that people copy must be such as the program reads; their secrets are left out, so that
// what is in them cannot be checked.
func TestTheReadmesConfigurationFilesAreRead(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"../../../README.md", "../../../docs/README.zh-CN.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := yamlBlock.FindAllSubmatch(text, -1)
		if len(blocks) == 0 {
			t.Errorf("%s shows no configuration file", file)
		}
		for _, block := range blocks {
			if err := decode(block[1], new(settings)); err != nil {
				t.Errorf("%s: %v in\n%s", file, err, block[1])
			}
		}
	}
}
