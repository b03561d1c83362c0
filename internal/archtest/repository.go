package archtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Root finds the folder of the module that holds the working directory.
func Root(ctx context.Context) (string, error) {
	out, err := run(ctx, "", "go", "env", "GOMOD")
	if err != nil {
		return "", err
	}
	mod := strings.TrimSpace(string(out))
	if mod == "" || mod == os.DevNull {
		return "", errors.New("not inside a Go module")
	}
	return filepath.Dir(mod), nil
}

// Load lists the packages of the module at root and parses their sources, tests left out.
func Load(ctx context.Context, root string) ([]Package, error) {
	// Go keeps the result of a test until a file or folder changes that the test itself looked at. What
	// go list and git look at does not count, so look at every folder here.
	if _, err := walk(root); err != nil {
		return nil, err
	}
	// -e, because an import that does not resolve is the compiler's to report.
	out, err := run(ctx, root, "go", "list", "-e", "-json=ImportPath,Dir,GoFiles,CgoFiles,IgnoredGoFiles", "./...")
	if err != nil {
		return nil, err
	}
	var packages []Package
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath, Dir                   string
			GoFiles, CgoFiles, IgnoredGoFiles []string
		}
		err := decoder.Decode(&listed)
		if errors.Is(err, io.EOF) {
			return packages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading what go list prints: %w", err)
		}
		p := Package{ImportPath: listed.ImportPath}
		for _, name := range slices.Concat(listed.GoFiles, listed.CgoFiles, listed.IgnoredGoFiles) {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			if err := p.add(root, filepath.Join(listed.Dir, name)); err != nil {
				return nil, err
			}
		}
		packages = append(packages, p)
	}
}

func (p *Package) add(root, name string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	below, err := filepath.Rel(root, name)
	if err != nil {
		return err
	}
	file, err := ParseFile(filepath.ToSlash(below), src)
	if err != nil {
		return err
	}
	p.Files = append(p.Files, file)
	for _, imp := range file.tree.Imports {
		imported, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			return err
		}
		if !slices.Contains(p.Imports, imported) {
			p.Imports = append(p.Imports, imported)
		}
	}
	return nil
}

// LoadTracked reads the files that git tracks below root; where there is no git (a source archive),
// all but what .gitignore leaves out of the repository.
func LoadTracked(ctx context.Context, root string) ([]Tracked, error) {
	// Looked at for the same reason as in Load: this file changes whenever git comes to track another.
	_, _ = os.Stat(filepath.Join(root, ".git", "index"))
	// The clone may belong to another user, as in a container.
	out, err := run(ctx, root, "git", "-c", "safe.directory=*", "ls-files", "-z")
	var paths []string
	if err == nil {
		paths = strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	} else if paths, err = walk(root); err != nil {
		return nil, err
	}
	var files []Tracked
	for _, path := range paths {
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and not yet committed so
		}
		if err != nil {
			return nil, err
		}
		files = append(files, Tracked{Path: path, Content: content})
	}
	return files, nil
}

// ignored are folders that hold nothing of the repository.
var ignored = []string{".git", ".tmp", "bin", "data", "node_modules"}

// walk lists every file below root but what is ignored, with slashes.
func walk(root string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains(ignored, entry.Name()) {
			return filepath.SkipDir
		}
		if entry.Type().IsRegular() {
			below, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			paths = append(paths, filepath.ToSlash(below))
		}
		return nil
	})
	return paths, err
}

func run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}
