package sandbox

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Texts a security refusal (310000) can come in (protocols.md §1.7).
const (
	RefusalPlain       = "plain"       // "sign not match"
	RefusalMore        = "more"        // "sign not match, more: [...]"
	RefusalDescription = "description" // "description:...;solution:...;link:..."
)

// Names under which the pusher puts its signature into the query (protocols.md §4.1).
const (
	SignatureBoth    = "both"
	SignatureShort   = "signature"
	SignatureMessage = "msg_signature"
)

// Options are habits of the platform that differ between captures, or that a
// test wants otherwise. A zero field means its default.
type Options struct {
	// UnknownTokenCode answers an unknown robot token: 300001 (default) or 300005.
	UnknownTokenCode int `json:"unknownTokenCode"`
	// ThrottleCode answers a robot that sends too fast: 410100 (default),
	// 130101 or 660026.
	ThrottleCode int `json:"throttleCode"`
	// RefusalText is the form of 310000 and 460101 texts: plain (default),
	// more or description.
	RefusalText string `json:"refusalText"`
	// QuotedErrcode answers errcode as a string on DingTalk's old host.
	QuotedErrcode bool `json:"quotedErrcode"`
	// RobotPerMinute is how many messages a robot may send in any sliding
	// minute. Default 20, the platform's own.
	RobotPerMinute int `json:"robotPerMinute"`
	// SignatureParam names the signature of a push: both (default), signature
	// or msg_signature.
	SignatureParam string `json:"signatureParam"`
	// PushDeadlineMs is how long a push waits for its answer, in milliseconds
	// of real time. Default 1500, at most 60000.
	PushDeadlineMs int `json:"pushDeadlineMs"`
}

const maxPushDeadlineMs = 60_000

func (o Options) withDefaults() Options {
	if o.UnknownTokenCode == 0 {
		o.UnknownTokenCode = codeTokenUnknown
	}
	if o.ThrottleCode == 0 {
		o.ThrottleCode = codeThrottled
	}
	if o.RefusalText == "" {
		o.RefusalText = RefusalPlain
	}
	if o.RobotPerMinute == 0 {
		o.RobotPerMinute = 20
	}
	if o.SignatureParam == "" {
		o.SignatureParam = SignatureBoth
	}
	if o.PushDeadlineMs == 0 {
		o.PushDeadlineMs = 1500
	}
	return o
}

func (o Options) validate() error {
	var errs []error
	switch o.UnknownTokenCode {
	case codeTokenUnknown, codeTokenUnknownNew:
	default:
		errs = append(errs, fmt.Errorf("unknownTokenCode must be %d or %d", codeTokenUnknown, codeTokenUnknownNew))
	}
	switch o.ThrottleCode {
	case codeThrottled, codeThrottledOld, codeThrottledNew:
	default:
		errs = append(errs, fmt.Errorf("throttleCode must be %d, %d or %d", codeThrottled, codeThrottledOld, codeThrottledNew))
	}
	switch o.RefusalText {
	case RefusalPlain, RefusalMore, RefusalDescription:
	default:
		errs = append(errs, errors.New("refusalText must be plain, more or description"))
	}
	switch o.SignatureParam {
	case SignatureBoth, SignatureShort, SignatureMessage:
	default:
		errs = append(errs, errors.New("signatureParam must be both, signature or msg_signature"))
	}
	if o.RobotPerMinute < 0 || o.RobotPerMinute > 1_000_000 {
		errs = append(errs, errors.New("robotPerMinute must be from 1 to 1000000"))
	}
	if o.PushDeadlineMs < 0 || o.PushDeadlineMs > maxPushDeadlineMs {
		errs = append(errs, fmt.Errorf("pushDeadlineMs must be from 1 to %d", maxPushDeadlineMs))
	}
	return errors.Join(errs...)
}

func (o Options) pushDeadline() time.Duration {
	return time.Duration(o.PushDeadlineMs) * time.Millisecond
}

type optionBox struct{ p atomic.Pointer[Options] }

func newOptionBox(o Options) (*optionBox, error) {
	b := &optionBox{}
	if err := b.set(o); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return b, nil
}

func (b *optionBox) get() Options { return *b.p.Load() }

func (b *optionBox) set(o Options) error {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return err
	}
	b.p.Store(&o)
	return nil
}

// Options returns the habits in force, defaults filled in.
func (s *Sandbox) Options() Options { return s.options.get() }

// SetOptions replaces all of them; zero fields fall back to their defaults. It
// fails, and changes nothing, when a field has no meaning.
func (s *Sandbox) SetOptions(o Options) error { return s.options.set(o) }
