// Package session owns the signed-in state: access tokens (EdDSA JWT) with rotating refresh tokens,
// mini-program skeys, the list of a person's sessions and their ending. It checks tokens without
// reading the database and yet ends a session at once, through a memo that the bus keeps true.
package session
