package archtest

import (
	"slices"
	"strings"
)

// Module is the path of the module whose packages are checked.
const Module = "github.com/posthouse/posthouse"

// Leaves import the standard library, each other and the ports. server/sandbox imports leaves only.
var Leaves = []string{"errs", "page", "clock", "lifecycle", "secret", "id", "feed", "limit", "request"}

// Ports are interfaces of a few methods that adapters implement. They are leaves in all but name.
var Ports = []string{"cache", "bus", "lock"}

// Domains in their order: one imports those to its left, never those to its right.
var Domains = []string{
	"authz", "platform", "account", "session", "factor", "login", "directory", "event", "robot",
	"broadcast", "overview", "quota", "audit", "setting",
}

// Adapters translate between domains and the world. They never import each other.
var Adapters = []string{"dingtalk", "wechat", "store", "inmem", "redis", "mail"}

// TestOnly packages serve tests and measurements: they may import anything, and nothing else imports them.
var TestOnly = []string{"testkit", "archtest", "bench", "e2e"}

// DomainForbidden are packages, each with everything below it, that no domain imports.
var DomainForbidden = []string{
	"database/sql",
	"github.com/99designs/gqlgen",
	"github.com/vektah/gqlparser",
	"github.com/patrickmn/go-cache",
	"github.com/redis/go-redis",
	"github.com/wailsapp/wails",
	"github.com/jackc/pgx",
	"modernc.org/sqlite",
	"github.com/pressly/goose",
}

// TopLevel is what the root of the repository holds, beside files whose name begins with a dot.
var TopLevel = []string{
	"graph", "server", "desktop", "frontend", "internal", "gqlgen.yml", "go.mod", "go.sum", "README.md",
	"Makefile", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "docs",
}

type layer int

const (
	unknown layer = iota
	leaf
	port
	domain
	adapter
	transport
	composition
	simulator
	mainProgram
	frontend
	testOnly
)

// place is where a package stands in the layout.
type place struct {
	layer layer
	// unit is what the package belongs to: packages of one unit import each other freely.
	unit string
	// rank orders the domains.
	rank int
}

// placeOf finds the place of one of our packages by its import path.
func placeOf(importPath string) place {
	path := strings.TrimPrefix(importPath, Module+"/")
	first, rest, _ := strings.Cut(path, "/")
	switch first {
	case "graph":
		return place{layer: transport, unit: "graph"}
	case "frontend":
		return place{layer: frontend, unit: "frontend"}
	case "desktop":
		return place{layer: mainProgram, unit: "desktop"}
	case "server":
		return placeInServer(path, rest)
	case "internal":
		name, _, _ := strings.Cut(rest, "/")
		return placeInInternal(name)
	}
	return place{}
}

func placeInServer(path, rest string) place {
	switch {
	case path == "server":
		return place{layer: composition, unit: "server"}
	case rest == "sandbox" || strings.HasPrefix(rest, "sandbox/"):
		return place{layer: simulator, unit: "server/sandbox"}
	case rest == "cmd/posthouse" || strings.HasPrefix(rest, "cmd/posthouse/"):
		return place{layer: mainProgram, unit: "server/cmd/posthouse"}
	}
	return place{}
}

func placeInInternal(name string) place {
	unit := "internal/" + name
	switch {
	case slices.Contains(Leaves, name):
		return place{layer: leaf, unit: unit}
	case slices.Contains(Ports, name):
		return place{layer: port, unit: unit}
	case slices.Contains(Domains, name):
		return place{layer: domain, unit: unit, rank: slices.Index(Domains, name)}
	case slices.Contains(Adapters, name):
		return place{layer: adapter, unit: unit}
	case name == "httpapi":
		return place{layer: transport, unit: unit}
	case slices.Contains(TestOnly, name):
		return place{layer: testOnly, unit: unit}
	}
	return place{}
}
