// Package lock is the port for doing a thing in one place at a time, across processes where the
// implementation reaches that far. Implementations: inmem; database and broker locks later.
package lock

import (
	"context"
	"time"
)

// Locker hands out named locks. Safe for concurrent use.
type Locker interface {
	// Lock waits until the lock is had or ctx ends. The lock is given up by unlock, or after ttl in
	// an implementation whose holder can vanish; ttl must exceed the work. unlock may be called
	// more than once.
	Lock(ctx context.Context, name string, ttl time.Duration) (unlock func(), err error)
}
