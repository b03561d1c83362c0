package lifecycle

import (
	"errors"
	"fmt"
	"sync"
)

// Closers is a list of named clean-ups. Safe for concurrent use.
type Closers struct {
	mu    sync.Mutex
	items []closer
}

type closer struct {
	name  string
	close func() error
}

// Add remembers a clean-up. It runs before those added earlier.
func (c *Closers) Add(name string, fn func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items = append(c.items, closer{name, fn})
}

// Close runs every clean-up once, last in, first out, whatever the others return. Calling it again
// does nothing.
func (c *Closers) Close() error {
	c.mu.Lock()
	items := c.items
	c.items = nil
	c.mu.Unlock()
	var all []error
	for i := len(items) - 1; i >= 0; i-- {
		if err := items[i].close(); err != nil {
			all = append(all, fmt.Errorf("%s: %w", items[i].name, err))
		}
	}
	return errors.Join(all...)
}
