package archtest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/archtest"
)

const module = archtest.Module + "/"

func TestCheckImportsReportsEveryForbiddenImport(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, from, imports, want string
	}{
		{"leaf imports a domain", "internal/errs", module + "internal/account", "leaves and ports import"},
		{"leaf imports another's code", "internal/page", "golang.org/x/text/cases", "leaves and ports import"},
		{"port imports an adapter", "internal/bus", module + "internal/inmem", "leaves and ports import"},
		{"domain imports a later domain", "internal/account", module + "internal/session", "domains to their left"},
		{"domain imports the last domain", "internal/audit", module + "internal/setting", "domains to their left"},
		{"domain imports an adapter", "internal/login", module + "internal/store", "earlier domains only"},
		{"domain imports a transport", "internal/login", module + "internal/httpapi", "earlier domains only"},
		{"domain imports GraphQL models", "internal/event", module + "graph/model", "earlier domains only"},
		{"domain imports database/sql", "internal/event", "database/sql", "no database"},
		{"domain imports a package below database/sql", "internal/event", "database/sql/driver", "no database"},
		{"domain imports gqlgen", "internal/robot", "github.com/99designs/gqlgen/graphql", "no database"},
		{"domain imports go-cache", "internal/session", "github.com/patrickmn/go-cache", "no database"},
		{"domain imports redis", "internal/session", "github.com/redis/go-redis/v9", "no database"},
		{"domain imports wails", "internal/setting", "github.com/wailsapp/wails/v2/pkg/runtime", "no database"},
		{"domain's own subpackage imports a later domain", "internal/event/inner", module + "internal/robot", "domains to their left"},
		{"adapter imports an adapter", "internal/dingtalk", module + "internal/inmem", "adapters never import each other"},
		{"adapter imports a transport", "internal/store", module + "graph", "adapters import leaves"},
		{"graph imports an adapter", "graph", module + "internal/store", "no adapter"},
		{"graph loader imports an adapter", "graph/loader", module + "internal/store", "no adapter"},
		{"graph imports httpapi", "graph", module + "internal/httpapi", "no other transport"},
		{"httpapi imports an adapter", "internal/httpapi", module + "internal/dingtalk", "no adapter"},
		{"httpapi imports server", "internal/httpapi", module + "server", "no adapter"},
		{"server imports the sandbox", "server", module + "server/sandbox", "layers below it"},
		{"server imports a main", "server", module + "server/cmd/posthouse", "layers below it"},
		{"sandbox imports an adapter", "server/sandbox", module + "internal/dingtalk", "nothing of ours but leaves"},
		{"sandbox imports a port", "server/sandbox", module + "internal/cache", "nothing of ours but leaves"},
		{"sandbox imports server", "server/sandbox", module + "server", "nothing of ours but leaves"},
		{"main imports a domain", "server/cmd/posthouse", module + "internal/account", "mains import"},
		{"main imports a leaf", "server/cmd/posthouse", module + "internal/errs", "mains import"},
		{"desktop imports an adapter", "desktop", module + "internal/store", "mains import"},
		{"frontend imports a leaf", "frontend", module + "internal/errs", "standard library only"},
		{"frontend imports another's code", "frontend", "github.com/andybalholm/brotli", "standard library only"},
		{"domain imports a test kit", "internal/account", module + "internal/testkit/portkit", "imported by tests only"},
		{"server imports the load program", "server", module + "internal/bench", "imported by tests only"},
		{"import of an unknown package", "server", module + "internal/util", "unknown to the import rule"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found := archtest.CheckImports([]archtest.Package{
				{ImportPath: module + test.from, Imports: []string{"context", test.imports}},
			})
			wantOne(t, found, test.want)
		})
	}
}

func TestCheckImportsKnowsEveryPackage(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"internal/util", "internal", "pkg/client", "server/cmd/other", "server/helper", "tools"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			found := archtest.CheckImports([]archtest.Package{{ImportPath: module + path}})
			wantOne(t, found, "internal/archtest/rules.go")
		})
	}
}

func TestCheckImportsAcceptsWhatTheLayersAllow(t *testing.T) {
	t.Parallel()
	packages := []archtest.Package{
		{ImportPath: module + "internal/errs", Imports: []string{"errors"}},
		{ImportPath: module + "internal/feed", Imports: []string{"sync", module + "internal/bus", module + "internal/clock"}},
		{ImportPath: module + "internal/cache", Imports: []string{module + "internal/errs"}},
		{ImportPath: module + "internal/account", Imports: []string{module + "internal/authz", "golang.org/x/text/secure/precis", "net/http"}},
		{ImportPath: module + "internal/setting", Imports: []string{module + "internal/authz", module + "internal/audit"}},
		{ImportPath: module + "internal/store", Imports: []string{"database/sql", module + "internal/account", "github.com/pressly/goose/v3"}},
		{ImportPath: module + "internal/store/migrations", Imports: []string{"embed"}},
		{ImportPath: module + "graph", Imports: []string{module + "graph/model", module + "internal/login", "github.com/99designs/gqlgen/graphql"}},
		{ImportPath: module + "graph/loader", Imports: []string{module + "internal/account"}},
		{ImportPath: module + "internal/httpapi", Imports: []string{"net/http", module + "internal/event"}},
		{ImportPath: module + "server", Imports: []string{module + "graph", module + "internal/store", module + "internal/httpapi", module + "frontend"}},
		{ImportPath: module + "server/sandbox", Imports: []string{module + "internal/errs", module + "server/sandbox/page"}},
		{ImportPath: module + "server/cmd/posthouse", Imports: []string{module + "server", module + "server/sandbox", module + "frontend", "github.com/alecthomas/kong"}},
		{ImportPath: module + "desktop", Imports: []string{module + "server", "github.com/wailsapp/wails/v2"}},
		{ImportPath: module + "frontend", Imports: []string{"embed"}},
		{ImportPath: module + "internal/testkit/stack", Imports: []string{module + "server", module + "internal/store", "testing"}},
	}
	for _, found := range archtest.CheckImports(packages) {
		t.Error(found)
	}
}

// wantOne fails the test unless exactly one sentence was found, and it says want.
func wantOne(t *testing.T, found []string, want string) {
	t.Helper()
	if len(found) != 1 || !strings.Contains(found[0], want) {
		t.Fatalf("found %q, want one sentence with %q", slices.Clone(found), want)
	}
}
