package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// client speaks GraphQL over HTTP as a person signed in with token or skey, or as nobody.
type client struct {
	URL         string
	Token, Skey string
	// Context ends calls; nil for the tests' patience alone.
	Context context.Context
}

// client gives one that has not signed in.
func (h *house) client() client { return client{URL: h.URL} }

func (c client) as(token string) client {
	c.Token = token
	return c
}

func (c client) withSkey(skey string) client {
	c.Skey = skey
	return c
}

// reply is an answer of the API.
type reply struct {
	Status int             `json:"-"`
	Data   json.RawMessage `json:"data"`
	Errors []graphError    `json:"errors"`
}

type graphError struct {
	Message    string `json:"message"`
	Extensions struct {
		Code       string            `json:"code"`
		Reason     string            `json:"reason"`
		Fields     map[string]string `json:"fields"`
		Factors    []string          `json:"factors"`
		RetryAfter int               `json:"retryAfter"`
		RequestID  string            `json:"requestId"`
	} `json:"extensions"`
}

// reason is that of the first error, empty without one.
func (r reply) reason() string {
	if len(r.Errors) == 0 {
		return ""
	}
	return r.Errors[0].Extensions.Reason
}

// web keeps connections for all tests; a call that takes longer than the patience has failed.
var web = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 10 * time.Second}}

type vars = map[string]any

// try sends one operation. An error means that no answer came.
func (c client) try(query string, variables vars) (reply, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return reply{}, err
	}
	ctx := c.Context
	if ctx == nil {
		ctx = context.Background()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", "en")
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if c.Skey != "" {
		req.Header.Set("skey", c.Skey)
	}
	resp, err := web.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	out := reply{Status: resp.StatusCode}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		return reply{}, fmt.Errorf("status %d is no GraphQL answer: %.300s", resp.StatusCode, answer)
	}
	return out, nil
}

// ask sends one operation that must succeed and decodes its data.
func (c client) ask(t testing.TB, query string, variables vars, into any) {
	t.Helper()
	out, err := c.try(query, variables)
	check(t, err)
	if len(out.Errors) > 0 {
		t.Fatalf("refused: %+v\n%s", out.Errors, query)
	}
	if into != nil {
		check(t, json.Unmarshal(out.Data, into))
	}
}

// refused sends one operation that must fail and gives its first error.
func (c client) refused(t testing.TB, query string, variables vars) graphError {
	t.Helper()
	out, err := c.try(query, variables)
	check(t, err)
	if len(out.Errors) == 0 {
		t.Fatalf("not refused: %s\n%s", out.Data, query)
	}
	return out.Errors[0]
}

// decode is json.Unmarshal for answers that may be missing.
func decode(data json.RawMessage, into any) error {
	if data == nil {
		return errNoData
	}
	return json.Unmarshal(data, into)
}

var errNoData = errors.New("the answer has no data")
