package dingtalk

import (
	"encoding/json"
	"strings"
)

// scalar reads what DingTalk writes now as a number, now as a quoted number, now as a word, and keeps
// it as text. Objects, arrays, booleans and null leave it as it was. When a key occurs again, in
// whatever casing, the first value that says something stays.
type scalar string

// UnmarshalJSON implements json.Unmarshaler.
func (s *scalar) UnmarshalJSON(raw []byte) error {
	if *s != "" || len(raw) == 0 {
		return nil
	}
	switch c := raw[0]; {
	case c == '"':
		text, err := unquote(raw)
		if err != nil {
			return err
		}
		*s = scalar(strings.TrimSpace(text))
	case c == '-' || '0' <= c && c <= '9':
		*s = scalar(raw)
	}
	return nil
}

// unquote decodes a JSON string, which nearly always is one without escapes.
func unquote(raw []byte) (string, error) {
	for _, c := range raw[1:] {
		switch c {
		case '"':
			return string(raw[1 : len(raw)-1]), nil
		case '\\':
			var text string
			err := json.Unmarshal(raw, &text)
			return text, err
		}
	}
	return "", nil // the decoder hands over whole strings only
}
