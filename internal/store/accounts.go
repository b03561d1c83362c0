package store

import (
	"context"
	"slices"
	"strings"
	"time"

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
	byUsername, byPhone                            *query
	lockOwners, suspend, restore                   *query
	offerSetUp, findSetUp, takeSetUp               *query
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
		byUsername: db.reads("find accounts by username", `
			SELECT `+accountColumns+`, username_folded FROM accounts
			WHERE username_folded >= $1 AND username_folded < $2 AND username_folded <> $3
			ORDER BY username_folded LIMIT CAST($4 AS BIGINT)`),
		byPhone: db.reads("find accounts by phone", `
			SELECT `+accountColumns+`, phone FROM accounts
			WHERE phone >= $1 AND phone < $2 AND phone <> $3
			AND (username_folded IS NULL OR username_folded < $4 OR username_folded >= $5)
			ORDER BY phone LIMIT CAST($6 AS BIGINT)`),
		// Under this lock owners come and go, so that of two who shut each other out one stays.
		lockOwners: db.writes("lock owners", `UPDATE set_up SET expires_at = expires_at WHERE id = 1`),
		suspend: db.writes("suspend account", `
			UPDATE accounts SET suspended_at = $2 WHERE id = $1 AND suspended_at = 0
			AND (is_owner = 0 OR EXISTS (
				SELECT 1 FROM accounts o WHERE o.is_owner = 1 AND o.suspended_at = 0 AND o.id <> $1))`),
		restore:    db.writes("restore account", `UPDATE accounts SET suspended_at = 0 WHERE id = $1`),
		offerSetUp: db.writes("offer set-up", `UPDATE set_up SET token_hash = $1, expires_at = $2 WHERE id = 1`),
		findSetUp: db.reads("find set-up", `
			SELECT token_hash FROM set_up WHERE id = 1 AND token_hash <> '' AND expires_at > $1`),
		takeSetUp: db.writes("take set-up", `
			UPDATE set_up SET token_hash = '', expires_at = 0
			WHERE id = 1 AND token_hash = $1 AND token_hash <> '' AND expires_at > $2`),
		identities: newIdentities(db),
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

// pastEvery sorts after every character that a username or a phone can have.
const pastEvery = "\U0010FFFF"

// ListByUsername implements account.Store.
func (s *Accounts) ListByUsername(ctx context.Context, prefix string, p page.Request) (page.Of[account.Match], error) {
	rows, err := collect(ctx, s.byUsername, scanMatch, max(prefix, p.After), prefix+pastEvery, p.After, p.First+1)
	return page.Cut(rows, p.First), err
}

// ListByPhone implements account.Store.
func (s *Accounts) ListByPhone(ctx context.Context, prefix, notUsername string, p page.Request) (page.Of[account.Match], error) {
	not := notUsername
	if not != "" {
		not += pastEvery
	}
	rows, err := collect(ctx, s.byPhone, scanMatch, max(prefix, p.After), prefix+pastEvery, p.After, notUsername, not, p.First+1)
	return page.Cut(rows, p.First), err
}

// SetSuspended implements account.Store.
func (s *Accounts) SetSuspended(ctx context.Context, who id.Account, at time.Time) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if err := s.LockOwners(ctx); err != nil {
			return err
		}
		if at.IsZero() {
			n, err := s.restore.exec(ctx, string(who))
			if err == nil && n == 0 {
				err = account.ErrNotFound
			}
			return err
		}
		n, err := s.suspend.exec(ctx, string(who), clock.Millis(at))
		if err != nil || n == 1 {
			return err
		}
		a, err := s.Get(ctx, who)
		if err == nil && a.Active() {
			err = account.ErrLastOwner
		}
		return err
	})
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

// LockOwners implements login.SetUpStore. The context must carry a transaction, which holds the lock until
// its end.
func (s *Accounts) LockOwners(ctx context.Context) error {
	_, err := s.lockOwners.exec(ctx)
	return err
}

// OfferSetUp implements login.SetUpStore.
func (s *Accounts) OfferSetUp(ctx context.Context, hash string, expiresAt time.Time) error {
	_, err := s.offerSetUp.exec(ctx, hash, clock.Millis(expiresAt))
	return err
}

// SetUpOffered implements login.SetUpStore.
func (s *Accounts) SetUpOffered(ctx context.Context, now time.Time) (string, error) {
	hash, _, err := first(ctx, s.findSetUp, value[string], clock.Millis(now))
	return hash, err
}

// TakeSetUp implements login.SetUpStore.
func (s *Accounts) TakeSetUp(ctx context.Context, hash string, now time.Time) (bool, error) {
	n, err := s.takeSetUp.exec(ctx, hash, clock.Millis(now))
	return n == 1, err
}

// scanMatch scans an account and, behind it, the name by which it was found.
func scanMatch(r row) (m account.Match, err error) {
	m.Account, err = scanAccount(prefixed{r, &m.Key})
	return m, err
}

// prefixed scans one column more than it is asked for.
type prefixed struct {
	row
	last any
}

// Scan implements row.
func (p prefixed) Scan(dest ...any) error { return p.row.Scan(append(dest, p.last)...) }

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
