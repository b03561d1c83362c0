package httpapi

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/request"
)

// problem is the body of an error outside of GraphQL.
type problem struct {
	Error problemDetail `json:"error"`
}

type problemDetail struct {
	Code      errs.Code `json:"code"`
	Reason    string    `json:"reason"`
	Message   string    `json:"message"`
	RequestID string    `json:"requestId"`
}

var errInternal = errs.New(errs.Internal, "internal", "Something went wrong here. It has been noted under the request id.")

// writeError answers with an error, under the status that its code calls for. What is internal goes to
// the log and shows a fixed sentence; so does the cause of what is unavailable.
func (a *API) writeError(w http.ResponseWriter, r *http.Request, err error) {
	a.writeErrorAs(w, r, status(err), err)
}

func (a *API) writeErrorAs(w http.ResponseWriter, r *http.Request, status int, err error) {
	info := request.From(r.Context())
	ours, ok := errors.AsType[*errs.Error](err)
	switch {
	case !ok || ours.Code == errs.Internal:
		a.cfg.Logger.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "request_id", info.ID, "error", err)
		ours = errInternal
	case ours.Code == errs.Unavailable && ours.Unwrap() != nil:
		a.cfg.Logger.WarnContext(r.Context(), "request cannot be served", "path", r.URL.Path, "request_id", info.ID, "error", err)
	}
	header := w.Header()
	if ours.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(ours.RetryAfter.Seconds()))))
	}
	body, err := json.Marshal(problem{problemDetail{ours.Code, ours.Reason, errs.Localize(ours, string(info.Language)), info.ID}})
	if err != nil {
		body = []byte(`{"error":{"code":"INTERNAL","reason":"internal"}}`) // strings can always be written
	}
	header.Set("Cache-Control", "no-store")
	writeJSON(w, status, body)
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// status is what HTTP calls the code of an error.
func status(err error) int {
	switch errs.CodeOf(err) {
	case errs.Invalid:
		return http.StatusBadRequest
	case errs.Unauthenticated:
		return http.StatusUnauthorized
	case errs.Forbidden:
		return http.StatusForbidden
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Conflict:
		return http.StatusConflict
	case errs.RateLimited:
		return http.StatusTooManyRequests
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
