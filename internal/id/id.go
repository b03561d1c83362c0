package id

import (
	"crypto/rand"
	"strings"
	"time"
)

// Named identifiers, so that one is never passed for another.
type (
	// Account names a person who can sign in.
	Account string
	// Session names a signed-in state.
	Session string
	// Challenge names an issued one-time code.
	Challenge string
	// Robot names a custom group robot.
	Robot string
	// Broadcast names a message asked for.
	Broadcast string
	// Delivery names that message to one robot.
	Delivery string
	// Attempt names one HTTP call made for a delivery.
	Attempt string
	// Event names a callback event.
	Event string
)

// Prefixes: the part before the underscore.
const (
	AccountPrefix   = "acct"
	SessionPrefix   = "sess"
	ChallengePrefix = "otpc"
	RobotPrefix     = "robt"
	BroadcastPrefix = "bcst"
	DeliveryPrefix  = "dlvr"
	AttemptPrefix   = "atmp"
	EventPrefix     = "evnt"
)

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// bodyLength is 26 characters of five bits: 48 bits of milliseconds and 80 random bits (with two
// leading zero bits).
const bodyLength = 26

// New makes an identifier for something made at the time at. Identifiers made in different
// milliseconds sort in that order; within one millisecond their order is random.
func New(prefix string, at time.Time) string {
	var raw [16]byte
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		raw[i] = byte(ms >> (40 - 8*i))
	}
	_, _ = rand.Read(raw[6:]) // never fails: crypto/rand aborts the program instead
	var b strings.Builder
	b.Grow(len(prefix) + 1 + bodyLength)
	b.WriteString(prefix)
	b.WriteByte('_')
	for i := range bodyLength {
		b.WriteByte(alphabet[fiveBits(raw, i*5-2)])
	}
	return b.String()
}

// fiveBits reads the five bits that start at bit offset at (which may be -2 to skip into padding).
func fiveBits(raw [16]byte, at int) byte {
	var v byte
	for i := at; i < at+5; i++ {
		v <<= 1
		if i >= 0 {
			v |= raw[i/8] >> (7 - i%8) & 1
		}
	}
	return v
}

// Prefix gives the part before the underscore of a well-formed identifier and "" for anything else.
func Prefix(s string) string {
	prefix, body, ok := strings.Cut(s, "_")
	if !ok || len(body) != bodyLength {
		return ""
	}
	for i := range len(body) {
		if strings.IndexByte(alphabet, body[i]) < 0 {
			return ""
		}
	}
	return prefix
}
