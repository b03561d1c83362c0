// Package export writes the log of callback events to a file, one JSON object a line, oldest first.
//
// It asks the GraphQL API for the log with the access token of whoever is signed in at the window, in
// every mode alike. So the server alone decides who may read the log, as it does everywhere; a server
// elsewhere and the one in this program are asked in the same way; and nothing here opens the database,
// which would let anybody at the keyboard read what only administrators may.
package export
