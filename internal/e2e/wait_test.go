package e2e

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"net"
	"testing"
	"time"
)

// patience bounds every wait. It is generous: a busy machine must not fail a test that is right.
const patience = 90 * time.Second

// await waits until the condition holds. What other processes do sends no signal, so it looks again at
// every tick; the tick decides how soon it notices, never what the outcome is.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(patience)
	defer end.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("waited %v in vain for: %s", patience, what)
		}
	}
}

// receive waits for a value or the closing of a channel.
func receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	select {
	case v := <-from:
		return v
	case <-end.C:
		t.Fatalf("waited %v in vain for: %s", patience, what)
		panic("unreachable")
	}
}

// freeAddress finds a loopback address for a server that shall come back to it after a restart. It
// lies below the ports that systems give to outgoing connections, so that none takes it meanwhile.
func freeAddress(t testing.TB) string {
	t.Helper()
	for range 100 {
		n, err := rand.Int(rand.Reader, big.NewInt(20_000))
		if err != nil {
			t.Fatal(err)
		}
		address := fmt.Sprintf("127.0.0.1:%d", 11_000+n.Int64())
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
	t.Fatal("no free port")
	return ""
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
