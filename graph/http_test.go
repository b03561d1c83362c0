package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/graph"
)

const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
)

// What each kind of outcome is as HTTP, in both media types: the status tells only those who asked for
// it, because a DingTalk mini-program can read no other than 200.
func TestTheStatusFollowsTheMediaType(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	for name, c := range map[string]struct {
		body                   string
		plain, proper          int
		reason                 string
		hasData                bool
		contentType            string
		method, target, accept string
	}{
		"an answer":                  {body: `{"query":"{ viewer { id } }"}`, plain: 200, proper: 200, hasData: true},
		"an answer with an error":    {body: `{"query":"{ node(id: \"x\") { id } viewer { sessions(first: 0) { nodes { id } } } }"}`, plain: 200, proper: 200, reason: "page.first_invalid", hasData: true},
		"a syntax error":             {body: `{"query":"{ viewer"}`, plain: 200, proper: 400, reason: "query.syntax"},
		"an unknown field":           {body: `{"query":"{ nobody }"}`, plain: 200, proper: 400, reason: "query.invalid"},
		"a variable of another type": {body: `{"query":"query ($n: Int!) { robots(first: $n) { nodes { id } } }","variables":{"n":"x"}}`, plain: 200, proper: 400, reason: "query.invalid"},
		"an unknown operation":       {body: `{"query":"query a { viewer { id } }","operationName":"b"}`, plain: 200, proper: 400, reason: "query.operation_unknown"},
		"a query too deep":           {body: string(raw(vars{"query": nested(50)})), plain: 200, proper: 400, reason: "query.too_deep"},
		"a subscription":             {body: `{"query":"subscription { callbackEvents { __typename } }"}`, plain: 200, proper: 400, reason: "query.subscription_transport"},
		"no query":                   {body: `{}`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"an empty query":             {body: `{"query":""}`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"a query that is a number":   {body: `{"query":5}`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"a query that is a list":     {body: `{"query":["{ viewer { id } }"]}`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"variables that are a list":  {body: `{"query":"{ viewer { id } }","variables":[]}`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"variables that are text":    {body: `{"query":"{ viewer { id } }","variables":"{}"}`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"variables that are null":    {body: `{"query":"{ viewer { id } }","variables":null,"extensions":null,"operationName":null}`, plain: 200, proper: 200, hasData: true},
		"extensions that are text":   {body: `{"query":"{ viewer { id } }","extensions":"x"}`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"unknown members":            {body: `{"query":"{ viewer { id } }","nobody":{"knows":1}}`, plain: 200, proper: 200, hasData: true},
		"no JSON":                    {body: `query { viewer { id } }`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"half of JSON":               {body: `{"query":"{ viewer { id } }"`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"two bodies in one":          {body: `{"query":"{ viewer { id } }"}{"query":"{ viewer { id } }"}`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"null":                       {body: `null`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"nothing at all":             {body: ``, plain: 400, proper: 400, reason: "request.body_invalid"},
		"invalid UTF-8":              {body: "{\"query\":\"{ viewer { id } } #\xff\"}", plain: 400, proper: 400, reason: "request.body_invalid"},
		"JSON nested without end":    {body: `{"query":"{ viewer { id } }","variables":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, plain: 400, proper: 400, reason: "request.body_invalid"},
		"10 MB":                      {body: `{"query":"{ viewer { id } } #` + strings.Repeat("x", 10<<20) + `"}`, plain: 413, proper: 413, reason: "request.too_large"},
		"a password of 1 MB":         {body: string(raw(vars{"query": contractOperation(t, "Login"), "variables": vars{"input": vars{"username": "x", "password": strings.Repeat("x", 1<<20)}}})), plain: 413, proper: 413, reason: "request.too_large"},
		"white space around":         {body: " \t\r\n{\"query\":\"{ viewer { id } }\"}\n\n", plain: 200, proper: 200, hasData: true},
		"a byte order mark":          {body: "\ufeff{\"query\":\"{ viewer { id } }\"}", plain: 400, proper: 400, reason: "request.body_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			for accept, status := range map[string]int{jsonType: c.plain, responseType: c.proper} {
				a := boss.post(t, c.body, "Accept", accept)
				wantReason(t, a, c.reason)
				if a.Status != status || a.Header.Get("Content-Type") != accept+"; charset=utf-8" || a.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("accepting %s: got %d %v %.300s", accept, a.Status, a.Header, a.Body)
				}
				if (a.Data != nil) != c.hasData {
					t.Errorf("accepting %s: data %.200s", accept, a.Data)
				}
			}
		})
	}
}

func TestTheFormOfTheAnswerIsWhatTheClientWantsMost(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	for accept, want := range map[string]string{
		"":                                   jsonType,
		"*/*":                                jsonType,
		"application/*":                      jsonType,
		"application/json":                   jsonType,
		"Application/JSON":                   jsonType,
		"application/json;charset=utf-8":     jsonType,
		responseType:                         responseType,
		responseType + ", " + jsonType:       responseType,
		jsonType + ", " + responseType:       jsonType,
		jsonType + ";q=0.1, " + responseType: responseType,
		jsonType + ";q=0.9, " + responseType + ";q=0.8": jsonType,
		jsonType + ";q=0, " + responseType + ";q=0.1":   responseType,
		"text/html, application/xhtml+xml, */*;q=0.8":   jsonType,
		"text/html":                   "",
		"application/json;q=0":        "",
		"application/json;q=nonsense": "",
		"application/json;q=2":        "",
		"application/json;q=-1":       "",
		"application/json;q=NaN":      "",
		";;;,,,":                      "",
		"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed": responseType,
	} {
		a := boss.post(t, `{"query":"{ viewer { id } }"}`, "Accept", accept)
		if want == "" {
			if a.Status != http.StatusNotAcceptable || a.reason() != "request.not_acceptable" {
				t.Errorf("%q: got %d %s", accept, a.Status, a.Body)
			}
			continue
		}
		if a.Status != 200 || a.Header.Get("Content-Type") != want+"; charset=utf-8" {
			t.Errorf("%q: got %d %v", accept, a.Status, a.Header)
		}
	}
}

func TestOnlyJSONInUTF8IsRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	for contentType, ok := range map[string]bool{
		"application/json":                       true,
		"application/json; charset=utf-8":        true,
		"application/json;charset=UTF-8":         true,
		`application/json; charset="utf-8"`:      true,
		"APPLICATION/JSON":                       true,
		"application/json; charset=gbk":          false,
		"application/json; charset":              false,
		"application/x-www-form-urlencoded":      false,
		"multipart/form-data; boundary=x":        false,
		"text/plain":                             false,
		"application/graphql":                    false,
		"":                                       false,
		"application/json, application/x-protob": false,
	} {
		a := boss.post(t, `{"query":"{ viewer { id } }"}`, "Content-Type", contentType)
		if ok != (a.Status == 200) || !ok && (a.Status != http.StatusUnsupportedMediaType || a.reason() != "request.content_type") {
			t.Errorf("%q: got %d %s", contentType, a.Status, a.Body)
		}
	}
}

func TestQueriesMayComeByGet(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	for name, c := range map[string]struct {
		parameters url.Values
		status     int
		reason     string
	}{
		"a query":                      {url.Values{"query": {"{ viewer { id } }"}}, 200, ""},
		"with variables":               {url.Values{"query": {"query q($n: Int) { robots(first: $n) { nodes { id } } }"}, "variables": {`{"n":1}`}, "operationName": {"q"}}, 200, ""},
		"variables of another type":    {url.Values{"query": {"query q($n: Int) { robots(first: $n) { nodes { id } } }"}, "variables": {`{"n":"x"}`}}, 200, "query.invalid"},
		"variables that are no JSON":   {url.Values{"query": {"{ viewer { id } }"}, "variables": {"{"}}, 400, "request.body_invalid"},
		"variables that are a list":    {url.Values{"query": {"{ viewer { id } }"}, "variables": {"[]"}}, 400, "request.body_invalid"},
		"extensions that are no JSON":  {url.Values{"query": {"{ viewer { id } }"}, "extensions": {"x"}}, 400, "request.body_invalid"},
		"no query":                     {url.Values{}, 400, "request.body_invalid"},
		"a query of invalid UTF-8":     {url.Values{"query": {"{ viewer { id } } #\xff"}}, 400, "request.body_invalid"},
		"variables of invalid UTF-8":   {url.Values{"query": {"{ viewer { id } }"}, "variables": {"{\"a\":\"\xff\"}"}}, 400, "request.body_invalid"},
		"a mutation":                   {url.Values{"query": {"mutation { logout { ok } }"}}, 405, "request.method"},
		"a mutation among queries":     {url.Values{"query": {"query a { viewer { id } } mutation b { logout { ok } }"}, "operationName": {"b"}}, 405, "request.method"},
		"a query beside a mutation":    {url.Values{"query": {"query a { viewer { id } } mutation b { logout { ok } }"}, "operationName": {"a"}}, 200, ""},
		"a subscription":               {url.Values{"query": {"subscription { callbackEvents { __typename } }"}}, 200, "query.subscription_transport"},
		"a query that does not parse":  {url.Values{"query": {"{"}}, 200, "query.syntax"},
		"two queries in one parameter": {url.Values{"query": {"{ viewer { id } }", "mutation { logout { ok } }"}}, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := boss.send(t, http.MethodGet, "/graphql?"+c.parameters.Encode(), "", "Accept", jsonType)
			wantReason(t, a, c.reason)
			if a.Status != c.status || (a.Status == 405) != (a.Header.Get("Allow") == "POST") {
				t.Errorf("got %d %v %s", a.Status, a.Header, a.Body)
			}
		})
	}
	wantReason(t, boss.contract(t, "Viewer", nil), "") // nothing logged anybody out
	stream := boss.send(t, http.MethodGet, "/graphql?"+url.Values{"query": {"mutation { logout { ok } }"}}.Encode(), "", "Accept", "text/event-stream")
	if stream.Status != 405 || stream.reason() != "request.method" {
		t.Errorf("a mutation by GET as a stream: %d %s", stream.Status, stream.Body)
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW"} {
		a := h.nobody().send(t, method, "/graphql", "")
		if a.Status != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "GET, POST" {
			t.Errorf("%s: got %d %v", method, a.Status, a.Header)
		}
	}
}

func TestABatchIsAnsweredInItsOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	a := boss.post(t, `[{"query":"{ viewer { username } }"},{"query":"{ nobody }"},{},5,{"query":"subscription { callbackEvents { __typename } }"},{"query":"{ a: __typename }"}]`)
	var each []struct {
		Data   json.RawMessage
		Errors []answerError
	}
	check(t, json.Unmarshal([]byte(a.Body), &each))
	if a.Status != 200 || len(each) != 6 || string(each[0].Data) != `{"viewer":{"username":"boss"}}` || string(each[5].Data) != `{"a":"Query"}` {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
	for i, reason := range map[int]string{1: "query.invalid", 2: "request.body_invalid", 3: "request.body_invalid", 4: "query.subscription_transport"} {
		if len(each[i].Errors) != 1 || each[i].Errors[0].Extensions.Reason != reason {
			t.Errorf("entry %d: %+v", i, each[i])
		}
	}
	for body, reason := range map[string]string{
		`[]`: "query.batch_too_large",
		`[` + strings.Repeat(`{"query":"{ __typename }"},`, 10) + `{"query":"{ __typename }"}]`: "query.batch_too_large",
		`[{"query":"{ __typename }"}`: "request.body_invalid",
	} {
		if got := boss.post(t, body); got.Status != 400 || got.reason() != reason {
			t.Errorf("%.60s: got %d %s", body, got.Status, got.Body)
		}
	}
}

func TestPersistedQueries(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	boss := h.as(h.admin(t))
	send := func(query, hash string) answer {
		body := vars{"extensions": vars{"persistedQuery": vars{"version": 1, "sha256Hash": hash}}}
		if query != "" {
			body["query"] = query
		}
		return boss.post(t, string(raw(body)))
	}
	hashOf := func(query string) string {
		sum := sha256.Sum256([]byte(query))
		return hex.EncodeToString(sum[:])
	}
	const query = "{ viewer { username } }"
	unknown := send("", hashOf(query))
	if unknown.reason() != "query.persisted_not_found" || unknown.Errors[0].Message != "PersistedQueryNotFound" || unknown.Status != 200 {
		t.Fatalf("got %d %s", unknown.Status, unknown.Body)
	}
	wantReason(t, send(query, hashOf("another")), "query.persisted_hash_mismatch")
	wantBody(t, send(query, hashOf(query)), `{"data":{"viewer":{"username":"boss"}}}`)
	wantBody(t, send("", hashOf(query)), `{"data":{"viewer":{"username":"boss"}}}`)
	parameters := url.Values{"extensions": {`{"persistedQuery":{"version":1,"sha256Hash":"` + hashOf(query) + `"}}`}}
	wantBody(t, boss.send(t, http.MethodGet, "/graphql?"+parameters.Encode(), ""), `{"data":{"viewer":{"username":"boss"}}}`)

	const wrong = "{ nobody }"
	wantReason(t, send(wrong, hashOf(wrong)), "query.invalid")
	wantReason(t, send("", hashOf(wrong)), "query.persisted_not_found") // only what is valid is remembered
	large := query + "#" + strings.Repeat("x", 20_000)
	wantReason(t, send(large, hashOf(large)), "")
	wantReason(t, send("", hashOf(large)), "query.persisted_not_found")
	h.clock.Advance(14 * time.Minute)
	wantReason(t, send("", hashOf(query)), "")
	for name, extensions := range map[string]any{"text": "x", "a number for a hash": vars{"sha256Hash": 5}, "a list": []int{1}, "null": nil} {
		a := boss.post(t, string(raw(vars{"extensions": vars{"persistedQuery": extensions}})))
		if a.Status != 400 || a.reason() != "request.body_invalid" {
			t.Errorf("%s: got %d %s", name, a.Status, a.Body)
		}
		if a = boss.post(t, string(raw(vars{"query": query, "extensions": vars{"persistedQuery": extensions}}))); a.reason() != "" {
			t.Errorf("%s beside a query: got %s", name, a.Body)
		}
	}
}

func TestARequestIsAnsweredUnderItsID(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	a := h.nobody("X-Request-Id", "from-the-proxy").contract(t, "Viewer", nil)
	if a.Errors[0].Extensions.RequestID != "from-the-proxy" || a.Header.Get("X-Request-Id") != "from-the-proxy" {
		t.Fatalf("got %v %s", a.Header, a.Body)
	}
}

// Whatever comes in is answered as JSON with a status below 500.
func FuzzPost(f *testing.F) {
	h := newHouse(f, plan{idle: true, introspection: true, limits: graph.Limits{Tokens: 500}})
	for _, seed := range []string{
		`{"query":"{ viewer { id } }"}`, `[{"query":"{ __typename }"}]`, `{"query":"query ($n: Int = 3) { robots(first: $n) { nodes { id } } }","variables":{"n":1.5e3}}`,
		`{"query":"mutation($i:BroadcastInput!){broadcast(input:$i){broadcast{id}}}","variables":{"i":{"robotIds":["a"],"message":{"text":{"content":"x"}},"sendAt":"2026-01-01T00:00:00Z"}}}`,
		`{"extensions":{"persistedQuery":{"sha256Hash":"x"}}}`, `{"query":"{ ...f } fragment f on Query { ...f }"}`, introspection, "",
	} {
		f.Add([]byte(seed))
	}
	token := h.admin(f).Token
	f.Fuzz(func(t *testing.T, body []byte) {
		r := newRequest(http.MethodPost, "/graphql", string(body), "Content-Type", jsonType, "Accept", responseType, "Authorization", "Bearer "+token)
		w := newRecorder()
		h.handler.ServeHTTP(w, r)
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) || strings.Contains(w.Body.String(), `"INTERNAL"`) {
			t.Fatalf("%q gave %d %s", body, w.Code, w.Body)
		}
	})
}
