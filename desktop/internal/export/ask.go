package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// query asks for a page of the log, oldest first.
const query = `query ExportCallbackEvents($first: Int, $after: String) {
  callbackEventLog(first: $first, after: $after) {
    nodes { cursor id type corpId occurredAt receivedAt payload }
    pageInfo { hasNextPage endCursor }
  }
}`

// Failures of an export beside those of the disk.
var (
	// ErrSignedOut: nobody is signed in, or the session has ended.
	ErrSignedOut = errors.New("export: nobody is signed in")
	// ErrForbidden: the account may not read the log.
	ErrForbidden = errors.New("export: the account may not read the event log")
	// ErrServer: the server could not answer; what it said is in the error.
	ErrServer = errors.New("export: the server could not answer")
)

// page is what one query brings.
type page struct {
	nodes   []json.RawMessage
	bytes   int
	last    time.Time
	end     string
	hasNext bool
}

// ask sends one query to the handler, without a network between.
func (e *exporter) ask(ctx context.Context, first int, after string) (page, error) {
	variables := map[string]any{"first": first}
	if after != "" {
		variables["after"] = after
	}
	body, err := json.Marshal(map[string]any{"query": query, "operationName": "ExportCallbackEvents", "variables": variables})
	if err != nil {
		return page{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1/graphql", bytes.NewReader(body))
	if err != nil {
		return page{}, err
	}
	request.RequestURI = "/graphql"
	request.RemoteAddr = "127.0.0.1:0"
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Authorization", "Bearer "+e.token)
	said := recorder{status: http.StatusOK, header: http.Header{}}
	e.Handler.ServeHTTP(&said, request)
	if err := ctx.Err(); err != nil {
		return page{}, err
	}
	return read(said.status, said.body.Bytes())
}

// recorder keeps an answer of the handler.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// answer is the part of a GraphQL answer that matters here.
type answer struct {
	Data *struct {
		Log struct {
			Nodes    []json.RawMessage `json:"nodes"`
			PageInfo struct {
				HasNextPage bool   `json:"hasNextPage"`
				EndCursor   string `json:"endCursor"`
			} `json:"pageInfo"`
		} `json:"callbackEventLog"`
	} `json:"data"`
	Errors []struct {
		Message    string `json:"message"`
		Extensions struct {
			Code   string `json:"code"`
			Reason string `json:"reason"`
		} `json:"extensions"`
	} `json:"errors"`
}

func read(status int, body []byte) (page, error) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return page{}, fmt.Errorf("%w: status %d without JSON", ErrServer, status)
	}
	if len(a.Errors) > 0 {
		switch e := a.Errors[0]; e.Extensions.Code {
		case "UNAUTHENTICATED":
			return page{}, ErrSignedOut
		case "FORBIDDEN":
			return page{}, ErrForbidden
		default:
			return page{}, fmt.Errorf("%w: %s (%s)", ErrServer, e.Message, e.Extensions.Reason)
		}
	}
	if a.Data == nil {
		return page{}, fmt.Errorf("%w: status %d without data", ErrServer, status)
	}
	log := a.Data.Log
	p := page{nodes: log.Nodes, bytes: len(body), end: log.PageInfo.EndCursor, hasNext: log.PageInfo.HasNextPage}
	if n := len(log.Nodes); n > 0 {
		var last struct {
			ReceivedAt time.Time `json:"receivedAt"`
		}
		if err := json.Unmarshal(log.Nodes[n-1], &last); err != nil {
			return page{}, fmt.Errorf("%w: an event without receivedAt", ErrServer)
		}
		p.last = last.ReceivedAt
	}
	if p.hasNext && (p.end == "" || len(p.nodes) == 0) {
		return page{}, fmt.Errorf("%w: a page without an end", ErrServer)
	}
	return p, nil
}
