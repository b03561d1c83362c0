package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// Package is one package of the module as `go list` and its sources show it, without its test files.
type Package struct {
	ImportPath string
	// Imports are those of every file, whatever build tags it asks for.
	Imports []string
	Files   []File
}

// CheckImports returns a sentence for every import that the layers forbid, and for every package
// without a place in them.
func CheckImports(packages []Package) []string {
	var found []string
	for _, p := range packages {
		from := placeOf(p.ImportPath)
		if from.layer == unknown {
			found = append(found, fmt.Sprintf(
				"%s is unknown to the import rule: give it a place in internal/archtest/rules.go and in the layout of docs/",
				short(p.ImportPath)))
			continue
		}
		for _, imported := range p.Imports {
			if why := forbidden(from, imported); why != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s", short(p.ImportPath), short(imported), why))
			}
		}
	}
	slices.Sort(found)
	return found
}

// forbidden says why a package at from may not import the package, or nothing when it may.
func forbidden(from place, imported string) string {
	if imported != Module && !strings.HasPrefix(imported, Module+"/") {
		return forbiddenForeign(from, imported)
	}
	to := placeOf(imported)
	switch {
	case to.layer == unknown:
		return "that package is unknown to the import rule"
	case from.layer == testOnly, from.unit == to.unit:
		return ""
	case to.layer == testOnly:
		return "packages for tests are imported by tests only"
	}
	return forbiddenOurs(from, to)
}

func forbiddenForeign(from place, imported string) string {
	switch from.layer {
	case leaf, port:
		if !isStandard(imported) {
			return "leaves and ports import the standard library and each other only"
		}
	case frontend:
		if !isStandard(imported) {
			return "frontend embeds files and imports the standard library only"
		}
	case domain:
		for _, path := range DomainForbidden {
			if imported == path || strings.HasPrefix(imported, path+"/") {
				return "domains know no database, transport or cache library"
			}
		}
	}
	return ""
}

func forbiddenOurs(from, to place) string {
	base := to.layer == leaf || to.layer == port
	switch from.layer {
	case leaf, port:
		if !base {
			return "leaves and ports import the standard library and each other only"
		}
	case domain:
		if to.layer == domain && to.rank > from.rank {
			return "domains import domains to their left only; declare an interface here and connect it in server"
		}
		if !base && to.layer != domain {
			return "domains import leaves, ports and earlier domains only"
		}
	case adapter:
		if to.layer == adapter {
			return "adapters never import each other"
		}
		if !base && to.layer != domain {
			return "adapters import leaves, ports and domains only"
		}
	case transport:
		if !base && to.layer != domain {
			return "transports import leaves, ports and domains only, no adapter and no other transport"
		}
	case composition:
		if !base && !slices.Contains([]layer{domain, adapter, transport, frontend}, to.layer) {
			return "server imports the layers below it and frontend only"
		}
	case simulator:
		if to.layer != leaf {
			return "server/sandbox imports nothing of ours but leaves, or both sides of a protocol could be wrong together"
		}
	case mainProgram:
		if !slices.Contains([]layer{composition, simulator, frontend}, to.layer) {
			return "mains import server, server/sandbox and frontend only"
		}
	default:
		return "it imports the standard library only"
	}
	return ""
}

// isStandard tells a package of the standard library by its first element, which has no dot.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func short(importPath string) string { return strings.TrimPrefix(importPath, Module+"/") }
