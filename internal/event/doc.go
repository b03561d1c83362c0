// Package event owns the log of callback events: what platforms pushed, kept in order with positions,
// read by subscriptions and by in-process handlers that remember how far they came.
package event
