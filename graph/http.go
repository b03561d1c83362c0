package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/posthouse/posthouse/internal/errs"
)

// Media types of GraphQL over HTTP.
const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
	typeStream   = "text/event-stream"
)

var (
	errMethod      = errs.New(errs.Invalid, "request.method", "Send queries by GET or POST, mutations by POST.")
	errContentType = errs.New(errs.Invalid, "request.content_type", "Send the request as Content-Type: application/json in UTF-8.")
	errBody        = errs.New(errs.Invalid, "request.body_invalid", "The body is not a JSON object with `query`, and optionally `variables`, `operationName` and `extensions`.")
	errTooLarge    = errs.New(errs.Invalid, "request.too_large", "The request is too large.")
)

// bodies are reused between requests; a large one is let go.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }} //nolint:gochecknoglobals // a pool holds no state

func (a *API) servePost(w http.ResponseWriter, r *http.Request) {
	if !isJSON(r.Header.Get("Content-Type")) {
		a.writeRefusal(w, r, http.StatusUnsupportedMediaType, errContentType)
		return
	}
	buf := bodies.Get().(*bytes.Buffer)
	buf.Reset()
	defer func() {
		if buf.Cap() <= 64<<10 {
			bodies.Put(buf)
		}
	}()
	if err := a.readBody(w, r, buf); err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, errTooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		a.writeRefusal(w, r, status, err)
		return
	}
	body := bytes.TrimLeft(buf.Bytes(), " \t\r\n")
	if len(body) > 0 && body[0] == '[' {
		a.serveBatch(w, r, body)
		return
	}
	p, err := parseParams(body)
	if err != nil {
		a.writeRefusal(w, r, http.StatusBadRequest, err)
		return
	}
	a.serve(w, r, p)
}

// isJSON accepts application/json with no charset or UTF-8.
func isJSON(contentType string) bool {
	if contentType == typeJSON {
		return true
	}
	media, attrs, err := mime.ParseMediaType(contentType)
	charset := attrs["charset"]
	return err == nil && media == typeJSON && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

func (a *API) readBody(w http.ResponseWriter, r *http.Request, buf *bytes.Buffer) error {
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, a.limits.Body))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return errTooLarge
	}
	if err != nil || !utf8.Valid(buf.Bytes()) {
		return errBody
	}
	return nil
}

// parseParams reads one request. The parts must have their types; unknown ones are ignored, as the
// specification of GraphQL over HTTP reserves them.
func parseParams(body []byte) (params, error) {
	var p params
	if decode(body, &p) != nil {
		return params{}, errBody
	}
	if p.Query == "" {
		if _, persisted := persistedHash(p.Extensions); !persisted {
			return params{}, errBody
		}
	}
	return p, nil
}

// decode reads exactly one JSON value. Numbers keep their digits, because what is a number in JSON may
// be an Int in the schema, which a float64 is not.
func decode(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errBody
	}
	return nil
}

// serve answers one operation in the form that the client accepts.
func (a *API) serve(w http.ResponseWriter, r *http.Request, p params) {
	ctx := r.Context()
	form, ok := accepted(r.Header.Get("Accept"))
	if !ok {
		a.writeRefusal(w, r, http.StatusNotAcceptable, errs.New(errs.Invalid, "request.not_acceptable", "Accept application/json, application/graphql-response+json or text/event-stream."))
		return
	}
	op, refused := a.prepare(ctx, p)
	if form == typeStream {
		a.serveStream(w, r, op, refused)
		return
	}
	switch {
	case refused != nil:
		a.write(w, form, refused)
	case op.kind() == ast.Subscription:
		a.write(w, form, a.presenter.requestError(ctx, errTransport))
	case op.kind() == ast.Mutation && r.Method == http.MethodGet:
		w.Header().Set("Allow", http.MethodPost)
		a.writeRefusal(w, r, http.StatusMethodNotAllowed, errMethod)
	default:
		a.write(w, form, op.run(ctx))
	}
}

func (a *API) serveGet(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p := params{Query: query.Get("query"), OperationName: query.Get("operationName")}
	for name, into := range map[string]*map[string]any{"variables": &p.Variables, "extensions": &p.Extensions} {
		if text := query.Get(name); text != "" && decode([]byte(text), into) != nil {
			a.writeRefusal(w, r, http.StatusBadRequest, errBody)
			return
		}
	}
	_, persisted := persistedHash(p.Extensions)
	if (p.Query == "" && !persisted) || !utf8.ValidString(p.Query) {
		a.writeRefusal(w, r, http.StatusBadRequest, errBody)
		return
	}
	a.serve(w, r, p)
}

// serveBatch answers a list of operations with a list of responses, one after the other.
func (a *API) serveBatch(w http.ResponseWriter, r *http.Request, body []byte) {
	var each []json.RawMessage
	if err := json.Unmarshal(body, &each); err != nil {
		a.writeRefusal(w, r, http.StatusBadRequest, errBody)
		return
	}
	if len(each) == 0 || len(each) > a.limits.Batch {
		a.writeRefusal(w, r, http.StatusBadRequest, errBatch)
		return
	}
	out := []byte{'['}
	for i, one := range each {
		if i > 0 {
			out = append(out, ',')
		}
		out = a.batched(r.Context(), one).appendJSON(out)
	}
	writeJSON(w, typeJSON, http.StatusOK, append(out, ']'))
}

func (a *API) batched(ctx context.Context, body []byte) *response {
	p, err := parseParams(body)
	if err != nil {
		return a.presenter.requestError(ctx, err)
	}
	op, refused := a.prepare(ctx, p)
	if refused != nil {
		return refused
	}
	if op.kind() == ast.Subscription {
		return a.presenter.requestError(ctx, errTransport)
	}
	return op.run(ctx)
}

// accepted chooses the form of the answer. Nothing asked means application/json, which every client
// understands; mini-programs read no status but 200 and never ask for the other.
func accepted(header string) (string, bool) {
	if header == "" || header == "*/*" || header == typeJSON {
		return typeJSON, true
	}
	for part := range strings.SplitSeq(header, ",") {
		media, attrs, err := mime.ParseMediaType(part)
		if err != nil || attrs["q"] == "0" {
			continue
		}
		switch media {
		case typeResponse, typeStream, typeJSON:
			return media, true
		case "*/*", "application/*":
			return typeJSON, true
		}
	}
	return "", false
}

// write answers an operation. A refused request has status 400 only in the form whose clients look at
// the status; the contract promises 200 for the other.
func (a *API) write(w http.ResponseWriter, form string, out *response) {
	status := http.StatusOK
	if out.data == nil && form == typeResponse {
		status = http.StatusBadRequest
	}
	buf := bodies.Get().(*bytes.Buffer)
	buf.Reset()
	body := out.appendJSON(buf.AvailableBuffer())
	writeJSON(w, form, status, body)
	if cap(body) <= 64<<10 {
		bodies.Put(bytes.NewBuffer(body[:0]))
	}
}

// writeRefusal answers a request that is wrong as HTTP, before GraphQL comes in.
func (a *API) writeRefusal(w http.ResponseWriter, r *http.Request, status int, err error) {
	form, ok := accepted(r.Header.Get("Accept"))
	if !ok || form == typeStream {
		form = typeJSON
	}
	writeJSON(w, form, status, a.presenter.requestError(r.Context(), err).appendJSON(nil))
}

func writeJSON(w http.ResponseWriter, form string, status int, body []byte) {
	header := w.Header()
	header["Content-Type"] = []string{form + "; charset=utf-8"}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	header["Cache-Control"] = []string{"no-store"}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
