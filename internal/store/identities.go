package store

import (
	"context"
	"slices"
	"strings"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
)

// identities is the part of account.Store about platform identities.
type identities struct {
	createIdentity, findIdentity, findByUnionid, setUnionid *query
	ofAccounts                                              *listQuery
}

const identityColumns = `account_id, provider, realm, subject, unionid, created_at`

func newIdentities(db *DB) identities {
	return identities{
		createIdentity: db.writes("create identity", `
			INSERT INTO identities (`+identityColumns+`) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (provider, realm, subject) DO NOTHING RETURNING account_id`),
		findIdentity: db.reads("find identity", `
			SELECT `+identityColumns+` FROM identities WHERE provider = $1 AND realm = $2 AND subject = $3`),
		findByUnionid: db.reads("find identity by unionid", `
			SELECT `+identityColumns+` FROM identities WHERE provider = $1 AND unionid = $2 AND unionid <> ''
			ORDER BY created_at, realm, subject LIMIT 1`),
		setUnionid: db.writes("set unionid", `
			UPDATE identities SET unionid = $4 WHERE provider = $1 AND realm = $2 AND subject = $3`),
		ofAccounts: db.readsList("list identities", `
			SELECT `+identityColumns+` FROM identities WHERE account_id IN ($LIST)`, 0),
	}
}

// CreateIdentity implements account.Store. Within a transaction the account may be made afterwards.
func (s identities) CreateIdentity(ctx context.Context, i account.Identity) (id.Account, bool, error) {
	// An identity that was in the way may be gone by the time it is read; then the insert is due again.
	for range maxTries {
		owner, created, err := first(ctx, s.createIdentity, value[id.Account],
			string(i.Account), string(i.Provider), i.Realm, i.Subject, i.Unionid, clock.Millis(i.CreatedAt))
		if err != nil || created {
			return owner, created, err
		}
		there, found, err := s.FindIdentity(ctx, i.Provider, i.Realm, i.Subject)
		if err != nil || found {
			return there.Account, false, err
		}
	}
	return "", false, errs.Wrap(errVanishing, "create identity")
}

// FindIdentity implements account.Store.
func (s identities) FindIdentity(ctx context.Context, provider account.Provider, realm, subject string) (account.Identity, bool, error) {
	return first(ctx, s.findIdentity, scanIdentity, string(provider), realm, subject)
}

// FindByUnionid implements account.Store.
func (s identities) FindByUnionid(ctx context.Context, provider account.Provider, unionid string) (account.Identity, bool, error) {
	return first(ctx, s.findByUnionid, scanIdentity, string(provider), unionid)
}

// SetUnionid implements account.Store.
func (s identities) SetUnionid(ctx context.Context, provider account.Provider, realm, subject, unionid string) error {
	_, err := s.setUnionid.exec(ctx, string(provider), realm, subject, unionid)
	return err
}

// Identities implements account.Store.
func (s identities) Identities(ctx context.Context, accounts []id.Account) ([]account.Identity, error) {
	all, err := collectList(ctx, s.ofAccounts, accounts, scanIdentity)
	slices.SortFunc(all, func(a, b account.Identity) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(string(a.Provider)+a.Realm+a.Subject, string(b.Provider)+b.Realm+b.Subject)
	})
	return all, err
}

func scanIdentity(r row) (i account.Identity, err error) {
	err = r.Scan(&i.Account, &i.Provider, &i.Realm, &i.Subject, &i.Unionid, millis{&i.CreatedAt})
	return i, err
}
