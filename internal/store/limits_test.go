package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func TestUsesAreCountedPerWindow(t *testing.T) {
	t.Parallel()
	dbkit.EachClock(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		hit := func(subject string, wantCount int, wantEnds time.Time) {
			t.Helper()
			n, ends, err := db.Limits().Hit(t.Context(), "rule", subject, time.Minute)
			must(t, err)
			want(t, "count", n, wantCount)
			want(t, "ends", ends, wantEnds)
		}
		peek := func(rule string, wantCount int) {
			t.Helper()
			n, _, err := db.Limits().Peek(t.Context(), rule, "li")
			must(t, err)
			want(t, "peek", n, wantCount)
		}
		peek("rule", 0)
		hit("li", 1, after(time.Minute))
		clk.Advance(time.Minute - time.Millisecond)
		hit("li", 2, after(time.Minute))
		hit("wang", 1, after(2*time.Minute-time.Millisecond))
		peek("rule", 2)
		peek("other", 0)
		clk.Advance(time.Millisecond) // the window is over
		peek("rule", 0)
		hit("li", 1, after(2*time.Minute))
		must(t, db.Limits().Forget(t.Context(), "rule", "li"))
		peek("rule", 0)
		hit("li", 1, after(2*time.Minute))
	})
}

func TestUsesAtOnceAreAllCounted(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		seen := make([]int, 64)
		must(t, errors.Join(atOnce(len(seen), func(i int) (err error) {
			seen[i], _, err = db.Limits().Hit(t.Context(), "rule", "li", time.Hour)
			return err
		})...))
		for n := 1; n <= len(seen); n++ {
			want(t, fmt.Sprint("callers told ", n), count(seen, n), 1)
		}
	})
}

func TestEndedCountersAreSwept(t *testing.T) {
	t.Parallel()
	dbkit.EachClock(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		for n := range 5 {
			_, _, err := db.Limits().Hit(t.Context(), "rule", fmt.Sprint(n), time.Minute)
			must(t, err)
		}
		for i, wanted := range []int{0, 3, 2, 0} {
			n, err := db.Limits().DeleteExpired(t.Context(), clk.Now(), 3)
			must(t, err)
			want(t, fmt.Sprint("sweep ", i), n, wanted)
			clk.Advance(time.Minute + time.Millisecond)
		}
	})
}
