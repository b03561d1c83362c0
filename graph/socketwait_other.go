//go:build !unix

package graph

import "syscall"

// awaitData does not wait here: the read that follows does.
func awaitData(syscall.RawConn) {}
