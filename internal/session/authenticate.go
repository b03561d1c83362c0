package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
)

// Prefixes of the tokens that are random.
const (
	refreshPrefix = "phr"
	skeyPrefix    = "phs"
)

// skeyMemo is how long a skey is remembered before its session is looked up again: the longest that
// an ended one could still pass if the bus lost the message.
const skeyMemo = 10 * time.Second

// Credentials are what a request brings: at most one of them counts, Bearer before Skey.
type Credentials struct {
	// Bearer is an access token, without the word "Bearer".
	Bearer string
	// Skey is that of a mini-program session.
	Skey string
}

// Authenticate tells who is behind a request. Without credentials that is an anonymous actor. For an
// access token that has been seen before nothing is verified and nothing is read: the token's hash
// leads to what was found then, ended sessions are known to this process, and the account comes from
// memory. Address and userAgent are passed on to the actor. Reasons: session.expired for what is
// unknown, expired or ended; account.suspended.
func (s *Service) Authenticate(ctx context.Context, c Credentials, address, userAgent string) (authz.Actor, error) {
	anonymous := authz.Actor{Address: address, UserAgent: userAgent}
	var l *live
	var err error
	now := clock.Millis(s.Clock.Now())
	switch {
	case c.Bearer != "":
		l, err = s.byToken(c.Bearer, now)
	case c.Skey != "":
		l, err = s.bySkey(ctx, c.Skey, now)
	default:
		return anonymous, nil
	}
	if err != nil {
		return anonymous, err
	}
	if !l.aliveAt(now) || s.ended.has(l.session) {
		return anonymous, ErrExpired
	}
	a, err := s.activeAccount(ctx, l.account)
	if err != nil {
		return anonymous, err
	}
	s.presence.use(l, now)
	return authz.Actor{Account: l.account, Session: l.session, Roles: a.Roles, Address: address, UserAgent: userAgent}, nil
}

// activeAccount gives the account behind a session. Reasons: session.expired when it is gone,
// account.suspended.
func (s *Service) activeAccount(ctx context.Context, owner id.Account) (account.Account, error) {
	a, err := s.Accounts.Current(ctx, owner)
	switch {
	case errors.Is(err, account.ErrNotFound):
		return account.Account{}, ErrExpired
	case err != nil:
		return account.Account{}, err
	case !a.Active():
		return account.Account{}, account.ErrSuspended
	}
	return a, nil
}

// memoKey is the hash under which a token of at most maxAccessToken bytes is remembered: the token
// itself would be a secret lying in memory for as long as it is good. It works on the stack, since it
// runs on every request.
func memoKey(kind byte, token string) string {
	var text [maxAccessToken]byte
	var key [1 + sha256.Size]byte
	key[0] = kind
	sum := sha256.Sum256(text[:copy(text[:], token)])
	copy(key[1:], sum[:])
	return string(key[:])
}

func (s *Service) byToken(token string, now int64) (*live, error) {
	if len(token) > maxAccessToken {
		return nil, ErrExpired
	}
	key := memoKey('t', token)
	if v, ok := s.Memo.Get(key); ok {
		if l, ok := v.(*live); ok {
			return l, nil
		}
	}
	c, err := s.keys.read(token)
	if err != nil {
		return nil, ErrExpired
	}
	l := &live{account: id.Account(c.Subject), session: id.Session(c.Session), endsAt: clock.Millis(c.ExpiresAt.Time)}
	l.expires.Store(l.endsAt)
	s.Memo.Set(key, l, time.Duration(l.endsAt-now)*time.Millisecond)
	return l, nil
}

func (s *Service) bySkey(ctx context.Context, skey string, now int64) (*live, error) {
	if !wellFormed(skeyPrefix, skey) {
		return nil, ErrExpired
	}
	key := memoKey('s', skey)
	if v, ok := s.Memo.Get(key); ok {
		if l, ok := v.(*live); ok {
			return l, nil
		}
	}
	row, found, err := s.Store.FindBySkey(ctx, s.Ring.Hashes(purposeSkey, skey))
	if err != nil {
		return nil, err
	}
	if !found || row.Kind != Skey || !row.EndedAt.IsZero() {
		return nil, ErrExpired
	}
	l := s.revive(row)
	if l.aliveAt(now) {
		s.Memo.Set(key, l, skeyMemo)
	}
	return l, nil
}

// revive makes what this process knows of a mini-program session from its row, and from uses that the
// row does not tell yet. A row last written by an earlier process may lag behind by the uses of one
// flush, which died with it; those are given the benefit of the doubt, since a session must not end
// before its time because the server was restarted.
func (s *Service) revive(row Session) *live {
	l := &live{account: row.Account, session: row.ID, slides: s.SkeyTTL, endsAt: clock.Millis(row.EndsAt)}
	expires := row.ExpiresAt
	if row.LastSeenAt.Before(s.started) {
		expires = expires.Add(flushEvery)
	}
	l.expires.Store(min(clock.Millis(expires), l.endsAt))
	l.seen.Store(clock.Millis(row.LastSeenAt))
	if known, ok := s.presence.lastUse(row.ID); ok {
		l.expires.Store(max(l.expires.Load(), known.expires.Load()))
		l.seen.Store(max(l.seen.Load(), known.seen.Load()))
	}
	return l
}

// wellFormed tells whether a token looks like one from secret.NewToken, so that anything else costs
// no lookup.
func wellFormed(prefix, token string) bool {
	body, ok := strings.CutPrefix(token, prefix+"_")
	if !ok || len(body) != base64.RawURLEncoding.EncodedLen(32) {
		return false
	}
	for i := range len(body) {
		c := body[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
