// Package id makes and names the identifiers of Posthouse's things. An identifier is a short prefix
// that tells what it names, and 26 characters that sort by time of making: "acct_01jd…". They are the
// Relay ids of the API, the primary keys of the tables and the keys of keyset paging, all in one.
package id
