package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

// These make the test binary, run again, a helper process: one that opens a database and says how it
// went, or one that appends events for ever and says which were acknowledged. Their value is a DSN.
const (
	helpOpen   = "POSTHOUSE_TEST_HELP_OPEN"
	helpAppend = "POSTHOUSE_TEST_HELP_APPEND"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(helpOpen) != "":
		db, err := store.Open(context.Background(), store.Config{DSN: os.Getenv(helpOpen)})
		if err == nil {
			fmt.Println("opened", db.Close())
			return
		}
		fmt.Println(errs.ReasonOf(err), err)
	case os.Getenv(helpAppend) != "":
		fmt.Println(appendForEver(os.Getenv(helpAppend)))
	default:
		os.Exit(m.Run())
	}
}

// appendForEver prints the key of every event that was acknowledged, in one write each.
func appendForEver(address string) error {
	db, err := store.Open(context.Background(), store.Config{DSN: address})
	if err != nil {
		return err
	}
	var n atomic.Int64
	failures := atOnce(32, func(int) error {
		for {
			e := anEvent(int(n.Add(1)))
			if _, _, err := db.Events().Append(context.Background(), e); err != nil {
				return err
			}
			if _, err := os.Stdout.WriteString(e.DedupeKey + "\n"); err != nil {
				return err
			}
		}
	})
	return failures[0]
}

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	t.Parallel()
	dbkit.EachAddress(t, func(t *testing.T, address string) {
		self, err := os.Executable()
		must(t, err)
		for round := range 2 { // the second one on what the first left behind
			acknowledged := killedAfter(t, exec.CommandContext(t.Context(), self), address, 500)
			db, err := store.Open(t.Context(), store.Config{DSN: address})
			must(t, err)
			stored := map[string]int{}
			for last := int64(0); ; {
				entries, err := db.Events().After(t.Context(), last, 1000)
				must(t, err)
				if len(entries) == 0 {
					wantBounds(t, db.Events(), 1, last)
					break
				}
				for _, e := range entries {
					want(t, "position", e.Position, last+1)
					last = e.Position
					stored[e.Value.DedupeKey]++
				}
			}
			for _, key := range acknowledged {
				want(t, fmt.Sprintf("round %d: %s is stored", round, key), stored[key], 1)
			}
			must(t, db.Close())
		}
	})
}

// killedAfter runs the helper until it has acknowledged n events, kills it, and gives all of them.
func killedAfter(t *testing.T, cmd *exec.Cmd, address string, n int) []string {
	t.Helper()
	cmd.Env = append(os.Environ(), helpAppend+"="+address)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var keys []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "key ") {
			t.Fatalf("the helper said %s", lines.Text())
		}
		if keys = append(keys, lines.Text()); len(keys) == n {
			must(t, cmd.Process.Kill())
		}
	}
	must(t, lines.Err())
	_ = cmd.Wait() // it was killed
	if len(keys) < n {
		t.Fatalf("only %d events were acknowledged", len(keys))
	}
	return keys
}
