package login

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/limit"
	"github.com/posthouse/posthouse/internal/platform"
	"github.com/posthouse/posthouse/internal/session"
)

const (
	// maxWechatCode is four times what WeChat's codes have.
	maxWechatCode = 128
	// wechatAnswerTTL is how long a code that comes again gets the same answer.
	wechatAnswerTTL = 10 * time.Second
	// wechatBudget bounds one sign-in, WeChat's answer included; the lock outlives it.
	wechatBudget = 15 * time.Second
	wechatLock   = 2 * wechatBudget
	// raceRetries is how often a first sign-in is begun anew after losing a race: once suffices, since
	// the winner has committed by then.
	raceRetries = 3

	purposeWechatCode   = "login.wechat_code"
	purposeWechatAnswer = "login.wechat_answer"
)

// WechatLoginInput is what a mini-program signs in with.
type WechatLoginInput struct {
	// Code comes from wx.login; it lives five minutes and works once.
	Code string
	// AppID is the mini-program's; empty where only one has been set up.
	AppID string
}

// WechatResult is a mini-program session and whose it is.
type WechatResult struct {
	Grant   session.SkeyGrant
	Account account.Account
	// Created tells that this openid was new.
	Created bool
}

// wechatAnswer is a result as the cache keeps it, sealed.
type wechatAnswer struct {
	Account   id.Account `json:"account"`
	Session   id.Session `json:"session"`
	Skey      string     `json:"skey"`
	ExpiresAt time.Time  `json:"expiresAt"`
	Created   bool       `json:"created"`
}

// WechatLogin signs in from a mini-program. The account is the one that holds the openid, else one
// that holds the unionid, else a new one without username and phone. The same code sent again within
// ten seconds, at the same moment too and from wherever, gives the same answer: mini-programs on bad
// networks do that, and WeChat takes a code once. Earlier sessions of the person live on.
//
// Reasons: rate.limited, wechat.app_unknown, wechat.code_invalid, account.suspended and those of
// WechatClient.
func (s *Service) WechatLogin(ctx context.Context, actor authz.Actor, in WechatLoginInput) (WechatResult, error) {
	if err := s.takeByAddress(ctx, s.rules.wechat, actor); err != nil {
		return WechatResult{}, err
	}
	app, ok := s.Apps.Wechat(in.AppID)
	if !ok {
		return WechatResult{}, ErrWechatAppUnknown
	}
	if !plausibleCode(in.Code) {
		return WechatResult{}, ErrWechatCodeInvalid
	}
	key := "login.wechat:" + s.Ring.Hash(purposeWechatCode, app.AppID+" "+in.Code)
	unlock, err := s.Lock.Lock(ctx, key, wechatLock)
	if err != nil {
		return WechatResult{}, err
	}
	defer unlock()
	// A client that gives up half-way has used up its code all the same. The work goes on without it,
	// so that the answer is there when it asks again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wechatBudget)
	defer cancel()
	if answer, ok := s.remembered(ctx, key); ok {
		return s.repeat(ctx, answer)
	}
	person, err := s.Wechat.Code2Session(ctx, app, in.Code)
	if err != nil {
		return WechatResult{}, err
	}
	out, err := s.admit(ctx, actor, app, person)
	if err != nil {
		return WechatResult{}, err
	}
	s.remember(ctx, key, out)
	return out, nil
}

// plausibleCode tells whether a code is worth asking WeChat about.
func plausibleCode(code string) bool {
	if code == "" || len(code) > maxWechatCode {
		return false
	}
	for i := range len(code) {
		if code[i] <= ' ' || code[i] > '~' {
			return false
		}
	}
	return true
}

// admit finds or makes the person's account and begins a session, in one transaction.
func (s *Service) admit(ctx context.Context, actor authz.Actor, app platform.WechatApp, person WechatPerson) (WechatResult, error) {
	if person.Unionid != "" {
		// The openid is unique in the database, the unionid is not: one person who opens two
		// mini-programs for the first time at the same moment would become two accounts.
		unlock, err := s.Lock.Lock(ctx, "login.unionid:"+s.Ring.Hash(purposeWechatCode, person.Unionid), wechatLock)
		if err != nil {
			return WechatResult{}, err
		}
		defer unlock()
	}
	identity := account.Identity{Provider: account.Wechat, Realm: app.AppID, Subject: person.Openid, Unionid: person.Unionid}
	var out WechatResult
	var err error
	for range raceRetries {
		err = s.Tx.InTx(ctx, func(ctx context.Context) error {
			var err error
			if out.Account, out.Created, err = s.Accounts.Adopt(ctx, identity); err != nil {
				return err
			}
			if !out.Account.Active() {
				return account.ErrSuspended
			}
			out.Grant, err = s.Sessions.CreateSkey(ctx, actor, out.Account, app.AppID, person.SessionKey.Reveal())
			return err
		})
		if !errors.Is(err, account.ErrIdentityRaced) {
			break
		}
	}
	if err != nil {
		return WechatResult{}, errs.Wrap(err, "sign in from a mini-program")
	}
	if out.Created {
		s.Accounts.Changed(ctx, out.Account.ID)
	}
	return out, nil
}

// remember keeps the answer for a repetition of the code. Without it a repetition fails as it would
// anywhere else, so trouble with the cache is none of the caller's.
func (s *Service) remember(ctx context.Context, key string, out WechatResult) {
	plain, err := json.Marshal(wechatAnswer{
		Account: out.Account.ID, Session: out.Grant.Session.ID, Skey: out.Grant.Skey,
		ExpiresAt: out.Grant.ExpiresAt, Created: out.Created,
	})
	if err == nil {
		_ = s.Cache.Set(ctx, key, []byte(s.Ring.Seal(purposeWechatAnswer, key, plain)), wechatAnswerTTL)
	}
}

func (s *Service) remembered(ctx context.Context, key string) (wechatAnswer, bool) {
	sealed, ok, err := s.Cache.Get(ctx, key)
	if err != nil || !ok {
		return wechatAnswer{}, false
	}
	plain, err := s.Ring.Open(purposeWechatAnswer, key, string(sealed))
	var answer wechatAnswer
	if err != nil || json.Unmarshal(plain, &answer) != nil {
		return wechatAnswer{}, false
	}
	return answer, true
}

// repeat gives the remembered answer, unless the account has been suspended meanwhile.
func (s *Service) repeat(ctx context.Context, answer wechatAnswer) (WechatResult, error) {
	a, err := s.Accounts.Current(ctx, answer.Account)
	if err != nil {
		return WechatResult{}, err
	}
	if !a.Active() {
		return WechatResult{}, account.ErrSuspended
	}
	return WechatResult{
		Grant: session.SkeyGrant{
			Session: session.Session{ID: answer.Session, Account: answer.Account, Kind: session.Skey},
			Skey:    answer.Skey, ExpiresAt: answer.ExpiresAt,
		},
		Account: a, Created: answer.Created,
	}, nil
}

func limited(err error) bool { return errors.Is(err, limit.ErrLimited) }
