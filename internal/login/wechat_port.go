package login

import (
	"context"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/platform"
	"github.com/posthouse/posthouse/internal/secret"
)

// WechatPerson is who WeChat says a login code belongs to.
type WechatPerson struct {
	// Openid names the person within one mini-program; never empty.
	Openid string
	// Unionid names the person across the mini-programs of one open-platform account; empty when the
	// mini-program is bound to none.
	Unionid string
	// SessionKey is WeChat's key for the person's data. It never leaves the server.
	SessionKey secret.Text
}

// WechatClient asks WeChat. Safe for concurrent use.
type WechatClient interface {
	// Code2Session exchanges a login code for the person it belongs to. A code works once, so the call
	// is never repeated: after any error the person must get a new code. Reasons: wechat.code_invalid,
	// wechat.rate_limited, wechat.login_blocked, wechat.misconfigured, wechat.unavailable.
	Code2Session(ctx context.Context, app platform.WechatApp, code string) (WechatPerson, error)
}

// Errors of a WechatClient. Their causes name WeChat's code, for the log.
var (
	ErrWechatCodeInvalid   = errs.New(errs.Invalid, "wechat.code_invalid", "WeChat did not accept the login code: it lives five minutes and works once. Please sign in again.")
	ErrWechatRateLimited   = errs.New(errs.RateLimited, "wechat.rate_limited", "WeChat has seen too many sign-ins of this person within a minute. Please wait a little.")
	ErrWechatLoginBlocked  = errs.New(errs.Forbidden, "wechat.login_blocked", "WeChat considers this person a risk and does not let them sign in.")
	ErrWechatMisconfigured = errs.New(errs.Unavailable, "wechat.misconfigured", "The mini-program is not set up properly on this server. Please tell its administrator.")
	ErrWechatUnavailable   = errs.New(errs.Unavailable, "wechat.unavailable", "WeChat cannot be reached or did not answer properly. Please sign in again.")
)
