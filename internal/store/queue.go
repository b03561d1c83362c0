package store

import (
	"context"
	"math"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
)

// queue is the part of broadcast.Store that the worker calls. All of its queries live on indexes of
// unfinished deliveries, so what has been sent costs nothing.
type queue struct {
	db                                 *DB
	due, nextDue, nextFree, load       *query
	expire, turn, claim, begin         *query
	endAttempt, settle, block          *query
	recoverAttempts, recoverDeliveries *query
	failQueued                         *query
	refusals                           *rowsQuery
	loads                              *listQuery
	pastAttempts, pastBlocks           *query
}

func newQueue(db *DB) queue {
	return queue{
		db: db,
		// Hops from robot to robot through the queue's index, then asks for the earliest delivery of
		// each priority: a few index probes per robot with something queued, however much is queued.
		due: db.reads("due robots", `
			WITH RECURSIVE waiting (robot_id) AS (
				SELECT MIN(robot_id) FROM deliveries WHERE status = 'QUEUED'
				UNION ALL
				SELECT (SELECT MIN(d.robot_id) FROM deliveries d WHERE d.status = 'QUEUED' AND d.robot_id > waiting.robot_id)
				FROM waiting WHERE waiting.robot_id IS NOT NULL
			), fronts (robot_id, urgent, normal, bulk) AS (
				SELECT r.id,
					(SELECT MIN(d.next_attempt_at) FROM deliveries d WHERE d.status = 'QUEUED' AND d.robot_id = r.id AND d.priority = 0),
					(SELECT MIN(d.next_attempt_at) FROM deliveries d WHERE d.status = 'QUEUED' AND d.robot_id = r.id AND d.priority = 1),
					(SELECT MIN(d.next_attempt_at) FROM deliveries d WHERE d.status = 'QUEUED' AND d.robot_id = r.id AND d.priority = 2)
				FROM waiting w JOIN robots r ON r.id = w.robot_id
				WHERE r.blocked_until <= $1
				AND NOT EXISTS (SELECT 1 FROM deliveries s WHERE s.status = 'SENDING' AND s.robot_id = r.id)
			), ready (robot_id, priority, since) AS (
				SELECT robot_id,
					CASE WHEN urgent <= $1 THEN 0 WHEN normal <= $1 THEN 1 ELSE 2 END,
					CASE WHEN urgent <= $1 THEN urgent WHEN normal <= $1 THEN normal ELSE bulk END
				FROM fronts WHERE urgent <= $1 OR normal <= $1 OR bulk <= $1
			)
			SELECT robot_id FROM ready ORDER BY priority, since, robot_id LIMIT CAST($2 AS BIGINT)`),
		nextDue: db.reads("next due delivery", `
			SELECT next_attempt_at FROM deliveries WHERE status = 'QUEUED' AND next_attempt_at > $1
			ORDER BY next_attempt_at LIMIT 1`),
		nextFree: db.reads("next free robot", `
			SELECT r.blocked_until FROM robots r WHERE r.blocked_until > $1
			AND EXISTS (SELECT 1 FROM deliveries d WHERE d.status = 'QUEUED' AND d.robot_id = r.id)
			ORDER BY r.blocked_until LIMIT 1`),
		load: db.reads("robot load", `
			SELECT COUNT(*), COALESCE(MIN(CASE WHEN ended_at > 0 THEN ended_at END), 0) FROM (
				SELECT ended_at FROM attempts WHERE robot_id = $1 AND ended_at = 0
				UNION ALL
				SELECT ended_at FROM attempts WHERE robot_id = $1 AND ended_at > $2
			) AS recent`),
		loads: db.readsList("robot loads", `
			SELECT robot_id, COUNT(*) FROM (
				SELECT robot_id FROM attempts WHERE robot_id IN ($LIST) AND ended_at = 0
				UNION ALL
				SELECT robot_id FROM attempts WHERE robot_id IN ($LIST) AND ended_at > $1
			) AS recent GROUP BY robot_id`, 1),
		failQueued: db.writes("fail waiting deliveries", `
			UPDATE deliveries SET status = 'FAILED', attempts = attempts + 1, finished_at = $2, sealed_notice = ''
			WHERE robot_id = $1 AND status = 'QUEUED' RETURNING id, broadcast_id`),
		refusals: db.insertsRows("refuse deliveries", `INSERT INTO attempts (`+attemptColumns+`)`, 8),
		expire: db.writes("expire deliveries", `
			UPDATE deliveries SET status = 'EXPIRED', finished_at = $2, sealed_notice = ''
			WHERE robot_id = $1 AND status = 'QUEUED' AND expires_at > 0 AND expires_at <= $2
			RETURNING id, broadcast_id`),
		// The robot's row is the lock under which its budget is counted and its delivery taken.
		turn: db.writes("take a robot's turn", `
			UPDATE robots SET turns = turns + 1 WHERE id = $1 AND blocked_until <= $2 RETURNING turns`),
		claim: db.writes("claim delivery", `
			UPDATE deliveries SET status = 'SENDING', attempts = attempts + 1, lease_until = $3
			WHERE id = COALESCE(
				(SELECT id FROM deliveries WHERE status = 'QUEUED' AND robot_id = $1 AND priority = 0 AND next_attempt_at <= $2
					ORDER BY next_attempt_at, id LIMIT 1),
				(SELECT id FROM deliveries WHERE status = 'QUEUED' AND robot_id = $1 AND priority = 1 AND next_attempt_at <= $2
					ORDER BY next_attempt_at, id LIMIT 1),
				(SELECT id FROM deliveries WHERE status = 'QUEUED' AND robot_id = $1 AND priority = 2 AND next_attempt_at <= $2
					ORDER BY next_attempt_at, id LIMIT 1))
			AND NOT EXISTS (SELECT 1 FROM deliveries s WHERE s.status = 'SENDING' AND s.robot_id = $1)
			RETURNING `+deliveryColumns),
		begin: db.writes("begin attempt", `
			INSERT INTO attempts (`+attemptColumns+`) VALUES ($1, $2, $3, $4, 0, $5, '', '')`),
		endAttempt: db.writes("end attempt", `
			UPDATE attempts SET ended_at = $2, outcome = $3, platform_code = $4, platform_message = $5
			WHERE id = $1 AND ended_at = 0 RETURNING delivery_id`),
		settle: db.writes("settle delivery", `
			UPDATE deliveries SET status = $2, lease_until = 0,
				next_attempt_at = CASE WHEN CAST($3 AS BIGINT) > 0 THEN CAST($3 AS BIGINT) ELSE next_attempt_at END,
				finished_at = CAST($4 AS BIGINT),
				sealed_notice = CASE WHEN CAST($4 AS BIGINT) > 0 THEN '' ELSE sealed_notice END
			WHERE id = $1 AND status = 'SENDING' RETURNING broadcast_id`),
		block: db.writes("block resting robot", `
			UPDATE robots SET blocked_until = $2 WHERE id = $1 AND blocked_until < $2`),
		recoverAttempts: db.writes("end lost attempts", `
			UPDATE attempts SET ended_at = $2, outcome = $3 WHERE ended_at = 0 AND delivery_id IN (
				SELECT id FROM deliveries WHERE status = 'SENDING' AND lease_until < $1)`),
		pastAttempts: db.writes("attempts of the future", `
			UPDATE attempts SET ended_at = $1 WHERE ended_at > $1 AND robot_id IN (SELECT id FROM robots)`),
		pastBlocks: db.writes("rests of the future", `
			UPDATE robots SET blocked_until = $1 WHERE blocked_until > $1`),
		recoverDeliveries: db.writes("recover deliveries", `
			UPDATE deliveries SET status = 'QUEUED', next_attempt_at = $2, lease_until = 0
			WHERE status = 'SENDING' AND lease_until < $1`),
	}
}

// DueRobots implements broadcast.Store. Robots of one priority come in the order in which their first
// delivery fell due.
func (s queue) DueRobots(ctx context.Context, now time.Time, limit int) ([]id.Robot, time.Time, error) {
	at := clock.Millis(now)
	due, err := collect(ctx, s.due, value[id.Robot], at, limit)
	if err != nil {
		return nil, time.Time{}, err
	}
	next := int64(0)
	for _, q := range []*query{s.nextDue, s.nextFree} {
		when, found, err := first(ctx, q, value[int64], at)
		if err != nil {
			return nil, time.Time{}, err
		}
		if found && (next == 0 || when < next) {
			next = when
		}
	}
	return due, clock.FromMillis(next), nil
}

// Load implements broadcast.Store.
func (s queue) Load(ctx context.Context, robot id.Robot, since time.Time) (int, time.Time, error) {
	u, _, err := first(ctx, s.load, scanUses, string(robot), max(clock.Millis(since), 0))
	return u.count, u.ends, err
}

// Loads implements broadcast.Store.
func (s queue) Loads(ctx context.Context, robots []id.Robot, since time.Time) (map[id.Robot]int, error) {
	counts := make(map[id.Robot]int, len(robots))
	err := s.loads.each(ctx, texts(robots), func(r row) error {
		var robot id.Robot
		var n int
		if err := r.Scan(&robot, &n); err != nil {
			return err
		}
		counts[robot] = n
		return nil
	}, max(clock.Millis(since), 0))
	return counts, err
}

// Claim implements broadcast.Store. Inside a transaction it fails, since it promises a commit.
func (s queue) Claim(ctx context.Context, r broadcast.ClaimRequest) (broadcast.Claim, bool, error) {
	if s.db.current(ctx) != nil {
		return broadcast.Claim{}, false, errInside("Claim")
	}
	claimed, err := apart(ctx, s.db, func(ctx context.Context) ([]broadcast.Delivery, error) { return s.claimIn(ctx, r) })
	if err != nil || len(claimed) == 0 {
		return broadcast.Claim{}, false, err
	}
	return broadcast.Claim{Delivery: claimed[0]}, true, nil
}

func (s queue) claimIn(ctx context.Context, r broadcast.ClaimRequest) ([]broadcast.Delivery, error) {
	robot, now := string(r.Robot), clock.Millis(r.Now)
	if err := s.expireIn(ctx, robot, now); err != nil {
		return nil, err
	}
	if _, free, err := first(ctx, s.turn, value[int64], robot, now); err != nil || !free {
		return nil, err
	}
	if used, _, err := s.Load(ctx, r.Robot, r.Since); err != nil || used >= r.Max {
		return nil, err
	}
	claimed, err := collect(ctx, s.claim, scanDelivery, robot, now, clock.Millis(r.LeaseUntil))
	if err != nil || len(claimed) == 0 {
		return nil, err
	}
	_, err = s.begin.exec(ctx, string(r.Attempt), string(claimed[0].ID), robot, now, string(broadcast.Pending))
	return claimed, err
}

func (s queue) expireIn(ctx context.Context, robot string, now int64) error {
	return s.expire.each(ctx, func(r row) error {
		u := update{status: broadcast.Expired, at: now}
		var of string
		if err := r.Scan(&u.delivery, optional[string]{&of}); err != nil {
			return err
		}
		s.ended(ctx, u, of)
		return nil
	}, robot, now)
}

// Complete implements broadcast.Store. Inside a transaction it fails, since it promises a commit.
func (s queue) Complete(ctx context.Context, c broadcast.Completion) error {
	if s.db.current(ctx) != nil {
		return errInside("Complete")
	}
	_, err := apart(ctx, s.db, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.completeIn(ctx, c) })
	return err
}

func (s queue) completeIn(ctx context.Context, c broadcast.Completion) error {
	ended := clock.Millis(c.Attempt.EndedAt)
	delivery, open, err := first(ctx, s.endAttempt, value[string], string(c.Attempt.ID), ended,
		string(c.Attempt.Outcome), c.Attempt.PlatformCode, c.Attempt.PlatformMessage)
	if err != nil || !open {
		return err
	}
	finished := int64(0)
	if c.Status.Final() {
		finished = ended
	}
	of, settled, err := first(ctx, s.settle, func(r row) (of string, err error) {
		err = r.Scan(optional[string]{&of})
		return of, err
	}, delivery, string(c.Status), clock.Millis(c.NextAttemptAt), finished)
	if err != nil {
		return err
	}
	if settled && c.Status.Final() {
		s.ended(ctx, update{id.Delivery(delivery), c.Status, ended}, of)
	}
	if c.RobotBlockedUntil.IsZero() {
		return nil
	}
	_, err = s.block.exec(ctx, string(c.Attempt.Robot), clock.Millis(c.RobotBlockedUntil))
	return err
}

// ended counts a delivery that has come to its end, and announces it when it belongs to a broadcast.
func (s queue) ended(ctx context.Context, u update, of string) {
	t := s.db.current(ctx)
	kind := activityFailed
	if u.status == broadcast.Sent {
		kind = activitySent
	}
	t.happened(kind, u.at)
	if of != "" {
		t.updates = append(t.updates, u)
	}
}

// FailQueued implements broadcast.Store.
func (s queue) FailQueued(ctx context.Context, robot id.Robot, at time.Time, why string) (int, error) {
	failed := 0
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		var gone []string
		err := s.failQueued.each(ctx, func(r row) error {
			u := update{status: broadcast.Failed, at: clock.Millis(at)}
			var of string
			if err := r.Scan(&u.delivery, optional[string]{&of}); err != nil {
				return err
			}
			gone = append(gone, string(u.delivery))
			s.ended(ctx, u, of)
			return nil
		}, string(robot), clock.Millis(at))
		if err != nil {
			return err
		}
		failed = len(gone)
		return s.refusals.exec(ctx, len(gone), func(i int) []any {
			return []any{
				id.New(id.AttemptPrefix, at), gone[i], string(robot), clock.Millis(at), clock.Millis(at), string(broadcast.Refused), "", why,
			}
		})
	})
	return failed, err
}

// Recover implements broadcast.Store.
func (s queue) Recover(ctx context.Context, now time.Time, all bool) (int, error) {
	lease := clock.Millis(now)
	if all {
		lease = math.MaxInt64
	}
	recovered := 0
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		_, err := s.recoverAttempts.exec(ctx, lease, clock.Millis(now), string(broadcast.Unknown))
		if err != nil {
			return err
		}
		if recovered, err = s.recoverDeliveries.exec(ctx, lease, clock.Millis(now)); err != nil || !all {
			return err
		}
		if _, err := s.pastAttempts.exec(ctx, clock.Millis(now)); err != nil {
			return err
		}
		_, err = s.pastBlocks.exec(ctx, clock.Millis(now.Add(broadcast.Rest)))
		return err
	})
	return recovered, err
}
