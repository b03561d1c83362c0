package httpapi_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

const signed = "/callbacks/dingtalk/office?signature=x"

func TestAPushIsStoredAndThenAnsweredForItsOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	w := ask(h.api, http.MethodPost, signed, `{"EventType":"user_add_org"}`)
	if w.Code != http.StatusOK || w.Body.String() != `{"encrypt":"for key"}` || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("got %d %s %s", w.Code, w.Header(), w.Body)
	}
	if len(h.events.kept) != 1 || h.events.kept[0].App != "office" || string(h.events.kept[0].Payload) != `{"EventType":"user_add_org"}` {
		t.Fatalf("kept %+v", h.events.kept)
	}
}

func TestTheCheckOfTheURLIsAnsweredAndNotStored(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if w := ask(h.api, http.MethodPost, signed, "check"); w.Code != http.StatusOK || len(h.events.kept) != 0 {
		t.Fatalf("got %d, kept %+v", w.Code, h.events.kept)
	}
}

func TestPushesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, target, body string
		status               int
		reason               string
	}{
		"to an unknown app":           {"POST", "/callbacks/dingtalk/nobody?signature=x", "x", 404, "callback.app_unknown"},
		"without a signature":         {"POST", "/callbacks/dingtalk/office", "x", 401, "callback.signature_invalid"},
		"addressed to another":        {"POST", signed, "another's", 403, "callback.owner_unknown"},
		"that cannot be decrypted":    {"POST", signed, "garbage", 400, "callback.decrypt_failed"},
		"larger than a mebibyte":      {"POST", signed, strings.Repeat("x", 1<<20+1), 413, "request.too_large"},
		"by another method":           {"GET", signed, "", 405, "request.method_not_allowed"},
		"to no app at all":            {"POST", "/callbacks/dingtalk/", "x", 404, "request.path_unknown"},
		"that we cannot answer":       {"POST", signed, "unanswerable", 500, "internal"},
		"to an app with a wrong name": {"POST", "/callbacks/dingtalk/office%2Fx?signature=x", "x", 404, "callback.app_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			w := ask(h.api, c.method, c.target, c.body)
			wantProblem(t, w, c.status, c.reason)
			if len(h.events.kept) != 0 {
				t.Errorf("kept %+v of a push that was refused", h.events.kept)
			}
			if strings.Contains(w.Body.String(), "secret-detail") || strings.Contains(w.Body.String(), "cipher:") {
				t.Errorf("the answer shows a cause: %s", w.Body)
			}
		})
	}
}

func TestAPushOfOneMebibyteIsTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if w := ask(h.api, http.MethodPost, signed, strings.Repeat("x", 1<<20)); w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
}

// DingTalk pushes again whatever was not answered, so a store that fails may not be talked over.
func TestNothingIsAcknowledgedThatCouldNotBeStored(t *testing.T) {
	t.Parallel()
	for name, failed := range map[string]error{
		"a store that is away": errStoreAway,
		"a store that breaks":  errors.New("disk I/O error at /var/lib"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.events.failed = failed
			w := ask(h.api, http.MethodPost, signed, "x")
			wantProblem(t, w, http.StatusServiceUnavailable, "callback.not_stored")
			if strings.Contains(w.Body.String(), "encrypt") || strings.Contains(w.Body.String(), "disk") {
				t.Errorf("answered %s", w.Body)
			}
			if !strings.Contains(h.log.String(), failed.Error()) {
				t.Errorf("the log does not say why: %s", h.log)
			}
		})
	}
}

func TestAPushThatBreaksOffIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := httptest.NewRequest(http.MethodPost, signed, iotest.ErrReader(errors.New("connection reset")))
	w := httptest.NewRecorder()
	h.api.ServeHTTP(w, r)
	wantProblem(t, w, http.StatusBadRequest, "callback.body_invalid")
}
