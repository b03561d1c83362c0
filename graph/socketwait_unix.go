//go:build unix

package graph

import "syscall"

// awaitData waits until the peer has sent something, has gone, or may not take longer: the read that
// follows tells which. It takes nothing from the connection and little stack.
func awaitData(raw syscall.RawConn) {
	_ = raw.Read(func(fd uintptr) bool {
		var one [1]byte
		for {
			_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK)
			if err != syscall.EINTR {
				return err != syscall.EAGAIN
			}
		}
	})
}
