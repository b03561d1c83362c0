package server_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain finds goroutines that a server leaves behind after Close, also after a New that failed.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
