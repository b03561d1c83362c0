package httpapi

import (
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/event"
)

// maxCallback is the largest push taken, in bytes (protocols.md §4.9).
const maxCallback = 1 << 20

// Push is a verified and decrypted event push.
type Push struct {
	// Owner is the owner key that the push was encrypted for; the answer must be encrypted for the
	// same one (protocols.md §4.3).
	Owner string
	// Check marks DingTalk's test of the URL: it is answered and not kept.
	Check                   bool
	DedupeKey, Type, CorpID string
	OccurredAt              time.Time
	Payload                 []byte
}

// CallbackApp verifies and answers the pushes to one DingTalk app.
type CallbackApp interface {
	// Open reasons: callback.signature_invalid, callback.decrypt_failed, callback.owner_unknown,
	// callback.body_invalid.
	Open(query url.Values, body []byte) (Push, error)
	// Answer is the body that tells DingTalk the push was taken.
	Answer(owner string) ([]byte, error)
}

var (
	errAppUnknown      = errs.New(errs.NotFound, "callback.app_unknown", "No DingTalk app of this name is configured.")
	errCallbackInvalid = errs.New(errs.Invalid, "callback.body_invalid", "The push is not an object with `encrypt`, or is larger than 1 MiB.")
)

// serveCallback stores the event, then answers: DingTalk repeats what was not answered, so nothing
// that was answered may be lost.
func (a *API) serveCallback(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("app")
	app, ok := a.cfg.Callbacks[name]
	if !ok {
		a.writeError(w, r, errAppUnknown)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if err != nil {
		a.writeError(w, r, errCallbackInvalid)
		return
	}
	push, err := app.Open(r.URL.Query(), body)
	if err != nil {
		a.cfg.Logger.Warn("callback refused", "app", name, "reason", errs.ReasonOf(err), "error", err)
		a.writeError(w, r, err)
		return
	}
	if !push.Check {
		err = a.cfg.Events.Append(r.Context(), event.Pushed{
			App: name, DedupeKey: push.DedupeKey, Type: push.Type, CorpID: push.CorpID,
			OccurredAt: push.OccurredAt, Payload: push.Payload,
		})
	}
	var answer []byte
	if err == nil {
		answer, err = app.Answer(push.Owner)
	}
	if err != nil {
		a.writeError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}
