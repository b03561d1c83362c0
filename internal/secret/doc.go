// Package secret is all the cryptography the house does for itself: random tokens and codes, sealing
// at rest (AES-256-GCM), keyed hashes for lookups (HMAC-SHA-256), a key ring that can be rotated, and
// a string type that cannot be printed by mistake. Password hashing belongs to the account domain,
// platform ciphers to their adapters.
package secret
