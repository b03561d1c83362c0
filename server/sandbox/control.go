package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

const (
	controlPrefix = "/sandbox/api/"
	// mostControlBody bounds what a control call may carry.
	mostControlBody = 1 << 20
)

// Codes of the control API's own errors.
const (
	controlForbidden   = "forbidden"
	controlNotFound    = "not_found"
	controlMethod      = "method_not_allowed"
	controlContentType = "content_type"
	controlTooLarge    = "too_large"
	controlInvalid     = "invalid"
	controlConflict    = "conflict"
)

// controlError is an answer of the control API other than what was asked for.
type controlError struct {
	status int
	code   string
	msg    string
	allow  string // for controlMethod
}

func (e *controlError) Error() string { return e.msg }

func invalid(err error) *controlError {
	return &controlError{status: http.StatusBadRequest, code: controlInvalid, msg: strings.TrimPrefix(err.Error(), "sandbox: ")}
}

// controlFunc answers one control call with something to encode, or a
// *controlError.
type controlFunc func(r *http.Request) (any, error)

// controlHandler serves the page and the control API to loopback clients only.
func (s *Sandbox) controlHandler() http.Handler {
	routes := s.controlRoutes()
	page := pageHandler(s.cfg.Page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if err := checkLocal(r); err != nil {
			writeControlError(w, err)
			return
		}
		name, isAPI := strings.CutPrefix(r.URL.Path, controlPrefix)
		if !isAPI {
			page.ServeHTTP(w, r)
			return
		}
		methods, ok := routes[name]
		if !ok {
			writeControlError(w, &controlError{status: http.StatusNotFound, code: controlNotFound, msg: "there is no such control call"})
			return
		}
		serve, err := pick(methods, r)
		if err != nil {
			writeControlError(w, err)
			return
		}
		answer, failed := serve(r)
		if failed != nil {
			writeControlError(w, asControlError(failed))
			return
		}
		write(w, http.StatusOK, "application/json; charset=utf-8", encodeJSON(answer))
	})
}

// checkLocal keeps everybody out but programs and pages of this machine: the
// caller's address must be loopback; the Host must be a name of loopback, or a
// web page could reach us through a name of its own that it points here; and a
// page of another origin is told no before it is heard.
func checkLocal(r *http.Request) *controlError {
	addr, ok := remoteAddr(r.RemoteAddr)
	if !ok || !addr.IsLoopback() {
		return &controlError{status: http.StatusForbidden, code: controlForbidden, msg: "the sandbox's page and control API answer loopback clients only"}
	}
	if !isLoopbackHost(r.Host) {
		return &controlError{status: http.StatusForbidden, code: controlForbidden, msg: "call the sandbox as localhost, 127.0.0.1 or [::1]"}
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
			return &controlError{status: http.StatusForbidden, code: controlForbidden, msg: "pages of another origin may not call the sandbox"}
		}
	}
	return nil
}

func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	return strings.EqualFold(host, "localhost") || host == "127.0.0.1" || host == "::1"
}

// pick finds the call of the request's method. Calls that change something must
// come as JSON: a page of another origin cannot send that without asking first.
// DELETE carries no body, and browsers always ask first for it.
func pick(methods map[string]controlFunc, r *http.Request) (controlFunc, *controlError) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	serve, ok := methods[method]
	if !ok {
		var allowed []string
		for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			if methods[m] != nil {
				allowed = append(allowed, m)
			}
		}
		list := strings.Join(allowed, ", ")
		return nil, &controlError{status: http.StatusMethodNotAllowed, code: controlMethod, msg: "this control call takes " + list, allow: list}
	}
	if (method == http.MethodPost || method == http.MethodPut) && !isJSON(r.Header.Get("Content-Type")) {
		return nil, &controlError{status: http.StatusUnsupportedMediaType, code: controlContentType, msg: "send Content-Type: application/json"}
	}
	return serve, nil
}

func writeControlError(w http.ResponseWriter, e *controlError) {
	if e.allow != "" {
		w.Header().Set("Allow", e.allow)
	}
	type inner struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	write(w, e.status, "application/json; charset=utf-8", encodeJSON(struct {
		Error inner `json:"error"`
	}{inner{e.code, e.msg}}))
}

func asControlError(err error) *controlError {
	var e *controlError
	if errors.As(err, &e) {
		return e
	}
	return invalid(err)
}

// decode reads a control body: exactly one JSON value, no unknown fields. An
// empty body leaves v as it is when that is allowed.
func decode(r *http.Request, v any, emptyAllowed bool) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, mostControlBody+1))
	if err != nil {
		return invalid(errors.New("the body cannot be read"))
	}
	if len(body) > mostControlBody {
		return &controlError{status: http.StatusRequestEntityTooLarge, code: controlTooLarge, msg: fmt.Sprintf("the body is longer than %d bytes", mostControlBody)}
	}
	if len(bytes.TrimSpace(body)) == 0 {
		if emptyAllowed {
			return nil
		}
		return invalid(errors.New("the body is empty; send JSON"))
	}
	if !utf8.Valid(body) {
		return invalid(errors.New("the body is not UTF-8"))
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return invalid(fmt.Errorf("the body does not fit: %s", strings.TrimPrefix(err.Error(), "json: ")))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return invalid(errors.New("there is something behind the JSON value"))
	}
	return nil
}
