// Package errs is the one error type that crosses package borders: a closed set of codes
// for programs, an open set of dotted reasons for clients, and a message that is safe to show.
// It knows nothing of GraphQL or HTTP; transports translate codes into their own words.
package errs
