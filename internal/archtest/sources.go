package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// File is one parsed source file, not a test.
type File struct {
	// Name is the path below the root of the module.
	Name      string
	Generated bool
	set       *token.FileSet
	tree      *ast.File
}

// ParseFile parses a source file; src is its content.
func ParseFile(name string, src []byte) (File, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return File{}, err
	}
	return File{Name: name, Generated: ast.IsGenerated(tree), set: set, tree: tree}, nil
}

// clockAndEnvironment is what domains may not call: package, then functions.
var clockAndEnvironment = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
	"os":   {"Getenv", "LookupEnv", "Environ", "ExpandEnv"},
}

// CheckSources returns a sentence for every package without a comment, every package-level init and
// every domain that asks the machine for the time or the environment.
func CheckSources(packages []Package) []string {
	var found []string
	for _, p := range packages {
		if !hasComment(p.Files) {
			found = append(found, fmt.Sprintf("%s has no package comment: say in doc.go what it owns and what it leaves to others", short(p.ImportPath)))
		}
		inDomain := placeOf(p.ImportPath).layer == domain
		for _, f := range p.Files {
			if f.Generated {
				continue
			}
			found = append(found, inits(f)...)
			if inDomain {
				found = append(found, machineCalls(f)...)
			}
		}
	}
	slices.Sort(found)
	return found
}

// hasComment accepts a package that is generated from end to end, or has no files but tests.
func hasComment(files []File) bool {
	written := false
	for _, f := range files {
		if !f.Generated {
			written = true
		}
		if f.tree.Doc != nil && strings.TrimSpace(f.tree.Doc.Text()) != "" {
			return true
		}
	}
	return !written
}

func inits(f File) []string {
	var found []string
	for _, decl := range f.tree.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			found = append(found, fmt.Sprintf("%s: no init functions: two servers fit in one process, and nothing happens on import", f.position(fn)))
		}
	}
	return found
}

func machineCalls(f File) []string {
	names := map[string]string{} // the name in this file → the package
	for _, imp := range f.tree.Imports {
		imported, err := strconv.Unquote(imp.Path.Value)
		if _, watched := clockAndEnvironment[imported]; err != nil || !watched {
			continue
		}
		name := path.Base(imported)
		if imp.Name != nil {
			name = imp.Name.Name
		}
		names[name] = imported
	}
	var found []string
	if imported, ok := names["."]; ok {
		found = append(found, fmt.Sprintf("%s: dot import of %s hides what is called", f.Name, imported))
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(clockAndEnvironment[names[x.Name]], sel.Sel.Name) {
			found = append(found, fmt.Sprintf("%s: %s.%s in a domain: time comes from the injected clock, settings from the Config",
				f.position(sel), names[x.Name], sel.Sel.Name))
		}
		return true
	})
	return found
}

func (f File) position(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.Name, f.set.Position(n.Pos()).Line)
}
