package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
)

// millis scans a BIGINT of milliseconds into a time.
type millis struct{ to *time.Time }

// Scan implements sql.Scanner.
func (m millis) Scan(src any) error {
	ms, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a time column holds %T", src)
	}
	*m.to = clock.FromMillis(ms)
	return nil
}

// asJSON scans a text column that holds JSON.
type asJSON struct{ to any }

// Scan implements sql.Scanner.
func (j asJSON) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), j.to)
	case []byte:
		return json.Unmarshal(v, j.to)
	default:
		return fmt.Errorf("a JSON column holds %T", src)
	}
}

// optional scans a text column in which NULL stands for the empty string.
type optional[T ~string] struct{ to *T }

// Scan implements sql.Scanner.
func (o optional[T]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*o.to = ""
	case string:
		*o.to = T(v)
	case []byte:
		*o.to = T(v)
	default:
		return fmt.Errorf("a text column holds %T", src)
	}
	return nil
}
