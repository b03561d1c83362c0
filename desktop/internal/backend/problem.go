package backend

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"

	"github.com/posthouse/posthouse/server"
)

// Kind says what stands in the way. The set is closed: package shell has words for each.
type Kind string

// The kinds.
const (
	// Of a folder.
	DataLocked      Kind = "data_locked"
	DataNewer       Kind = "data_newer"
	DataDamaged     Kind = "data_damaged"
	DataForeign     Kind = "data_foreign"
	DataReadOnly    Kind = "data_read_only"
	DataFull        Kind = "data_full"
	KeysMissing     Kind = "keys_missing"
	KeysInvalid     Kind = "keys_invalid"
	SettingsInvalid Kind = "settings_invalid"
	PortTaken       Kind = "port_taken"
	// Of an address.
	AddressInvalid  Kind = "address_invalid"
	AddressInsecure Kind = "address_insecure"
	NameUnknown     Kind = "name_unknown"
	Refused         Kind = "refused"
	TimedOut        Kind = "timed_out"
	Unreachable     Kind = "unreachable"
	Certificate     Kind = "certificate"
	NotPosthouse    Kind = "not_posthouse"
	WithoutApp      Kind = "without_app"
	NotReady        Kind = "not_ready"
	// Of the program.
	BuiltWithoutApp Kind = "built_without_app"
	Stopped         Kind = "stopped"
	Unknown         Kind = "unknown"
)

// Kinds lists them all.
func Kinds() []Kind {
	return []Kind{
		DataLocked, DataNewer, DataDamaged, DataForeign, DataReadOnly, DataFull, KeysMissing, KeysInvalid, SettingsInvalid, PortTaken,
		AddressInvalid, AddressInsecure, NameUnknown, Refused, TimedOut, Unreachable, Certificate, NotPosthouse, WithoutApp, NotReady,
		BuiltWithoutApp, Stopped, Unknown,
	}
}

// Problem is a failure that the person at the window can do something about.
type Problem struct {
	Kind Kind
	// Place is the folder or the address it is about.
	Place string
	cause error
}

// NewProblem makes a problem whose kind is known already.
func NewProblem(kind Kind, place string, cause error) *Problem { return &Problem{kind, place, cause} }

// Error gives kind and cause, for the log and the details.
func (p *Problem) Error() string {
	if p.cause == nil {
		return string(p.Kind) + ": " + p.Place
	}
	return string(p.Kind) + ": " + p.cause.Error()
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.cause }

// Detail is what a person who asks for help should pass on.
func (p *Problem) Detail() string {
	if p.cause == nil {
		return ""
	}
	return p.cause.Error()
}

// Explain finds out what stands in the way. A Problem stays what it is.
func Explain(err error, place string) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	kind := kindOfReason(server.Reason(err))
	if kind == Unknown {
		kind = kindOfSystem(err)
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // it would print the whole address, and says nothing else
	}
	return &Problem{Kind: kind, Place: place, cause: err}
}

func kindOfReason(reason string) Kind {
	switch reason {
	case "store.locked":
		return DataLocked
	case "store.newer_schema":
		return DataNewer
	case "store.damaged":
		return DataDamaged
	case "store.foreign":
		return DataForeign
	case "store.read_only":
		return DataReadOnly
	case "store.disk_full":
		return DataFull
	case "server.keys_missing":
		return KeysMissing
	case "server.keys_invalid":
		return KeysInvalid
	}
	return Unknown
}

func kindOfSystem(err error) Kind {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return Certificate
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return Certificate
	}
	if errors.Is(err, http.ErrSchemeMismatch) {
		return NotPosthouse // it speaks, but no TLS
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return NameUnknown
	}
	op, isNet := errors.AsType[*net.OpError](err)
	timeout, _ := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), timeout != nil && timeout.Timeout():
		return TimedOut
	case isNet && op.Op == "listen":
		return PortTaken
	case isNet && isRefusal(err):
		return Refused
	case isNet:
		return Unreachable
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EROFS):
		return DataReadOnly
	case errors.Is(err, syscall.ENOSPC):
		return DataFull
	}
	return Unknown
}
