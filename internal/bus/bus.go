// Package bus is the port for telling others at once that something happened. A message is a hint and
// may be lost: what must not be lost is in the database, and whoever listens reads it there.
// Implementations: inmem; an external broker later.
package bus

import "context"

// Bus carries small messages to everyone who listens to a topic. Safe for concurrent use.
type Bus interface {
	// Publish hands the message to the listeners. It never waits for slow ones.
	Publish(ctx context.Context, topic string, message []byte) error
	// Subscribe calls listen for each message, in the order of publishing, until the returned
	// function is called. listen must not block and must not change the message. After cancel has
	// returned, listen is not called again.
	Subscribe(topic string, listen func(message []byte)) (cancel func())
}
