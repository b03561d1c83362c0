package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/graph"
)

// nested is a query n fields deep.
func nested(n int) string {
	return "{ viewer " + strings.Repeat("{ a ", n) + "{ id }" + strings.Repeat(" }", n) + " }"
}

// bomb is a document whose fragments multiply at each of n levels.
func bomb(n int) string {
	var b strings.Builder
	b.WriteString("{ viewer { ...f0 } }")
	for i := range n {
		fmt.Fprintf(&b, " fragment f%d on Account { ...f%d ...f%d ...f%d }", i, i+1, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment f%d on Account { id }", n)
	return b.String()
}

func many(n int, each func(int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(each(i))
	}
	return b.String()
}

// Documents that ask too much are refused by name and at once, before anything is validated or read.
func TestDocumentsThatAskTooMuchAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{introspection: true})
	boss := h.as(h.admin(t))
	for name, c := range map[string]struct{ query, reason string }{
		"500 levels":                     {nested(500), "query.too_deep"},
		"13 levels":                      {nested(12), "query.too_deep"},
		"12 levels of fragments":         {"{ viewer { ...f0 } }" + many(12, func(i int) string { return fmt.Sprintf(" fragment f%d on Account { a { ...f%d } }", i, i+1) }) + " fragment f12 on Account { id }", "query.too_deep"},
		"10,000 aliases":                 {"{ viewer {" + many(10_000, func(i int) string { return fmt.Sprintf(" a%d: id", i) }) + " } }", "query.too_complex"},
		"31 aliases":                     {"{ viewer {" + many(31, func(i int) string { return fmt.Sprintf(" a%d: id", i) }) + " } }", "query.too_complex"},
		"31 aliased mutations":           {"mutation {" + many(31, func(i int) string { return fmt.Sprintf(" a%d: logout { ok }", i) }) + " }", "query.too_complex"},
		"aliases within a fragment":      {"{ viewer { ...f } } fragment f on Account {" + many(31, func(i int) string { return fmt.Sprintf(" a%d: id", i) }) + " }", "query.too_complex"},
		"a bomb of fragments":            {bomb(30), "query.too_complex"},
		"5,000 fields":                   {"{ viewer {" + strings.Repeat(" id", 5000) + " } }", "query.too_complex"},
		"a list without an end":          {"{ node(id: " + strings.Repeat("[", 6000), "query.too_complex"},
		"pages of pages":                 {`{ robots(first: 200) { nodes { id name keywords hasSecret blockedUntil createdAt } } a: robots(first: 200) { nodes { id name keywords hasSecret } } b: callbackEventLog(first: 200) { nodes { ` + "cursor id app type corpId occurredAt receivedAt payload } } " + `n: node(id: "x") { ... on Broadcast { deliveries(first: 200) { nodes { id attempts { at outcome platformCode platformMessage remedy } robot { id name keywords } broadcast { deliveries(first: 200) { nodes { id } } } } } } } }`, "query.too_complex"},
		"1,000 directives":               {"{ viewer { id " + strings.Repeat("@include(if: true) ", 1000) + "} }", "query.too_complex"},
		"the schema, 31 times":           {"{ __schema {" + many(31, func(i int) string { return fmt.Sprintf(" a%d: types { name }", i) }) + " } }", "query.too_complex"},
		"the schema to its depth":        {"{ __schema { types { fields { type { fields { type { fields { type { fields { type { fields { name } } } } } } } } } } } }", "query.invalid"},
		"the type of the type, forever":  {"{ __schema { types " + strings.Repeat("{ ofType ", 30) + "{ name }" + strings.Repeat(" }", 30) + " } }", "query.too_deep"},
		"a fragment within itself":       {"{ viewer { ...f } } fragment f on Account { ...f }", "query.invalid"},
		"fragments in a ring":            {"{ viewer { ...a } } fragment a on Account { ...b } fragment b on Account { ...a }", "query.invalid"},
		"an unknown fragment":            {"{ viewer { ...nowhere } }", "query.invalid"},
		"fragments nobody uses":          {"{ viewer { id } }" + many(20, func(i int) string { return fmt.Sprintf(" fragment f%d on Account { id }", i) }), "query.invalid"},
		"600 fragments":                  {"{ viewer { id } }" + many(600, func(i int) string { return fmt.Sprintf(" fragment f%d on Account { id }", i) }), "query.too_complex"},
		"a chain of 40 fragments":        {"{ viewer { ...f0 } }" + many(40, func(i int) string { return fmt.Sprintf(" fragment f%d on Account { id ...f%d }", i, i+1) }), "query.invalid"},
		"unknown fragments by thousands": {"{ viewer {" + many(1200, func(i int) string { return fmt.Sprintf(" ...x%d", i) }) + " } }", "query.invalid"},
		"one fragment 300 times":         {"{ viewer {" + strings.Repeat(" ...f", 300) + " } } fragment f on Account { id }", "query.too_complex"},
		"words without meaning":          {"hello", "query.syntax"},
		"half a query":                   {"{ viewer {", "query.syntax"},
		"NUL in a query":                 {"{ viewer { id \x00 } }", "query.syntax"},
		"emoji for a field":              {"{ 😀 }", "query.syntax"},
		"no operation, only a fragment":  {"fragment f on Account { id }", "query.operation_unknown"},
		"two operations and no choice":   {"query a { viewer { id } } query b { viewer { id } }", "query.operation_unknown"},
		"a type where none may stand":    {"type A { id: ID }", "query.syntax"},
		"two subscriptions at once":      {"subscription { callbackEvents { __typename } deliveryUpdates { __typename } }", "query.invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			a := boss.ask(t, c.query, nil)
			wantReason(t, a, c.reason)
			if a.Status != http.StatusOK || a.Data != nil || a.Errors[0].Extensions.Code != "INVALID" {
				t.Errorf("got %d %.300s", a.Status, a.Body)
			}
			if len(a.Errors) > 20 || len(a.Body) > 20_000 {
				t.Errorf("%d errors in %d bytes tell more than anyone reads", len(a.Errors), len(a.Body))
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("refusing took %s", took)
			}
		})
	}
}

func TestWhatIsJustWithinTheLimitsIsAnswered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{introspection: true})
	boss := h.as(h.admin(t))
	for name, query := range map[string]string{
		"30 aliases":           "{ viewer {" + many(30, func(i int) string { return fmt.Sprintf(" a%d: id", i) }) + " } }",
		"200 fields":           "{ viewer {" + strings.Repeat(" id", 200) + " } }",
		"an alias of its own":  "{ viewer {" + strings.Repeat(" id: id", 100) + " } }",
		"a full page":          "{ robots(first: 200) { nodes { id name keywords hasSecret blockedUntil createdAt } } }",
		"a tool's own queries": introspection,
	} {
		if a := boss.ask(t, query, nil); a.reason() != "" {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
}

// introspection is as deep as tools ask.
const introspection = `query { __schema { queryType { name } mutationType { name } subscriptionType { name }
	types { kind name description isOneOf fields(includeDeprecated: true) { name args { name type { ...T } defaultValue } type { ...T } isDeprecated deprecationReason }
	inputFields { name type { ...T } defaultValue } interfaces { ...T } enumValues(includeDeprecated: true) { name } possibleTypes { ...T } }
	directives { name locations args { name type { ...T } } } } }
	fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`

// The worst documents that the limits let through are checked in little time, however often they come.
func TestTheWorstAllowedDocumentsAreCheap(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	for name, query := range map[string]string{
		"one field 2,400 times":                 "{ viewer {" + strings.Repeat(" id", 2400) + " } }",
		"one object 1,000 times":                "{" + strings.Repeat(" viewer { id }", 1000) + " }",
		"inline fragments":                      "{ viewer {" + strings.Repeat(" ... { id }", 1000) + " } }",
		"objects within objects":                "{ viewer {" + strings.Repeat(" sessions { nodes { id } }", 500) + " } }",
		"fragments that overlap":                "{ viewer {" + many(300, func(i int) string { return fmt.Sprintf(" ...f%d", i) }) + " } }" + many(300, func(i int) string { return fmt.Sprintf(" fragment f%d on Account { id username phone }", i) }),
		"fragments that spread one another":     "{ viewer { ...f0 } }" + many(200, func(i int) string { return fmt.Sprintf(" fragment f%d on Account { id ...f%d }", i, i+1) }) + " fragment f200 on Account { id }",
		"fields of fragments that nobody uses":  "{ viewer { id } } fragment f on Account {" + strings.Repeat(" id", 4000) + " }",
		"objects in fragments that nobody uses": "{ viewer { id } } fragment f on Account {" + strings.Repeat(" sessions { nodes { id } }", 500) + " }",
		"a bomb that nobody uses":               "{ viewer { id } }" + strings.TrimPrefix(bomb(300), "{ viewer { ...f0 } }"),
		"a bomb in a ring":                      "{ viewer { id } } fragment a on Account {" + strings.Repeat(" ...b", 1000) + " } fragment b on Account {" + strings.Repeat(" ...a", 1000) + " }",
		"1,500 variables":                       "query q(" + many(1200, func(i int) string { return fmt.Sprintf("$v%d: Int ", i) }) + ") { viewer { id } }",
		"1,000 operations":                      many(1000, func(i int) string { return fmt.Sprintf("query q%d { viewer } ", i) }),
		"1,500 unknown fields":                  "{ viewer {" + many(1500, func(i int) string { return fmt.Sprintf(" u%d", i) }) + " } }",
		"1,500 unknown arguments":               "{ viewer { sessions(" + many(1500, func(i int) string { return fmt.Sprintf("u%d: 1 ", i) }) + ") { nodes { id } } } }",
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			a := boss.ask(t, query, nil)
			if a.Status != http.StatusOK {
				t.Errorf("got %d %.300s", a.Status, a.Body)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("took %s and gave %.100s", took, a.Body)
			}
			t.Logf("%s, %s", time.Since(began), a.reason())
		})
	}
}

func TestVariablesMustHaveTheirTypes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t), "Accept-Language", "en")
	const (
		robots    = `query ($first: Int, $after: String) { robots(first: $first, after: $after) { nodes { name } } }`
		log       = `query ($filter: CallbackEventFilter) { callbackEventLog(filter: $filter) { nodes { id } } }`
		broadcast = `mutation ($input: BroadcastInput!) { broadcast(input: $input) { broadcast { id } } }`
		node      = `query ($id: ID!) { node(id: $id) { id } }`
	)
	message := vars{"text": vars{"content": "hello"}}
	for name, c := range map[string]struct {
		query     string
		variables vars
		reason    string
		mentions  string
	}{
		"a whole number":                {robots, vars{"first": 1}, "", ""},
		"a whole number with a point":   {robots, vars{"first": 1.0}, "", ""},
		"nothing":                       {robots, nil, "", ""},
		"null for what may be left out": {robots, vars{"first": nil}, "", ""},
		"a variable nobody declared":    {robots, vars{"nobody": true}, "", ""},
		"a broken number":               {robots, vars{"first": 1.5}, "query.invalid", "first"},
		"a number too large for Int":    {robots, vars{"first": 1e30}, "query.invalid", "first"},
		"a large whole number":          {robots, vars{"first": 1 << 40}, "page.first_invalid", ""},
		"none at all":                   {robots, vars{"first": 0}, "page.first_invalid", ""},
		"a negative number":             {robots, vars{"first": -1}, "page.first_invalid", ""},
		"text for a number":             {robots, vars{"first": "ten"}, "query.invalid", "first"},
		"truth for a number":            {robots, vars{"first": true}, "query.invalid", "first"},
		"a list for a number":           {robots, vars{"first": []int{1}}, "query.invalid", "first"},
		"an object for a number":        {robots, vars{"first": vars{}}, "query.invalid", "first"},
		"a number for text":             {robots, vars{"after": 5}, "query.invalid", "after"},
		"a cursor that is none":         {robots, vars{"after": "b2Zmc2V0OjIw"}, "page.cursor_invalid", ""},
		"a cursor with NUL":             {robots, vars{"after": "\x00"}, "page.cursor_invalid", ""},
		"a number for an id":            {node, vars{"id": 5}, "", ""},
		"no id":                         {node, nil, "query.invalid", "id"},
		"null for an id":                {node, vars{"id": nil}, "query.invalid", "id"},
		"a list for an id":              {node, vars{"id": []string{"x"}}, "query.invalid", "id"},
		"one value for a list":          {log, vars{"filter": vars{"types": "user_add_org"}}, "", ""},
		"numbers for texts":             {log, vars{"filter": vars{"types": []int{1}}}, "query.invalid", "types"},
		"null in a list":                {log, vars{"filter": vars{"types": []any{nil}}}, "query.invalid", "types"},
		"a field nobody knows":          {log, vars{"filter": vars{"nobody": 1}}, "query.invalid", "nobody"},
		"a list for an object":          {log, vars{"filter": []vars{{}}}, "query.invalid", "filter"},
		"too many types":                {log, vars{"filter": vars{"types": strings.Split(strings.Repeat("x,", 51), ",")[:51]}}, "event.filter_invalid", ""},
		"an empty type":                 {log, vars{"filter": vars{"types": []string{""}}}, "event.filter_invalid", ""},
		"no robots":                     {broadcast, vars{"input": vars{"robotIds": []string{}, "message": message}}, "broadcast.no_robots", ""},
		"no message":                    {broadcast, vars{"input": vars{"robotIds": []string{"r"}}}, "query.invalid", "message"},
		"two messages in one":           {broadcast, vars{"input": vars{"robotIds": []string{"r"}, "message": vars{"text": vars{"content": "a"}, "markdown": vars{"title": "a", "text": "b"}}}}, "broadcast.message_invalid", ""},
		"a message of no kind":          {broadcast, vars{"input": vars{"robotIds": []string{"r"}, "message": vars{}}}, "broadcast.message_invalid", ""},
		"a message that is null":        {broadcast, vars{"input": vars{"robotIds": []string{"r"}, "message": vars{"text": nil}}}, "broadcast.message_invalid", ""},
		"a priority nobody knows":       {broadcast, vars{"input": vars{"robotIds": []string{"r"}, "message": message, "priority": "NOW"}}, "query.invalid", "priority"},
		"a priority in lower case":      {broadcast, vars{"input": vars{"robotIds": []string{"r"}, "message": message, "priority": "urgent"}}, "query.invalid", "priority"},
		"a number for a priority":       {broadcast, vars{"input": vars{"robotIds": []string{"r"}, "message": message, "priority": 1}}, "query.invalid", "priority"},
		"a time that is none":           {broadcast, vars{"input": vars{"robotIds": []string{"r"}, "message": message, "sendAt": "tomorrow"}}, "query.invalid", "sendAt"},
		"a number for a time":           {broadcast, vars{"input": vars{"robotIds": []string{"r"}, "message": message, "sendAt": 1767600000}}, "query.invalid", "sendAt"},
		"a robot that is not there":     {broadcast, vars{"input": vars{"robotIds": []string{"r"}, "message": message}}, "robot.not_found", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := boss.ask(t, c.query, c.variables)
			wantReason(t, a, c.reason)
			if c.mentions != "" && !strings.Contains(a.Errors[0].Message, c.mentions) {
				t.Errorf("%q does not say that it is about %s", a.Errors[0].Message, c.mentions)
			}
			if c.reason == "query.invalid" && (a.Errors[0].Extensions.Code != "INVALID" || len(a.Errors[0].Path) > 1) {
				t.Errorf("got %s", a.Body)
			}
		})
	}
	if strings.Contains(h.log.String(), "request failed") {
		t.Error("what clients do wrong was taken for a fault of the server")
	}
}

func TestLiteralsMustHaveTheirTypes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	for query, reason := range map[string]string{
		`{ robots(first: 1) { nodes { id } } }`:                    "",
		`{ robots(first: 1.5) { nodes { id } } }`:                  "query.invalid",
		`{ robots(first: "1") { nodes { id } } }`:                  "query.invalid",
		`{ robots(first: 99999999999999999999) { nodes { id } } }`: "query.invalid",
		`{ robots(first: 1, first: 2) { nodes { id } } }`:          "query.invalid",
		`{ robots(nobody: 1) { nodes { id } } }`:                   "query.invalid",
		`{ robots }`:                                               "query.invalid",
		`{ viewer { id { x } } }`:                                  "query.invalid",
		`{ nobody }`:                                               "query.invalid",
		`{ node(id: 5) { id } }`:                                   "",
		`{ node { id } }`:                                          "query.invalid",
		`query ($a: Nobody) { viewer { id } }`:                     "query.invalid",
		`query ($a: Int) { viewer { id } }`:                        "query.invalid",
		`{ robots(first: $a) { nodes { id } } }`:                   "query.invalid",
		`mutation { broadcast(input: {robotIds: ["r"], message: {text: {content: "a"}, link: null}}) { broadcast { id } } }`:       "query.invalid",
		`mutation { broadcast(input: {robotIds: ["r"], message: {text: {content: "a"}}, sendAt: 5}) { broadcast { id } } }`:        "query.invalid",
		`mutation { broadcast(input: {robotIds: ["r"], message: {text: {content: "a"}}, priority: NOW}) { broadcast { id } } }`:    "query.invalid",
		`mutation { broadcast(input: {robotIds: ["r"], message: {text: {content: "a"}}, sendAt: "x"}) { broadcast { id } } }`:      "query.invalid",
		`mutation { broadcast(input: {robotIds: "r", message: {text: {content: "a"}}, priority: BULK}) { broadcast { id } } }`:     "robot.not_found",
		`query ($t: String!) { callbackEventLog(filter: {types: [$t]}) { nodes { id } } }`:                                         "query.invalid",
		`query ($m: TextInput) { viewer { id @include(if: true) @skip(if: false) } node(id: "x") { id } robots { nodes { id } } }`: "query.invalid",
	} {
		if a := boss.ask(t, query, nil); a.reason() != reason {
			t.Errorf("%s\ngot %q, want %q: %s", query, a.reason(), reason, a.Body)
		}
	}
	if strings.Contains(h.log.String(), "request failed") {
		t.Error("what clients do wrong was taken for a fault of the server")
	}
}

func TestIntrospectionIsForAdministratorsUnlessOpened(t *testing.T) {
	t.Parallel()
	open, closed := newHouse(t, plan{introspection: true}), newHouse(t, plan{})
	boss, clerk := closed.as(closed.admin(t)), closed.as(closed.member(t))
	for name, c := range map[string]struct {
		as     client
		query  string
		reason string
	}{
		"anyone, where it is open":    {open.nobody(), `{ __schema { types { name } } }`, ""},
		"nobody in particular":        {closed.nobody(), `{ __schema { types { name } } }`, "query.introspection_disabled"},
		"a member":                    {clerk, `{ __schema { types { name } } }`, "query.introspection_disabled"},
		"an administrator":            {boss, `{ __schema { types { name } } }`, ""},
		"a member asking for a type":  {clerk, `{ __type(name: "Account") { name } }`, "query.introspection_disabled"},
		"a member behind a fragment":  {clerk, `{ ...f } fragment f on Query { __type(name: "Account") { name } }`, "query.introspection_disabled"},
		"a member within a condition": {clerk, `{ ... @include(if: true) { __schema { types { name } } } }`, "query.introspection_disabled"},
		"a member under another name": {clerk, `{ viewer: __schema { types { name } } }`, "query.introspection_disabled"},
		"a member asking for a name":  {clerk, `{ __typename viewer { __typename } }`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantReason(t, c.as.ask(t, c.query, nil), c.reason)
		})
	}
}

func TestLimitsAreThoseOfTheConfiguration(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{limits: graph.Limits{Depth: 3, Aliases: 1, Tokens: 40, Complexity: 30, Batch: 1, Body: 1000}})
	boss := h.as(h.admin(t))
	wantReason(t, boss.ask(t, "{ viewer { sessions { nodes { id } } } }", nil), "query.too_deep")
	wantReason(t, boss.ask(t, "{ viewer { a: id b: id } }", nil), "query.too_complex")
	wantReason(t, boss.ask(t, "{ viewer {"+strings.Repeat(" id", 40)+" } }", nil), "query.too_complex")
	wantReason(t, boss.ask(t, "{ robots(first: 50) { nodes { id } } }", nil), "query.too_complex")
	wantReason(t, boss.ask(t, "query ($n: Int) { robots(first: $n) { nodes { id } } }", vars{"n": 50}), "query.too_complex")
	wantReason(t, boss.ask(t, "query ($n: Int) { robots(first: $n) { nodes { id } } }", vars{"n": 2}), "")
	if a := boss.post(t, `[{"query":"{ viewer { id } }"},{"query":"{ viewer { id } }"}]`); a.reason() != "query.batch_too_large" || a.Status != 400 {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	if a := boss.ask(t, "{ viewer { id } } #"+strings.Repeat("x", 1000), nil); a.reason() != "request.too_large" || a.Status != 413 {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
}
