// Package page is keyset paging: how many rows, after which key, and whether more follow.
// Pages cost the same at the first row and at the millionth, because no row is ever skipped by count.
package page
