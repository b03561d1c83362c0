package secret

import "log/slog"

const hidden = "[secret]"

// Text is a string that must not be seen. Printing, logging or encoding it shows "[secret]"; only
// Reveal gives the value.
type Text struct{ value string }

// NewText hides value.
func NewText(value string) Text { return Text{value} }

// Reveal gives the value, for the one place that needs it.
func (t Text) Reveal() string { return t.value }

// IsZero tells whether there is no value.
func (t Text) IsZero() bool { return t.value == "" }

// String hides the value from fmt.
func (t Text) String() string { return hidden }

// GoString hides the value from %#v.
func (t Text) GoString() string { return hidden }

// LogValue hides the value from slog.
func (t Text) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the value from JSON and YAML.
func (t Text) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText takes the value from configuration.
func (t *Text) UnmarshalText(text []byte) error {
	t.value = string(text)
	return nil
}
