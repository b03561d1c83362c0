// Package graphiql holds the built GraphiQL, the page on which developers explore the API. It is an app of
// its own, because it is written with another framework than the admin app and weighs ten times as much;
// it owns its files and leaves serving them to the server.
//
// The page holds only relative URLs ("./assets/…") and finds the API two levels above its own script, so it
// works under any path prefix. Its files are kept compressed only (.br and .gz): the server unpacks for a
// client that takes neither.
package graphiql
