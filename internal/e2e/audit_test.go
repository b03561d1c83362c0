package e2e

import (
	"strings"
	"testing"
)

// The audit asks for a type of the schema, so introspection must be open, as it is in the sandbox.
func TestEveryCheckOfTheGraphQLOverHTTPAuditIsOK(t *testing.T) {
	t.Parallel()
	h := startHouse(t, setup{Sandbox: true})
	audit := node(t, "audit.mjs", h.URL+"/graphql")
	receive(t, "the end of the audit", audit.ended)
	if audit.code != 0 || !strings.Contains(audit.stdout.String(), " 0 notices, 0 warnings, 0 errors\n") {
		t.Fatalf("the audit ended with %d and said:\n%s%s", audit.code, audit.stdout, audit.stderr)
	}
}
