package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
)

// Robots implements robot.Store.
type Robots struct {
	db                                   *DB
	create, get, findByName, list, block *query
	rename, retoken, resign, rekeyword   *query
	blocked, delete                      *query
	getMany, findByToken                 *listQuery
}

const robotColumns = `id, name, keywords, sealed_token, sealed_secret, token_hash, blocked_until, created_at`

func newRobots(db *DB) *Robots {
	return &Robots{
		db: db,
		// A taken name leaves no row, so that a violated constraint can only be the token's.
		create: db.writes("create robot", `
			INSERT INTO robots (`+robotColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (name) DO NOTHING RETURNING id`),
		get:        db.reads("get robot", `SELECT `+robotColumns+` FROM robots WHERE id = $1 AND deleted_at = 0`),
		getMany:    db.readsList("get robots", `SELECT `+robotColumns+` FROM robots WHERE id IN ($LIST) AND deleted_at = 0`, 0),
		findByName: db.reads("find robot by name", `SELECT `+robotColumns+` FROM robots WHERE name = $1`),
		findByToken: db.readsList("find robot by token", `
			SELECT `+robotColumns+` FROM robots WHERE token_hash IN ($LIST)`, 0),
		list: db.reads("list robots", `
			SELECT `+robotColumns+` FROM robots WHERE id > $1 AND deleted_at = 0 ORDER BY id LIMIT CAST($2 AS BIGINT)`),
		block: db.writes("block robot", `
			UPDATE robots SET blocked_until = $2 WHERE id = $1 AND blocked_until < $2`),
		blocked: db.reads("blocked robots", `
			SELECT `+robotColumns+` FROM robots WHERE blocked_until > $1 AND deleted_at = 0
			ORDER BY blocked_until DESC LIMIT CAST($2 AS BIGINT)`),
		// One statement for each unique column, so that a violated constraint can only be that one's.
		rename: db.writes("rename robot", `UPDATE robots SET name = $2 WHERE id = $1 AND deleted_at = 0`),
		// Another webhook is another robot to the platform, which is not blocked.
		retoken: db.writes("change robot's webhook", `
			UPDATE robots SET sealed_token = $2, token_hash = $3,
				blocked_until = CASE WHEN CAST($4 AS BIGINT) = 1 THEN 0 ELSE blocked_until END
			WHERE id = $1 AND deleted_at = 0`),
		resign: db.writes("change robot's secret", `
			UPDATE robots SET sealed_secret = $2 WHERE id = $1 AND deleted_at = 0`),
		rekeyword: db.writes("change robot's keywords", `
			UPDATE robots SET keywords = $2 WHERE id = $1 AND deleted_at = 0`),
		// The row stays for the deliveries that name it. What is unique is given up for a value that no
		// robot can have.
		delete: db.writes("delete robot", `
			UPDATE robots SET deleted_at = $2, name = $3, token_hash = $3, sealed_token = '', sealed_secret = '', keywords = '[]'
			WHERE id = $1 AND deleted_at = 0`),
	}
}

// Create implements robot.Store.
func (s *Robots) Create(ctx context.Context, r robot.Robot) error {
	keywords, err := json.Marshal(r.Keywords)
	if err != nil {
		return errs.Wrap(err, "encode keywords")
	}
	_, created, err := first(ctx, s.create, value[string], string(r.ID), r.Name, string(keywords),
		r.SealedToken, r.SealedSecret, r.TokenHash, clock.Millis(r.BlockedUntil), clock.Millis(r.CreatedAt))
	switch {
	case violatesUnique(err, "robots_token_key"):
		return robot.ErrWebhookTaken
	case err != nil:
		return err
	case !created:
		return robot.ErrNameTaken
	}
	return nil
}

// Get implements robot.Store.
func (s *Robots) Get(ctx context.Context, id id.Robot) (robot.Robot, error) {
	found, ok, err := first(ctx, s.get, scanRobot, string(id))
	if err == nil && !ok {
		err = robot.ErrNotFound
	}
	return found, err
}

// GetMany implements robot.Store.
func (s *Robots) GetMany(ctx context.Context, robots []id.Robot) ([]robot.Robot, error) {
	return collectList(ctx, s.getMany, robots, scanRobot)
}

// FindByName implements robot.Store.
func (s *Robots) FindByName(ctx context.Context, name string) (robot.Robot, bool, error) {
	return first(ctx, s.findByName, scanRobot, name)
}

// FindByToken implements robot.Store.
func (s *Robots) FindByToken(ctx context.Context, hashes []string) (robot.Robot, bool, error) {
	rows, err := collectList(ctx, s.findByToken, hashes, scanRobot)
	if err != nil || len(rows) == 0 {
		return robot.Robot{}, false, err
	}
	return rows[0], true, nil
}

// List implements robot.Store.
func (s *Robots) List(ctx context.Context, p page.Request) (page.Of[robot.Robot], error) {
	rows, err := collect(ctx, s.list, scanRobot, p.After, p.First+1)
	return page.Cut(rows, p.First), err
}

// Block implements robot.Store.
func (s *Robots) Block(ctx context.Context, robot id.Robot, until time.Time) error {
	_, err := s.block.exec(ctx, string(robot), clock.Millis(until))
	return err
}

// Blocked implements robot.Store.
func (s *Robots) Blocked(ctx context.Context, now time.Time, limit int) ([]robot.Robot, error) {
	return collect(ctx, s.blocked, scanRobot, clock.Millis(now), limit)
}

// Update implements robot.Store.
func (s *Robots) Update(ctx context.Context, id id.Robot, c robot.Change) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if c.Name != nil {
			if err := updated(s.rename.exec(ctx, string(id), *c.Name)); err != nil {
				if violatesUnique(err, "robots_name_key") {
					return robot.ErrNameTaken
				}
				return err
			}
		}
		if c.Token != nil {
			if err := updated(s.retoken.exec(ctx, string(id), c.Token.Sealed, c.Token.Hash, flag(c.Token.Another))); err != nil {
				if violatesUnique(err, "robots_token_key") {
					return robot.ErrWebhookTaken
				}
				return err
			}
		}
		if c.SealedSecret != nil {
			if err := updated(s.resign.exec(ctx, string(id), *c.SealedSecret)); err != nil {
				return err
			}
		}
		if c.Keywords == nil {
			return nil
		}
		keywords, err := json.Marshal(*c.Keywords)
		if err != nil {
			return errs.Wrap(err, "encode keywords")
		}
		return updated(s.rekeyword.exec(ctx, string(id), string(keywords)))
	})
}

// Delete implements robot.Store.
func (s *Robots) Delete(ctx context.Context, id id.Robot, at time.Time) error {
	return updated(s.delete.exec(ctx, string(id), clock.Millis(at), "\x7f"+string(id)))
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// updated takes it for an unknown robot when no row was changed.
func updated(n int, err error) error {
	if err == nil && n == 0 {
		err = robot.ErrNotFound
	}
	return err
}

func scanRobot(r row) (v robot.Robot, err error) {
	err = r.Scan(&v.ID, &v.Name, asJSON{&v.Keywords}, &v.SealedToken, &v.SealedSecret, &v.TokenHash,
		millis{&v.BlockedUntil}, millis{&v.CreatedAt})
	return v, err
}
