package dingtalk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// maxWord bounds what becomes a column or an index key, in bytes.
	maxWord = 200
	// hashedKey begins a dedupe key that is a hash.
	hashedKey = "sha256:"
)

// envelope is what all events have in common. Two generations of spelling are in use (protocols.md
// §4.7); the decoder matches keys whatever their casing, so one set of names reads both.
type envelope struct {
	EventType scalar `json:"EventType"`
	CorpID    scalar `json:"CorpId"`
	EventID   scalar `json:"EventId"`
	EventTime scalar `json:"EventTime"`
	TimeStamp scalar `json:"TimeStamp"`
}

// readEnvelope reads a decrypted event: a JSON object in UTF-8 that names its type. Nothing else is
// asked of it, so that events of tomorrow pass.
func readEnvelope(plaintext []byte) (envelope, error) {
	var e envelope
	if !utf8.Valid(plaintext) {
		return e, errors.New("the event is not UTF-8")
	}
	if err := json.Unmarshal(plaintext, &e); err != nil {
		return e, errors.New("the event is not a JSON object")
	}
	if e.EventType == "" {
		return e, errors.New("the event names no EventType")
	}
	if !storable(e.EventType) || !storable(e.CorpID) {
		return e, fmt.Errorf("the event's EventType or CorpId is longer than %d bytes or has control characters", maxWord)
	}
	return e, nil
}

// storable tells whether a word can become a column of any database.
func storable(s scalar) bool {
	return len(s) <= maxWord && !strings.ContainsFunc(string(s), unicode.IsControl)
}

// occurredAt is when the platform says it happened; zero when it does not say or it cannot be.
func (e envelope) occurredAt() time.Time {
	if t := platformTime(string(e.EventTime)); !t.IsZero() {
		return t
	}
	return platformTime(string(e.TimeStamp))
}

// dedupeKey tells repeated pushes from new events: the eventId, or, for the generation of events that
// has none, a hash of the whole text, which a repeated push repeats.
func (e envelope) dedupeKey(plaintext []byte) string {
	id := string(e.EventID)
	if id != "" && storable(e.EventID) && !strings.HasPrefix(id, hashedKey) {
		return id
	}
	if id != "" {
		plaintext = []byte(id)
	}
	sum := sha256.Sum256(plaintext)
	return hashedKey + hex.EncodeToString(sum[:])
}

// isCheck tells whether the push only tests the address (protocols.md §4.4).
func (e envelope) isCheck() bool {
	switch string(e.EventType) {
	case "check_url", "check_create_suite_url", "check_update_suite_url":
		return true
	}
	return false
}

// platformTime reads milliseconds since 1970, or seconds, which some pushes have. Anything that is
// neither, or past the year 9999, is the zero time.
func platformTime(text string) time.Time {
	const (
		firstMillis = 100_000_000_000 // in 1973 as milliseconds, in 5138 as seconds
		lastMillis  = 253_402_300_799_999
	)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.Abs(f) > lastMillis {
			return time.Time{}
		}
		n = int64(f)
	}
	switch {
	case n <= 0 || n > lastMillis:
		return time.Time{}
	case n < firstMillis:
		return time.Unix(n, 0).UTC()
	}
	return time.UnixMilli(n).UTC()
}
