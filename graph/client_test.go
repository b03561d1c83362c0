package graph_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

type vars = map[string]any

// answer is what came back for an operation.
type answer struct {
	Status int
	Header http.Header
	Body   string
	Data   json.RawMessage
	Errors []answerError
}

type answerError struct {
	Message    string
	Path       []any
	Extensions struct {
		Code, Reason, RequestID string
		Fields                  map[string]string
		Factors                 []string
		RetryAfter              int
	}
}

// reason is that of the first error.
func (a answer) reason() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Extensions.Reason
}

// into reads the data, which must be there.
func (a answer) into(t testing.TB, v any) {
	t.Helper()
	if len(a.Errors) > 0 || len(a.Data) == 0 {
		t.Fatalf("the operation failed: %s", a.Body)
	}
	check(t, json.Unmarshal(a.Data, v))
}

// client asks as somebody. Headers come in pairs.
type client struct {
	h       *house
	headers []string
}

func (h *house) as(c credentials, headers ...string) client {
	return client{h, append([]string{"Authorization", "Bearer " + c.Token}, headers...)}
}

func (h *house) nobody(headers ...string) client { return client{h, headers} }

// ask sends an operation as JSON.
func (c client) ask(t testing.TB, query string, variables vars) answer {
	t.Helper()
	body, err := json.Marshal(vars{"query": query, "variables": variables})
	check(t, err)
	return c.post(t, string(body))
}

// contract sends an operation of the contract.
func (c client) contract(t testing.TB, name string, variables vars) answer {
	t.Helper()
	return c.ask(t, contractOperation(t, name), variables)
}

func (c client) post(t testing.TB, body string, headers ...string) answer {
	t.Helper()
	return c.send(t, http.MethodPost, "/graphql", body, append([]string{"Content-Type", "application/json"}, headers...)...)
}

func (c client) send(t testing.TB, method, target, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.h.server.URL+target, strings.NewReader(body))
	check(t, err)
	for _, list := range [][]string{c.headers, headers} {
		for i := 0; i < len(list); i += 2 {
			r.Header.Set(list[i], list[i+1])
		}
	}
	got, err := c.h.server.Client().Do(r)
	check(t, err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	check(t, err)
	return read(t, got, text)
}

func read(t testing.TB, got *http.Response, text []byte) answer {
	t.Helper()
	a := answer{Status: got.StatusCode, Header: got.Header, Body: string(text)}
	if bytes.HasPrefix(text, []byte("{")) {
		var parts struct {
			Data   json.RawMessage
			Errors []answerError
		}
		if err := json.Unmarshal(text, &parts); err != nil {
			t.Fatalf("%q is not JSON: %v", text, err)
		}
		a.Data, a.Errors = parts.Data, parts.Errors
	}
	return a
}

// cursor gives a place in the event log behind which there is exactly one event.
func (c client) cursor(t testing.TB) string {
	t.Helper()
	c.h.append(t, "first", "first", []byte(`{"n":-2}`))
	c.h.append(t, "second", "second", []byte(`{"n":-1}`))
	var got struct {
		CallbackEventLog struct{ Nodes []struct{ Cursor string } }
	}
	c.contract(t, "CallbackEventLog", vars{"first": 1}).into(t, &got)
	return got.CallbackEventLog.Nodes[0].Cursor
}

// contractFiles are the documents that clients rely on.
func contractFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/contract/*.graphql")
	check(t, err)
	if len(files) == 0 {
		t.Fatal("the contract is missing")
	}
	return files
}

// contractOperations gives the text of each operation of a contract file by name.
func contractOperations(t testing.TB, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	doc, err := parser.ParseQuery(&ast.Source{Name: file, Input: string(text)})
	check(t, err)
	all := map[string]string{}
	letters := []rune(string(text)) // positions count them
	for i, op := range doc.Operations {
		end := len(letters)
		if i+1 < len(doc.Operations) {
			end = doc.Operations[i+1].Position.Start
		}
		all[op.Name] = string(letters[op.Position.Start:end])
	}
	return all
}

func contractOperation(t testing.TB, name string) string {
	t.Helper()
	for _, file := range contractFiles(t) {
		if text, ok := contractOperations(t, file)[name]; ok {
			return text
		}
	}
	t.Fatalf("the contract has no operation %s", name)
	return ""
}

// What differs from run to run, and what stands for it in golden answers.
var volatile = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(acct|sess|robt|bcst|dlvr|evnt|otpc)_[0-9a-z]{26}`), "$1"},
	{regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`), "JWT"},
	{regexp.MustCompile(`ph([rs])_[\w-]{43}`), "ph$1"},
	{regexp.MustCompile(`"requestId":"[0-9a-f]{16}"`), `"requestId":"ID"`},
	{regexp.MustCompile(`Zj[\w-]{16,}`), "CURSOR"},
	{regexp.MustCompile(`azE6[\w-]{16,}`), "KEY"},
}

// normal puts fixed words in place of what differs from run to run.
func normal(text string) string {
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	return text
}

func wantBody(t testing.TB, a answer, golden string) {
	t.Helper()
	if got := normal(a.Body); got != golden {
		t.Fatalf("got  %s\nwant %s", got, golden)
	}
}

func wantReason(t testing.TB, a answer, reason string) {
	t.Helper()
	if a.reason() != reason {
		t.Fatalf("got %q, want %q: %d %s", a.reason(), reason, a.Status, a.Body)
	}
}

// newRequest makes a request for the handler itself.
func newRequest(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }
