// Package cache is the port for values that may be forgotten at any time. Two kinds: Cache holds
// bytes and may be shared between processes; Memo holds Go values of one process, kept true by the
// bus. Implementations: inmem (go-cache); an external cache later.
package cache

import (
	"context"
	"time"
)

// Cache is a key-value store whose entries end. Safe for concurrent use. Secrets go in sealed.
type Cache interface {
	// Get gives a copy of the value, and false when there is none or it has ended.
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// Set stores a copy of the value for ttl, which must be positive.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Add stores the value only if there is none, and tells whether it did.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
	// Delete forgets the value; a key without one is no error.
	Delete(ctx context.Context, key string) error
}

// Memo remembers Go values within this process. It is bounded: when full it forgets. Safe for
// concurrent use; values must not be changed after Set.
type Memo interface {
	Get(key string) (any, bool)
	Set(key string, value any, ttl time.Duration)
	Delete(key string)
}
