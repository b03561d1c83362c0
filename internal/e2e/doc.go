// Package e2e drives the built binary as its users do: the command line, HTTP, and GraphQL clients that
// others wrote (clients/). It holds tests only and knows nothing of the program's inside; what a test
// needs of DingTalk and WeChat it takes from server/sandbox.
package e2e
