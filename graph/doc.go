// Package graph is the GraphQL side of the house: the schema's resolvers, which only convert and call
// one service, and the transports POST, GET, WebSocket and SSE with their limits. What HTTP has
// besides GraphQL belongs to httpapi.
package graph
