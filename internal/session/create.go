package session

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/secret"
)

// Purposes of the key ring's hashes and seals.
const (
	purposeSkey       = "session.skey"
	purposeRefresh    = "session.refresh"
	purposeRetry      = "session.retry"
	purposeSessionKey = "session.wechat_key"
)

// Grant is a token session as its owner receives it. The tokens are shown this once.
type Grant struct {
	Session      Session
	AccessToken  string
	RefreshToken string
	// ExpiresAt is when the access token ends.
	ExpiresAt time.Time
}

// SkeyGrant is a mini-program session as its owner receives it. The skey is shown this once.
type SkeyGrant struct {
	Session Session
	Skey    string
	// ExpiresAt is when the session ends if it is not used before; each use moves it.
	ExpiresAt time.Time
}

// CreateToken begins a session of an account that has just proved itself. Actor is whose request did
// so: its address and user agent go into the list of sessions. Inside a transaction of the context it
// takes part.
func (s *Service) CreateToken(ctx context.Context, actor authz.Actor, owner account.Account) (Grant, error) {
	now := s.now()
	row := s.newRow(actor, owner, Token, now)
	row.EndsAt = now.Add(s.RefreshAbsoluteTTL)
	row.ExpiresAt = earlier(now.Add(s.RefreshTTL), row.EndsAt)
	var refresh string
	err := s.Tx.InTx(ctx, func(ctx context.Context) error {
		err := s.Store.Create(ctx, row)
		if err == nil {
			refresh, err = s.newRefreshToken(ctx, row, now)
		}
		s.changed(ctx, owner.ID)
		return err
	})
	if err != nil {
		return Grant{}, err
	}
	return s.grant(row, refresh, now)
}

// newRefreshToken stores the next token of a session's chain and gives it. It ends with the row.
func (s *Service) newRefreshToken(ctx context.Context, row Session, now time.Time) (string, error) {
	token := secret.NewToken(refreshPrefix)
	return token, s.Store.CreateRefreshToken(ctx, RefreshToken{
		Hash: s.Ring.Hash(purposeRefresh, token), Session: row.ID, CreatedAt: now, ExpiresAt: row.ExpiresAt,
	})
}

// grant signs the access token. Its times are whole seconds, as the claims can only say those.
func (s *Service) grant(row Session, refresh string, now time.Time) (Grant, error) {
	expires := earlier(now.Add(s.AccessTTL), row.EndsAt).Truncate(time.Second)
	access, err := s.keys.issue(row.Account, row.ID, now, expires)
	if err != nil {
		return Grant{}, err
	}
	return Grant{Session: row, AccessToken: access, RefreshToken: refresh, ExpiresAt: expires}, nil
}

// CreateSkey begins a mini-program session. sessionKey is WeChat's, kept sealed for later and never
// given out. Earlier sessions of the person live on: the same mini-program may be open on a phone and
// a computer. Inside a transaction of the context it takes part.
func (s *Service) CreateSkey(ctx context.Context, actor authz.Actor, owner account.Account, appID, sessionKey string) (SkeyGrant, error) {
	now := s.now()
	skey := secret.NewToken(skeyPrefix)
	row := s.newRow(actor, owner, Skey, now)
	row.AppID = appID
	row.SkeyHash = s.Ring.Hash(purposeSkey, skey)
	row.SealedSessionKey = s.Ring.Seal(purposeSessionKey, string(row.ID), []byte(sessionKey))
	row.EndsAt = now.Add(s.SkeyAbsoluteTTL)
	row.ExpiresAt = earlier(now.Add(s.SkeyTTL), row.EndsAt)
	if err := s.Store.Create(ctx, row); err != nil {
		return SkeyGrant{}, err
	}
	s.changed(ctx, owner.ID)
	return SkeyGrant{Session: row, Skey: skey, ExpiresAt: row.ExpiresAt}, nil
}

func (s *Service) newRow(actor authz.Actor, owner account.Account, kind Kind, now time.Time) Session {
	return Session{
		ID: id.Session(id.New(id.SessionPrefix, now)), Account: owner.ID, Kind: kind,
		Address: clip(actor.Address, 64), UserAgent: clip(actor.UserAgent, 256),
		CreatedAt: now, LastSeenAt: now,
	}
}

// clip makes what a client says of itself fit to be stored and shown.
func clip(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s[:min(len(s), 4*most)])
	for len(s) > most {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
