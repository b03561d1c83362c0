package errs

import (
	"errors"
	"fmt"
	"time"
)

// Code says what kind of failure this is. The set is closed: clients switch on it.
type Code string

// The codes. Nothing outside this list ever reaches a client.
const (
	Invalid         Code = "INVALID"
	Unauthenticated Code = "UNAUTHENTICATED"
	Forbidden       Code = "FORBIDDEN"
	NotFound        Code = "NOT_FOUND"
	Conflict        Code = "CONFLICT"
	RateLimited     Code = "RATE_LIMITED"
	Unavailable     Code = "UNAVAILABLE"
	Internal        Code = "INTERNAL"
)

// Error is a failure with a code, a stable dotted reason ("account.username_taken") and a message
// that may be shown to whoever asked. The cause is for logs only and is never shown.
//
// An Error is immutable once built: the With… methods return changed copies, so a package may keep
// one as a value and add detail for each use.
type Error struct {
	Code    Code
	Reason  string
	Message string
	// Fields maps the input field at fault to a message about it.
	Fields map[string]string
	// Factors lists the factors still wanted, for login.factor_required only.
	Factors []string
	// RetryAfter tells when asking again makes sense; zero means nothing is promised.
	RetryAfter time.Duration

	cause      error
	ownMessage bool
	detail     string
}

// New builds an error from its three parts.
func New(code Code, reason, message string) *Error {
	return &Error{Code: code, Reason: reason, Message: message}
}

// Wrap hides cause behind an INTERNAL error. Use it where a failure is ours and the caller can do
// nothing about it; doing names the step that failed, for the log.
func Wrap(cause error, doing string) *Error {
	if e, ok := errors.AsType[*Error](cause); ok {
		return e
	}
	return &Error{Code: Internal, Reason: "internal", Message: doing, cause: cause}
}

// Error gives the message with its cause, for logs. Transports show Message alone, and for INTERNAL
// not even that.
func (e *Error) Error() string {
	text := e.Reason + ": " + e.Message
	if e.detail != "" {
		text += " " + e.detail
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare by reason, so that a copy with more detail still matches.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason && t.Code == e.Code
}

// WithCause returns a copy that carries cause for the log.
func (e *Error) WithCause(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// WithMessage returns a copy with another message, which is then shown in every language: use it for
// detail that a catalogue cannot hold.
func (e *Error) WithMessage(format string, args ...any) *Error {
	c := *e
	c.Message = fmt.Sprintf(format, args...)
	c.ownMessage = true
	return &c
}

// WithDetail returns a copy that says more, in words that cannot be translated (those of a parser, say).
// They follow the message in every language.
func (e *Error) WithDetail(detail string) *Error {
	c := *e
	c.detail = detail
	return &c
}

// WithField returns a copy that names the input field at fault.
func (e *Error) WithField(name, message string) *Error {
	c := *e
	c.Fields = make(map[string]string, len(e.Fields)+1)
	for k, v := range e.Fields {
		c.Fields[k] = v
	}
	c.Fields[name] = message
	return &c
}

// WithRetryAfter returns a copy that tells when to ask again.
func (e *Error) WithRetryAfter(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// WithFactors returns a copy that lists the factors still wanted.
func (e *Error) WithFactors(factors ...string) *Error {
	c := *e
	c.Factors = factors
	return &c
}

// CodeOf gives the code of err: INTERNAL for an error that is not ours.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// ReasonOf gives the reason of err: "internal" for an error that is not ours.
func ReasonOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return "internal"
}
