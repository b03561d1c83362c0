package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/posthouse/posthouse/internal/errs"
)

// Errors of requests that are wrong as HTTP.
var (
	errMethod        = errs.New(errs.Invalid, "request.method", "Send queries by GET or POST, mutations by POST.")
	errContentType   = errs.New(errs.Invalid, "request.content_type", "Send the request as Content-Type: application/json in UTF-8.")
	errBody          = errs.New(errs.Invalid, "request.body_invalid", "The body is not a JSON object with `query`, and optionally `variables`, `operationName` and `extensions`.")
	errTooLarge      = errs.New(errs.Invalid, "request.too_large", "The request is too large.")
	errNotAcceptable = errs.New(errs.Invalid, "request.not_acceptable", "Accept application/json, application/graphql-response+json or text/event-stream.")
)

func (a *API) servePost(w http.ResponseWriter, r *http.Request) {
	if !isJSON(r.Header.Get("Content-Type")) {
		a.writeRefusal(w, r, http.StatusUnsupportedMediaType, errContentType)
		return
	}
	buf := a.buffers.take()
	defer a.buffers.give(buf)
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

func (a *API) serveGet(w http.ResponseWriter, r *http.Request) {
	p, err := paramsOf(r.URL.Query())
	if err != nil {
		a.writeRefusal(w, r, http.StatusBadRequest, err)
		return
	}
	a.serve(w, r, p)
}

// serve answers one operation in the form that the client accepts.
func (a *API) serve(w http.ResponseWriter, r *http.Request, p params) {
	ctx := r.Context()
	form, ok := accepted(r.Header["Accept"])
	if !ok {
		a.writeRefusal(w, r, http.StatusNotAcceptable, errNotAcceptable)
		return
	}
	op, refused := a.prepare(ctx, p)
	switch {
	case refused == nil && op.kind() == ast.Mutation && r.Method == http.MethodGet:
		w.Header().Set("Allow", http.MethodPost)
		a.writeRefusal(w, r, http.StatusMethodNotAllowed, errMethod)
	case form == typeStream:
		a.serveStream(w, r, op, refused)
	case refused != nil:
		a.write(w, form, refused)
	case op.kind() == ast.Subscription:
		a.write(w, form, a.presenter.requestError(ctx, errTransport))
	default:
		a.write(w, form, op.run(ctx))
	}
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
	buf := a.buffers.take()
	defer a.buffers.give(buf)
	left := a.limits.Tokens // for all of them together
	for i, one := range each {
		if r.Context().Err() != nil {
			return // nobody waits for the rest
		}
		if i == 0 {
			buf.WriteByte('[')
		} else {
			buf.WriteByte(',')
		}
		a.batched(r.Context(), one, &left).writeTo(buf)
	}
	buf.WriteByte(']')
	writeBody(w, typeJSON, http.StatusOK, buf.Bytes())
}

// batched answers one operation of a batch and takes its tokens off those left.
func (a *API) batched(ctx context.Context, body []byte, left *int) *response {
	p, err := parseParams(body)
	if err != nil {
		return a.presenter.requestError(ctx, err)
	}
	if *left -= a.documents.countTokens(&ast.Source{Input: p.Query}); *left < 0 {
		return a.presenter.requestError(ctx, errTooComplex)
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

// write answers an operation. A refused request has status 400 only in the form whose clients look at
// the status; the contract promises 200 for the other.
func (a *API) write(w http.ResponseWriter, form string, out *response) {
	status := http.StatusOK
	if out.data == nil && form == typeResponse {
		status = http.StatusBadRequest
	}
	buf := a.buffers.take()
	defer a.buffers.give(buf)
	out.writeTo(buf)
	writeBody(w, form, status, buf.Bytes())
}

// writeRefusal answers a request that is wrong as HTTP, before GraphQL comes in.
func (a *API) writeRefusal(w http.ResponseWriter, r *http.Request, status int, err error) {
	form, ok := accepted(r.Header["Accept"])
	if !ok || form == typeStream {
		form = typeJSON
	}
	buf := a.buffers.take()
	defer a.buffers.give(buf)
	a.presenter.requestError(r.Context(), err).writeTo(buf)
	writeBody(w, form, status, buf.Bytes())
}

func writeBody(w http.ResponseWriter, form string, status int, body []byte) {
	header := w.Header()
	header["Content-Type"] = []string{form + "; charset=utf-8"}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	header["Cache-Control"] = []string{"no-store"}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
