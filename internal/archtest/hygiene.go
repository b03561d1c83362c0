package archtest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Tracked is one file of the repository: its path with slashes, and its content.
type Tracked struct {
	Path    string
	Content []byte
}

// The patterns are put together from pieces so that this file does not match itself.
var (
	machinePath = regexp.MustCompile(`(?:^|[\s"'` + "`" + `=:(\[,])(/(?:home|root|Users|work)/[\w.-]+|[A-Z]:\\Users\\\w+)`)
	registry    = regexp.MustCompile(`"resolved"\s*:\s*"http|\bregistry\.[a-z0-9.-]+\.[a-z]{2,}\b|\bproxy\.golang` + `\.org\b`)
	openEnd     = regexp.MustCompile(`\b(?:TO` + `DO|FIX` + `ME)\b`)
	generated   = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
)

// CheckHygiene returns a sentence for every line that names somebody's machine or a package registry, or
// leaves something for later.
func CheckHygiene(files []Tracked) []string {
	var found []string
	for _, f := range files {
		if bytes.IndexByte(f.Content, 0) >= 0 {
			continue // an image, a font
		}
		isGenerated := generated.Match(f.Content)
		for i, line := range strings.Split(string(f.Content), "\n") {
			at := fmt.Sprintf("%s:%d", f.Path, i+1)
			if m := machinePath.FindStringSubmatch(line); m != nil {
				found = append(found, fmt.Sprintf("%s: path of a machine: %s", at, m[1]))
			}
			if m := registry.FindString(line); m != "" {
				found = append(found, fmt.Sprintf("%s: names a package registry: %s", at, m))
			}
			if m := openEnd.FindString(line); m != "" && !isGenerated {
				found = append(found, fmt.Sprintf("%s: %s: finish it or open an issue", at, m))
			}
		}
	}
	return found
}

// CheckTopLevel returns a sentence for every entry of the root that has no place there, and for every
// README that lacks its other language.
func CheckTopLevel(files []Tracked) []string {
	var found []string
	paths := map[string]bool{}
	roots := map[string]bool{}
	for _, f := range files {
		paths[f.Path] = true
		root, _, _ := strings.Cut(f.Path, "/")
		roots[root] = true
	}
	for root := range roots {
		if !strings.HasPrefix(root, ".") && !slices.Contains(TopLevel, root) {
			found = append(found, fmt.Sprintf("%s has no place at the top level", root))
		}
	}
	for _, path := range []string{"README.md", "docs/README.zh-CN.md"} {
		if !paths[path] {
			found = append(found, path+" is missing: the README exists in English and in Chinese")
		}
	}
	slices.Sort(found)
	return found
}
