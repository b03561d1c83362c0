package scalar_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/graph/scalar"
)

func TestATimeIsWrittenInUTCWithMilliseconds(t *testing.T) {
	t.Parallel()
	china := time.FixedZone("", 8*3600)
	for want, at := range map[string]time.Time{
		`"2026-01-05T08:00:00.000Z"`: time.Date(2026, 1, 5, 16, 0, 0, 0, china),
		`"2026-01-05T08:00:00.123Z"`: time.Date(2026, 1, 5, 8, 0, 0, 123_999_999, time.UTC),
		`"0001-01-01T00:00:00.000Z"`: {},
	} {
		var b strings.Builder
		scalar.MarshalTime(at).MarshalGQL(&b)
		if b.String() != want {
			t.Errorf("got %s, want %s", b.String(), want)
		}
	}
}

func TestATimeIsReadWithAnyOffset(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"2026-01-05T08:00:00Z":                time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC),
		"2026-01-05T16:00:00+08:00":           time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC),
		"2026-01-05T08:00:00.123456789-00:00": time.Date(2026, 1, 5, 8, 0, 0, 123_000_000, time.UTC),
	} {
		got, err := scalar.UnmarshalTime(text)
		if err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s gave %v, %v", text, got, err)
		}
	}
	for _, wrong := range []any{"", "tomorrow", "2026-01-05", "2026-01-05 08:00:00", "2026-13-05T08:00:00Z", "2026-01-05T08:00:00", 1767600000, 1.5, true, nil, []any{"2026-01-05T08:00:00Z"}} {
		if got, err := scalar.UnmarshalTime(wrong); err == nil || !strings.Contains(err.Error(), "2026-01-02T15:04:05Z") {
			t.Errorf("%v gave %v, %v", wrong, got, err)
		}
	}
}

func TestJSONIsWrittenAsItIs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"a": [1, 2.50, "x"]}`, `null`, `"驿站"`} {
		var b strings.Builder
		scalar.MarshalJSON(json.RawMessage(text)).MarshalGQL(&b)
		if b.String() != text {
			t.Errorf("%s became %s", text, b.String())
		}
	}
	var b strings.Builder
	scalar.MarshalJSON(nil).MarshalGQL(&b)
	if b.String() != "null" {
		t.Errorf("nothing became %q", b.String())
	}
	if got, err := scalar.UnmarshalJSON(map[string]any{"a": 1}); err != nil || string(got) != `{"a":1}` {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := scalar.UnmarshalJSON(func() {}); err == nil {
		t.Errorf("a function became %s", got)
	}
}

func FuzzTime(f *testing.F) {
	f.Add("2026-01-05T08:00:00Z")
	f.Add("2026-01-05T16:00:00.5+08:00")
	f.Add("9999-12-31T23:59:59-23:59")
	f.Fuzz(func(t *testing.T, text string) {
		at, err := scalar.UnmarshalTime(text)
		if err != nil {
			return
		}
		var b strings.Builder
		scalar.MarshalTime(at).MarshalGQL(&b)
		again, err := scalar.UnmarshalTime(strings.Trim(b.String(), `"`))
		if err != nil || !again.Equal(at) {
			t.Fatalf("%q gave %v, which became %s and then %v, %v", text, at, b.String(), again, err)
		}
	})
}
