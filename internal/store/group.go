package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
)

const (
	// maxBatch is how many operations share one commit at most.
	maxBatch = 512
	// drainFor is how long Close waits for operations already taken before it interrupts them.
	drainFor = 10 * time.Second
)

// group commits many callers' operations in one transaction. The first caller's operation starts at
// once; those that come while it commits wait together for the next commit. So nobody waits for a
// timer, and the more callers there are the fewer commits each of them costs.
type group struct {
	db *DB
	// ctx ends when closing has taken too long. On SQLite it never does: statements there are short,
	// and for each one under a context that can end the driver starts a goroutine.
	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{}
	done   chan struct{}

	mu      sync.Mutex
	waiting []*member
	closed  bool
}

// member is one caller's operation.
type member struct {
	ctx context.Context
	// run does the work. It may be called twice: within the group, and alone if the group failed.
	run func(ctx context.Context) error
	// answer is told once, after the commit.
	answer func(error)
}

// openGroup starts the goroutine that commits. close ends and awaits it.
func openGroup(db *DB) *group {
	ctx, cancel := context.Background(), func() {}
	if db.engine == Postgres {
		ctx, cancel = context.WithCancel(ctx)
	}
	g := &group{db: db, ctx: ctx, cancel: cancel, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go g.work()
	return g
}

// grouped runs op in a transaction shared with other callers and returns its result after the commit.
// When the operation of another caller fails, this one is run again by itself: op must set everything
// it returns anew. When ctx ends the caller stops waiting; an operation that has begun may still be
// committed, one that has not is dropped. Reasons: what op returns; store.closed.
func grouped[T any](ctx context.Context, db *DB, op func(ctx context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	answered := make(chan result, 1)
	var last T // touched by the group's goroutine only
	m := &member{
		ctx: ctx,
		run: func(ctx context.Context) (err error) {
			last, err = op(ctx)
			return err
		},
		answer: func(err error) { answered <- result{last, err} },
	}
	var none T
	if err := db.group.add(m); err != nil {
		return none, err
	}
	select {
	case r := <-answered:
		if r.err != nil {
			return none, r.err
		}
		return r.value, nil
	case <-ctx.Done():
		return none, db.fail(ctx, ctx.Err(), "wait for a shared commit")
	}
}

// lone runs an operation of one statement that must be committed when it returns. SQLite has one
// writer, whose commits are dear and worth sharing; Postgres has many, and sharing would only make
// strangers wait for one another's locks.
func lone[T any](ctx context.Context, db *DB, op func(ctx context.Context) (T, error)) (T, error) {
	if db.engine == SQLite {
		return grouped(ctx, db, op)
	}
	return op(ctx)
}

// apart is lone for an operation of several statements that belong together. On Postgres two servers
// whose groups took the same robots in different orders would deadlock; one by one they cannot.
func apart[T any](ctx context.Context, db *DB, op func(ctx context.Context) (T, error)) (result T, err error) {
	if db.engine == SQLite {
		return grouped(ctx, db, op)
	}
	err = db.InTx(ctx, func(ctx context.Context) (err error) {
		result, err = op(ctx)
		return err
	})
	return result, err
}

func (g *group) add(m *member) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return ErrClosed
	}
	g.waiting = append(g.waiting, m)
	select {
	case g.wake <- struct{}{}:
	default:
	}
	return nil
}

// take gives the next batch, waiting for one; nothing when the group is closed and drained.
func (g *group) take() []*member {
	for {
		g.mu.Lock()
		n := min(len(g.waiting), maxBatch)
		batch := g.waiting[:n:n]
		g.waiting = g.waiting[n:]
		closed := g.closed
		g.mu.Unlock()
		if n > 0 || closed {
			return batch
		}
		<-g.wake
	}
}

func (g *group) work() {
	defer close(g.done)
	for batch := g.take(); len(batch) > 0; batch = g.take() {
		g.commit(batch)
	}
}

func (g *group) commit(batch []*member) {
	live := batch[:0]
	for _, m := range batch {
		if err := m.ctx.Err(); err != nil {
			m.answer(g.db.fail(m.ctx, err, "wait for a shared commit"))
			continue
		}
		live = append(live, m)
	}
	err := g.together(live)
	if err == nil || len(live) == 1 || errs.CodeOf(err) == errs.Unavailable {
		// An unavailable database is nobody's operation's fault, and asking it hundreds of times more
		// would only make everybody wait.
		for _, m := range live {
			m.answer(err)
		}
		return
	}
	for _, m := range live {
		m.answer(g.together([]*member{m}))
	}
}

// together runs the operations in one transaction.
func (g *group) together(batch []*member) (err error) {
	if len(batch) == 0 {
		return nil
	}
	defer func() {
		// A panic is one caller's, and must neither end the others nor this goroutine.
		if p := recover(); p != nil {
			err = errs.Wrap(fmt.Errorf("panic: %v", p), "run an operation of a group")
		}
	}()
	return g.db.InTx(g.ctx, func(ctx context.Context) error {
		for _, m := range batch {
			if err := m.run(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// close refuses new operations, waits until those taken are committed, and ends the goroutine.
func (g *group) close() error {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
	defer g.cancel()
	timer := g.db.clock.NewTimer(drainFor)
	defer timer.Stop()
	select {
	case <-g.done:
		return nil
	case <-timer.C():
	}
	g.cancel()
	<-g.done
	return errors.New("writes under way were interrupted")
}
