package account

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/posthouse/posthouse/internal/errs"
)

// cheap are the lowest costs allowed, for tests.
func cheap(t *testing.T, change func(*HasherConfig)) *Hasher {
	t.Helper()
	cfg := HasherConfig{MemoryKiB: MinMemoryKiB, Time: 1, Threads: 1}
	if change != nil {
		change(&cfg)
	}
	h, err := NewHasher(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAHashIsVerifiedByItsPasswordOnly(t *testing.T) {
	t.Parallel()
	h := cheap(t, nil)
	hash, err := h.Hash(t.Context(), "q8Vt\x00+zk")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=8192,t=1,p=1$") || strings.Contains(hash, "q8Vt") {
		t.Fatalf("got %s, %v", hash, err)
	}
	for password, want := range map[string]bool{"q8Vt\x00+zk": true, "q8Vt": false, "q8Vt\x00+zK": false, "": false, strings.Repeat("x", 1<<20): false} {
		ok, outdated, err := h.Verify(t.Context(), hash, password)
		if err != nil || ok != want || outdated {
			t.Errorf("%.12q: got %v, %v, %v", password, ok, outdated, err)
		}
	}
	again, err := h.Hash(t.Context(), "q8Vt\x00+zk")
	if err != nil || again == hash {
		t.Fatalf("two hashes of one password must differ: %v", err)
	}
}

func TestTheSameLettersAreTheSamePasswordHoweverComposed(t *testing.T) {
	t.Parallel()
	h := cheap(t, nil)
	hash, err := h.Hash(t.Context(), "Ångström-été")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.Verify(t.Context(), hash, "A\u030angstro\u0308m-e\u0301te\u0301"); !ok || err != nil {
		t.Fatalf("got %v, %v", ok, err)
	}
}

func TestAHashOfOtherParametersIsOutdatedAndStillVerified(t *testing.T) {
	t.Parallel()
	hash, err := cheap(t, nil).Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	dearer := cheap(t, func(c *HasherConfig) { c.Time = 2 })
	if ok, outdated, err := dearer.Verify(t.Context(), hash, "correct horse"); !ok || !outdated || err != nil {
		t.Fatalf("got %v, %v, %v", ok, outdated, err)
	}
}

func TestAPlantedHashComputesNothing(t *testing.T) {
	t.Parallel()
	h := cheap(t, nil)
	ok, _, err := h.Verify(t.Context(), "$argon2id$v=19$m=4194303,t=4000,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "x")
	if ok || errs.CodeOf(err) != errs.Internal {
		t.Fatalf("got %v, %v", ok, err)
	}
}

func TestCostsHaveAFloorAndACeiling(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg HasherConfig
		ok  bool
	}{
		"defaults":              {HasherConfig{}, true},
		"the floor":             {HasherConfig{MemoryKiB: 8192, Time: 1, Threads: 1}, true},
		"the ceiling":           {HasherConfig{MemoryKiB: 1 << 20, Time: 10, Threads: 8}, true},
		"too little memory":     {HasherConfig{MemoryKiB: 8191}, false},
		"too much memory":       {HasherConfig{MemoryKiB: 1<<20 + 1}, false},
		"too many passes":       {HasherConfig{Time: 11}, false},
		"too many threads":      {HasherConfig{Threads: 9}, false},
		"negative concurrency":  {HasherConfig{Concurrent: -1}, false},
		"negative queue length": {HasherConfig{Queue: -1}, false},
	} {
		if _, err := NewHasher(c.cfg); (err == nil) != c.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
	h, err := NewHasher(HasherConfig{})
	if err != nil || h.today != (parameters{19456, 2, 1}) {
		t.Fatalf("defaults are %+v, %v", h.today, err)
	}
}

func TestTheGateBoundsWhoHashesAndWhoWaits(t *testing.T) {
	t.Parallel()
	h := cheap(t, func(c *HasherConfig) { c.Concurrent, c.Queue = 1, 1 })
	// Someone hashes, for as long as we hold the slot.
	leave, err := h.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// One may wait.
	waiting, giveUp := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := h.VerifyDecoy(waiting, "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("the one who gave up got %v", err)
		}
	})
	for h.waiting.Load() == 0 {
		runtime.Gosched()
	}
	// The next is turned away at once.
	_, err = h.Hash(t.Context(), "x")
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || !errors.Is(err, ErrBusy) || e.Code != errs.Unavailable || e.RetryAfter <= 0 {
		t.Fatalf("got %v", err)
	}
	giveUp()
	wg.Wait()
	leave()
	if err := h.VerifyDecoy(t.Context(), "x"); err != nil {
		t.Fatalf("after the rush: %v", err)
	}
	if h.waiting.Load() != 0 || len(h.slots) != 0 {
		t.Fatalf("%d wait, %d hash", h.waiting.Load(), len(h.slots))
	}
}

func TestADecoyCostsWhatARealHashCosts(t *testing.T) {
	t.Parallel()
	h := cheap(t, func(c *HasherConfig) { c.Time = 3 })
	hash, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := parsePHC(hash)
	if err != nil {
		t.Fatal(err)
	}
	if stored.parameters != h.decoy.parameters || len(stored.salt) != len(h.decoy.salt) || len(stored.key) != len(h.decoy.key) {
		t.Fatal("the decoy must have the parameters and sizes of a real hash")
	}
}

func BenchmarkHash(b *testing.B) {
	h, err := NewHasher(HasherConfig{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := h.VerifyDecoy(b.Context(), "correct horse battery staple"); err != nil {
			b.Fatal(err)
		}
	}
}
