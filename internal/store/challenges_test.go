package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func aChallenge(n int) factor.Challenge {
	return factor.Challenge{
		ID: numbered[id.Challenge]("otpc", n), UsernameFolded: "li", Account: "acct_1", Channel: factor.DingtalkGroup,
		CodeHash: "hash", CreatedAt: start(), ExpiresAt: after(5 * time.Minute),
	}
}

func TestTriesAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		c := aChallenge(1)
		must(t, db.Challenges().Create(t.Context(), c))
		seen := make([]int, 16)
		must(t, errors.Join(atOnce(len(seen), func(i int) error {
			counted, found, err := db.Challenges().CountTry(t.Context(), c.ID)
			if err == nil && !found {
				err = errors.New("not found")
			}
			seen[i] = counted.Tries
			return err
		})...))
		for n := 1; n <= len(seen); n++ {
			want(t, fmt.Sprint("callers told ", n), count(seen, n), 1)
		}
		got, _, err := db.Challenges().CountTry(t.Context(), c.ID)
		must(t, err)
		c.Tries = len(seen) + 1
		want(t, "challenge", got, c)
		if _, found, err := db.Challenges().CountTry(t.Context(), "otpc_nobody"); err != nil || found {
			t.Fatal(found, err)
		}
	})
}

func TestAChallengeIsConsumedByExactlyOne(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		must(t, db.Challenges().Create(t.Context(), aChallenge(1)))
		consumed := make([]bool, 16)
		must(t, errors.Join(atOnce(len(consumed), func(i int) (err error) {
			consumed[i], err = db.Challenges().Consume(t.Context(), aChallenge(1).ID, after(time.Minute))
			return err
		})...))
		want(t, "consumers", count(consumed, true), 1)
		got, _, err := db.Challenges().CountTry(t.Context(), aChallenge(1).ID)
		must(t, err)
		want(t, "consumed at", got.ConsumedAt, after(time.Minute))
	})
}

func TestACooldownIsStartedByOneAndEnds(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		started := make([]bool, 16)
		must(t, errors.Join(atOnce(len(started), func(i int) error {
			ok, ends, err := db.Challenges().StartCooldown(t.Context(), "li", start(), after(time.Minute))
			if err == nil && !ok && !ends.Equal(after(time.Minute)) {
				err = fmt.Errorf("told that it ends %v", ends)
			}
			started[i] = ok
			return err
		})...))
		want(t, "starters", count(started, true), 1)
		ok, _, err := db.Challenges().StartCooldown(t.Context(), "wang", start(), after(time.Minute))
		must(t, err)
		want(t, "another person's", ok, true)
		ok, _, err = db.Challenges().StartCooldown(t.Context(), "li", after(time.Minute-time.Millisecond), after(time.Hour))
		must(t, err)
		want(t, "just before the end", ok, false)
		ok, _, err = db.Challenges().StartCooldown(t.Context(), "li", after(time.Minute), after(time.Hour))
		must(t, err)
		want(t, "at the end", ok, true)
	})
}

func TestSweepingChallengesIsBounded(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		for n := range 5 {
			must(t, db.Challenges().Create(t.Context(), aChallenge(n)))
		}
		_, _, err := db.Challenges().StartCooldown(t.Context(), "li", start(), after(time.Minute))
		must(t, err)
		for i, wanted := range []int{3, 2, 1, 0} { // two and a cool-down, two, one
			n, err := db.Challenges().DeleteExpired(t.Context(), after(time.Hour), 2)
			must(t, err)
			want(t, fmt.Sprint("sweep ", i), n, wanted)
		}
		must(t, db.Challenges().Create(t.Context(), aChallenge(9)))
		n, err := db.Challenges().DeleteExpired(t.Context(), after(5*time.Minute), 10)
		must(t, err)
		want(t, "what ends now stays", n, 0)
	})
}
