// Package scalar gives the API's own scalars their wire form.
package scalar

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// timeLayout is RFC 3339 in UTC with milliseconds, which is what the store keeps.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// MarshalTime writes a moment.
func MarshalTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buf [len(timeLayout) + 2]byte
		b := append(buf[:0], '"')
		b = t.UTC().AppendFormat(b, timeLayout)
		b = append(b, '"')
		_, _ = w.Write(b)
	})
}

// UnmarshalTime reads RFC 3339 with any offset and precision.
func UnmarshalTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, fmt.Errorf("Time wants a string such as 2026-01-02T15:04:05Z")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	t = t.UTC().Truncate(time.Millisecond)
	if err != nil || t.Year() < 0 || t.Year() > 9999 { // its offset may have moved it out of what can be written
		return time.Time{}, fmt.Errorf("Time wants RFC 3339 such as 2026-01-02T15:04:05Z")
	}
	return t, nil
}

// MarshalJSON writes a JSON value as it is.
func MarshalJSON(v json.RawMessage) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		if len(v) == 0 {
			_, _ = w.Write([]byte("null"))
			return
		}
		_, _ = w.Write(v)
	})
}

// UnmarshalJSON takes any value.
func UnmarshalJSON(v any) (json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("this is not a JSON value")
	}
	return raw, nil
}
