package store

import (
	"context"
	"errors"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/id"
)

// Challenges implements factor.Store.
type Challenges struct {
	db                             *DB
	create, countTry, consume      *query
	startCooldown, readCooldown    *query
	deleteExpired, deleteCooldowns *query
}

const challengeColumns = `id, username_folded, account_id, channel, code_hash, tries, created_at, expires_at, consumed_at`

func newChallenges(db *DB) *Challenges {
	return &Challenges{
		db: db,
		create: db.writes("create challenge", `
			INSERT INTO challenges (`+challengeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`),
		countTry: db.writes("count try", `
			UPDATE challenges SET tries = tries + 1 WHERE id = $1 RETURNING `+challengeColumns),
		consume: db.writes("consume challenge", `
			UPDATE challenges SET consumed_at = $2 WHERE id = $1 AND consumed_at = 0`),
		startCooldown: db.writes("start cooldown", `
			INSERT INTO cooldowns (username_folded, ends_at) VALUES ($1, $3)
			ON CONFLICT (username_folded) DO UPDATE SET ends_at = excluded.ends_at
			WHERE cooldowns.ends_at <= $2 RETURNING ends_at`),
		readCooldown: db.reads("read cooldown", `
			SELECT ends_at FROM cooldowns WHERE username_folded = $1`),
		deleteExpired: db.writes("delete challenges", `
			DELETE FROM challenges WHERE id IN (
				SELECT id FROM challenges WHERE expires_at < $1 ORDER BY expires_at LIMIT CAST($2 AS BIGINT))`),
		deleteCooldowns: db.writes("delete cooldowns", `
			DELETE FROM cooldowns WHERE username_folded IN (
				SELECT username_folded FROM cooldowns WHERE ends_at < $1 ORDER BY ends_at LIMIT CAST($2 AS BIGINT))`),
	}
}

// Create implements factor.Store.
func (s *Challenges) Create(ctx context.Context, c factor.Challenge) error {
	_, err := s.create.exec(ctx, string(c.ID), c.UsernameFolded, string(c.Account), string(c.Channel), c.CodeHash, c.Tries,
		clock.Millis(c.CreatedAt), clock.Millis(c.ExpiresAt), clock.Millis(c.ConsumedAt))
	return err
}

// CountTry implements factor.Store. Inside a transaction, whose rollback would take the count back, it
// fails.
func (s *Challenges) CountTry(ctx context.Context, challenge id.Challenge) (factor.Challenge, bool, error) {
	if s.db.current(ctx) != nil {
		return factor.Challenge{}, false, errInside("CountTry")
	}
	counted, err := lone(ctx, s.db, func(ctx context.Context) ([]factor.Challenge, error) {
		return collect(ctx, s.countTry, scanChallenge, string(challenge))
	})
	if err != nil || len(counted) == 0 {
		return factor.Challenge{}, false, err
	}
	return counted[0], true, nil
}

// Consume implements factor.Store.
func (s *Challenges) Consume(ctx context.Context, challenge id.Challenge, at time.Time) (bool, error) {
	n, err := s.consume.exec(ctx, string(challenge), clock.Millis(at))
	return n == 1, err
}

// errVanishing is what remains when a row is in the way of an insert and gone for each read after it.
var errVanishing = errors.New("a row was in the way and gone again, time after time")

// StartCooldown implements factor.Store.
func (s *Challenges) StartCooldown(ctx context.Context, usernameFolded string, now, until time.Time) (bool, time.Time, error) {
	for range maxTries {
		_, started, err := first(ctx, s.startCooldown, value[int64], usernameFolded, clock.Millis(now), clock.Millis(until))
		if err != nil || started {
			return started, time.Time{}, err
		}
		ends, found, err := first(ctx, s.readCooldown, value[int64], usernameFolded)
		if err != nil || found {
			return false, clock.FromMillis(ends), err
		}
	}
	return false, time.Time{}, errs.Wrap(errVanishing, "start cooldown")
}

// DeleteExpired implements factor.Store. It drops at most limit of each kind.
func (s *Challenges) DeleteExpired(ctx context.Context, before time.Time, limit int) (int, error) {
	challenges, err := s.deleteExpired.exec(ctx, clock.Millis(before), limit)
	if err != nil {
		return challenges, err
	}
	cooldowns, err := s.deleteCooldowns.exec(ctx, clock.Millis(before), limit)
	return challenges + cooldowns, err
}

func scanChallenge(r row) (c factor.Challenge, err error) {
	err = r.Scan(&c.ID, &c.UsernameFolded, &c.Account, &c.Channel, &c.CodeHash, &c.Tries,
		millis{&c.CreatedAt}, millis{&c.ExpiresAt}, millis{&c.ConsumedAt})
	return c, err
}
