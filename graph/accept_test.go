package graph

import (
	"slices"
	"strings"
	"testing"
)

// Whatever a client accepts, the answer has one of our forms or there is none, and a form that the
// client does not name is never chosen.
func FuzzAccepted(f *testing.F) {
	f.Add("application/json")
	f.Add("application/graphql-response+json, application/json;q=0.9, */*;q=0.1")
	f.Add("text/event-stream;q=1;q=0, ;q=, a/b;q==")
	f.Fuzz(func(t *testing.T, header string) {
		form, ok := accepted([]string{header})
		if ok != (form != "") || ok && !slices.Contains([]string{typeJSON, typeResponse, typeStream}, form) {
			t.Fatalf("%q gave %q, %v", header, form, ok)
		}
		if lower := strings.ToLower(header); form == typeStream && !strings.Contains(lower, typeStream) || form == typeResponse && !strings.Contains(lower, typeResponse) {
			t.Fatalf("%q gave %q", header, form)
		}
		_ = isJSON(header)
	})
}

func TestSeveralAcceptHeadersAreOne(t *testing.T) {
	t.Parallel()
	for want, headers := range map[string][]string{
		typeJSON:     nil,
		typeResponse: {"text/html", typeResponse},
		typeStream:   {typeJSON + ";q=0.5", "text/html, " + typeStream + ";q=0.6"},
	} {
		if got, ok := accepted(headers); !ok || got != want {
			t.Errorf("%q gave %q", headers, got)
		}
	}
}

func FuzzParams(f *testing.F) {
	f.Add(`{"query":"{ a }","variables":{"n":[1,2.5,1e400,{"x":-0}]},"extensions":{"persistedQuery":{"sha256Hash":"x"}}}`)
	f.Add(`{"query":null,"extensions":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		p, err := parseParams([]byte(body))
		if err != nil {
			return
		}
		if _, persisted := persistedHash(p.Extensions); p.Query == "" && !persisted {
			t.Fatalf("%q passed without a query", body)
		}
	})
}
