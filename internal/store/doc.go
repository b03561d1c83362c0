// Package store is the database adapter: it implements the Store interfaces of the domains, and
// limit.Counter, on SQLite (a file beside the program) and on Postgres. It owns the schema and its
// migrations, the two SQLite pools, transactions that travel in the context, the group commit of hot
// writes, gapless log positions, and the translation of driver errors into reasons.
//
// Every SQL text is written once, in the subset that both engines run, and registered with the DB
// (see query), so that a test prepares and explains each of them on both. What a row means, who may
// read it and when it is written is the domains' business.
package store
