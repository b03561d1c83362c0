package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/request"
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

// Errors of this endpoint, beside those of CallbackApp.
var (
	errAppUnknown = errs.New(errs.NotFound, "callback.app_unknown", "No DingTalk app of this name is configured.")
	errUnread     = errs.New(errs.Invalid, "callback.body_invalid", "The push could not be read to its end.")
	errTooLarge   = errs.New(errs.Invalid, "request.too_large", "The request is too large.")
	errNotStored  = errs.New(errs.Unavailable, "callback.not_stored", "The event could not be stored. Push it again.")
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
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		a.writeErrorAs(w, r, http.StatusRequestEntityTooLarge, errTooLarge)
		return
	}
	if err != nil {
		a.writeError(w, r, errUnread)
		return
	}
	push, err := app.Open(r.URL.Query(), body)
	if err != nil {
		if say, unsaid := a.refusals.note(name, errs.ReasonOf(err)); say {
			a.cfg.Logger.WarnContext(r.Context(), "callback refused", "app", name, "request_id", request.From(r.Context()).ID, "error", err, "like_it_in_the_minute_before", unsaid)
		}
		a.writeError(w, r, err)
		return
	}
	answer, err := app.Answer(push.Owner)
	if err != nil {
		a.writeError(w, r, err)
		return
	}
	if err := a.store(r.Context(), name, push); err != nil {
		a.writeError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// store keeps an event. Whatever stands in its way, DingTalk is told to come again.
func (a *API) store(ctx context.Context, app string, push Push) error {
	if push.Check {
		return nil
	}
	err := a.cfg.Events.Append(ctx, event.Pushed{
		App: app, DedupeKey: push.DedupeKey, Type: push.Type, CorpID: push.CorpID,
		OccurredAt: push.OccurredAt, Payload: push.Payload,
	})
	if err != nil {
		return errNotStored.WithCause(err)
	}
	return nil
}
