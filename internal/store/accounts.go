package store

import (
	"context"
	"slices"
	"strings"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// Accounts implements account.Store.
type Accounts struct {
	db                                             *DB
	create, get, findByUsername, list, setPassword *query
	countOwners                                    *query
	getMany                                        *listQuery
	identities
}

const accountColumns = `id, username, phone, password_hash, roles, created_at, suspended_at`

func newAccounts(db *DB) *Accounts {
	return &Accounts{
		db: db,
		// A taken username leaves no row, so that a violated constraint can only be the phone's.
		create: db.writes("create account", `
			INSERT INTO accounts (id, username, username_folded, phone, password_hash, roles, is_owner, created_at, suspended_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (username_folded) DO NOTHING RETURNING id`),
		get: db.reads("get account", `SELECT `+accountColumns+` FROM accounts WHERE id = $1`),
		getMany: db.readsList("get accounts", `
			SELECT `+accountColumns+` FROM accounts WHERE id IN ($LIST)`, 0),
		findByUsername: db.reads("find account by username", `
			SELECT `+accountColumns+` FROM accounts WHERE username_folded = $1`),
		list: db.reads("list accounts", `
			SELECT `+accountColumns+` FROM accounts WHERE id < $1 ORDER BY id DESC LIMIT CAST($2 AS BIGINT)`),
		setPassword: db.writes("set password hash", `
			UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2`),
		countOwners: db.reads("count owners", `SELECT COUNT(*) FROM accounts WHERE is_owner = 1`),
		identities:  newIdentities(db),
	}
}

// Create implements account.Store.
func (s *Accounts) Create(ctx context.Context, a account.Account, folded string) error {
	owner := 0
	if slices.Contains(a.Roles, authz.Owner) {
		owner = 1
	}
	_, created, err := first(ctx, s.create, value[string],
		string(a.ID), a.Username, nullable(folded), nullable(a.Phone), a.PasswordHash,
		strings.Join(texts(a.Roles), ","), owner, clock.Millis(a.CreatedAt), clock.Millis(a.SuspendedAt))
	switch {
	case violatesUnique(err, "accounts_phone_key"):
		return account.ErrPhoneTaken
	case err != nil:
		return err
	case !created:
		return account.ErrUsernameTaken
	}
	return nil
}

// Get implements account.Store.
func (s *Accounts) Get(ctx context.Context, account id.Account) (account.Account, error) {
	return must(s.find(ctx, s.get, string(account)))
}

// GetMany implements account.Store.
func (s *Accounts) GetMany(ctx context.Context, accounts []id.Account) ([]account.Account, error) {
	return collectList(ctx, s.getMany, accounts, scanAccount)
}

// FindByUsername implements account.Store.
func (s *Accounts) FindByUsername(ctx context.Context, folded string) (account.Account, bool, error) {
	return s.find(ctx, s.findByUsername, folded)
}

func (s *Accounts) find(ctx context.Context, q *query, key string) (account.Account, bool, error) {
	return first(ctx, q, scanAccount, key)
}

func must(a account.Account, found bool, err error) (account.Account, error) {
	if err == nil && !found {
		err = account.ErrNotFound
	}
	return a, err
}

// List implements account.Store.
func (s *Accounts) List(ctx context.Context, p page.Request) (page.Of[account.Account], error) {
	rows, err := collect(ctx, s.list, scanAccount, before(p.After), p.First+1)
	return page.Cut(rows, p.First), err
}

// before gives the key below which a page that runs downwards begins: every identifier sorts below
// the tilde.
func before(after string) string {
	if after == "" {
		return "~"
	}
	return after
}

// SetPasswordHash implements account.Store.
func (s *Accounts) SetPasswordHash(ctx context.Context, account id.Account, old, hash string) (bool, error) {
	n, err := s.setPassword.exec(ctx, string(account), old, hash)
	return n == 1, err
}

// CountOwners implements account.Store.
func (s *Accounts) CountOwners(ctx context.Context) (int, error) {
	n, _, err := first(ctx, s.countOwners, value[int])
	return n, err
}

func scanAccount(r row) (a account.Account, err error) {
	var roles string
	err = r.Scan(&a.ID, &a.Username, optional[string]{&a.Phone}, &a.PasswordHash, &roles,
		millis{&a.CreatedAt}, millis{&a.SuspendedAt})
	if roles != "" {
		for role := range strings.SplitSeq(roles, ",") {
			a.Roles = append(a.Roles, authz.Role(role))
		}
	}
	return a, err
}
