package errs_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
)

var errTaken = errs.New(errs.Conflict, "account.username_taken", "This username is taken.")

func TestErrorsMatchByReasonWhateverDetailTheyCarry(t *testing.T) {
	t.Parallel()
	detailed := errTaken.WithField("username", "taken").WithRetryAfter(time.Second).WithCause(errors.New("driver text"))
	if !errors.Is(detailed, errTaken) {
		t.Fatal("a copy with detail must match the error it was made from")
	}
	if !errors.Is(fmt.Errorf("register: %w", detailed), errTaken) {
		t.Fatal("a wrapped copy must match")
	}
	if errors.Is(detailed, errs.New(errs.Conflict, "account.phone_taken", "")) {
		t.Fatal("another reason must not match")
	}
}

func TestCopiesLeaveTheOriginalAlone(t *testing.T) {
	t.Parallel()
	one := errTaken.WithField("username", "taken")
	two := one.WithField("phone", "taken")
	if len(errTaken.Fields) != 0 || len(one.Fields) != 1 || len(two.Fields) != 2 {
		t.Fatalf("fields leaked between copies: %v %v %v", errTaken.Fields, one.Fields, two.Fields)
	}
}

func TestForeignErrorsAreInternal(t *testing.T) {
	t.Parallel()
	foreign := errors.New("disk I/O error")
	if errs.CodeOf(foreign) != errs.Internal || errs.ReasonOf(foreign) != "internal" {
		t.Fatalf("got %s %s", errs.CodeOf(foreign), errs.ReasonOf(foreign))
	}
	wrapped := errs.Wrap(foreign, "read account")
	if !errors.Is(wrapped, foreign) || wrapped.Code != errs.Internal {
		t.Fatal("Wrap must keep the cause for the log and be INTERNAL")
	}
	if got := errs.Wrap(errTaken, "register"); got.Reason != errTaken.Reason {
		t.Fatalf("Wrap must pass our own errors through, got %s", got.Reason)
	}
}
