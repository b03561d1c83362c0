//go:build !windows

package backend

import (
	"errors"
	"syscall"
)

func isRefusal(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
