package backend

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"
)

func isRefusal(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, windows.WSAECONNREFUSED)
}
