// Package account owns the people who can sign in: their usernames, phones, password hashes, roles
// and the platform identities that belong to them. It makes accounts and finds them; signing in is
// the login package's work, sessions are the session package's.
package account
