package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/posthouse/posthouse/internal/errs"
)

// Defaults, floor and ceiling of argon2id. The defaults are OWASP's recommendation for a server
// (19 MiB, two passes, one lane); OWASP's others of equal strength are 46 MiB with one pass, 12 MiB
// with three, 9 MiB with four, 7 MiB with five.
const (
	DefaultMemoryKiB = 19 * 1024
	DefaultTime      = 2
	DefaultThreads   = 1

	MinMemoryKiB = 8 * 1024
	MaxMemoryKiB = 1024 * 1024
	MaxTime      = 10
	MaxThreads   = 8
)

// waitersPerSlot is how many callers may wait for each hash that may run. At 40 ms a hash the last of
// them waits little more than a second.
const waitersPerSlot = 32

// busyRetry is when those who are turned away may ask again: by then the queue has run empty.
const busyRetry = 2 * time.Second

// ErrBusy is what a caller gets when too many passwords wait to be hashed: UNAVAILABLE, login.busy,
// with RetryAfter.
var ErrBusy = errs.New(errs.Unavailable, "login.busy", "Too many people are signing in at this moment. Please try again in a few seconds.").WithRetryAfter(busyRetry)

// HasherConfig sets the price of a password. Zero means the default.
type HasherConfig struct {
	// MemoryKiB each hash takes: default 19456 (19 MiB), at least 8192, at most 1048576.
	MemoryKiB uint32
	// Time is the number of passes: default 2, at most 10.
	Time uint32
	// Threads is the number of lanes: default 1, at most 8.
	Threads uint8
	// Concurrent is how many hashes run at once: default GOMAXPROCS. Memory in use is bounded by
	// Concurrent × MemoryKiB, plus what the garbage collector has not returned yet.
	Concurrent int
	// Queue is how many more callers may wait: default 32 for each that runs. Those beyond get
	// login.busy.
	Queue int
}

// Hasher makes and checks password hashes (argon2id), a bounded number at a time. Passwords are
// compared in Unicode's composed form (NFC), so that the same letters typed on another keyboard are
// the same password. Safe for concurrent use.
type Hasher struct {
	today   parameters
	slots   chan struct{}
	queue   int64
	waiting atomic.Int64
	decoy   phc
}

// NewHasher refuses parameters below the floor or above the ceiling.
func NewHasher(cfg HasherConfig) (*Hasher, error) {
	p := parameters{orDefault(cfg.MemoryKiB, DefaultMemoryKiB), orDefault(cfg.Time, DefaultTime), orDefault(cfg.Threads, DefaultThreads)}
	if p.memoryKiB < MinMemoryKiB || p.memoryKiB > MaxMemoryKiB {
		return nil, fmt.Errorf("account: password hash memory of %d KiB lies outside %d–%d", p.memoryKiB, MinMemoryKiB, MaxMemoryKiB)
	}
	if p.time > MaxTime {
		return nil, fmt.Errorf("account: %d password hash passes exceed %d", p.time, MaxTime)
	}
	if p.threads > MaxThreads {
		return nil, fmt.Errorf("account: %d password hash threads exceed %d", p.threads, MaxThreads)
	}
	if cfg.Concurrent < 0 || cfg.Queue < 0 {
		return nil, fmt.Errorf("account: password hashes at once (%d) and waiting (%d) cannot be negative", cfg.Concurrent, cfg.Queue)
	}
	slots := orDefault(cfg.Concurrent, runtime.GOMAXPROCS(0))
	h := &Hasher{
		today: p,
		slots: make(chan struct{}, slots),
		queue: int64(orDefault(cfg.Queue, slots*waitersPerSlot)),
	}
	h.decoy = phc{parameters: p, salt: make([]byte, saltSize), key: make([]byte, keySize)}
	_, _ = rand.Read(h.decoy.salt)
	_, _ = rand.Read(h.decoy.key)
	return h, nil
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// Hash gives a new hash in PHC form. Reasons: login.busy; the context's error when it ends while
// waiting.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	out := phc{parameters: h.today, salt: make([]byte, saltSize)}
	_, _ = rand.Read(out.salt)
	out.key = derive(password, out, keySize)
	return out.String(), nil
}

// Verify tells whether password belongs to hash, and whether the hash was made with other parameters
// than today's and should be made anew. A hash that is no argon2id hash within the ceiling is an
// internal error, and nothing is computed for it. Reasons: login.busy; the context's error when it
// ends while waiting.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	stored, err := parsePHC(hash)
	if err != nil {
		return false, false, errs.Wrap(err, "verify a password")
	}
	ok, err = h.matches(ctx, stored, password)
	outdated = stored.parameters != h.today || len(stored.salt) != saltSize || len(stored.key) != keySize
	return ok, outdated, err
}

// VerifyDecoy does the work of Verify for an account that does not exist or has no password. Reasons
// as there.
func (h *Hasher) VerifyDecoy(ctx context.Context, password string) error {
	_, err := h.matches(ctx, h.decoy, password)
	return err
}

func (h *Hasher) matches(ctx context.Context, stored phc, password string) (bool, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	got := derive(password, stored, uint32(len(stored.key)))
	return subtle.ConstantTimeCompare(got, stored.key) == 1, nil
}

// enter waits for a slot. The queue is counted, not kept: whoever finds it full is turned away at
// once, because a wait that outlives the caller's patience only makes things worse.
func (h *Hasher) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-h.slots }
	select {
	case h.slots <- struct{}{}:
		return leave, nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > h.queue {
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func derive(password string, h phc, size uint32) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(password)), h.salt, h.time, h.memoryKiB, h.threads, size)
}
