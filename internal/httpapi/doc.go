// Package httpapi is everything HTTP that is not GraphQL: who is asking, limits of a connection,
// headers that protect browsers, the platforms' callback endpoints, keys for other services, health, and
// the files of the web apps. It decides nothing about the domains; it translates.
package httpapi
