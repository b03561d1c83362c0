package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/platform"
)

const (
	// DefaultBaseURL is WeChat's API.
	DefaultBaseURL = "https://api.weixin.qq.com"
	// DefaultTimeout bounds a call from dialling to the end of the answer.
	DefaultTimeout = 10 * time.Second
	// maxAnswer bounds how much of an answer is read, in bytes; real ones have a few hundred.
	maxAnswer = 64 << 10
	// maxCode is the longest login code worth asking about, in bytes; real ones have 32.
	maxCode = 512
)

// Config says how to reach WeChat. Every field may be left empty.
type Config struct {
	// BaseURL is scheme and host, and a path if need be. Default DefaultBaseURL.
	BaseURL string
	// HTTPClient is copied; redirects are not followed and cookies not kept whatever it says. Default: a
	// plain client.
	HTTPClient *http.Client
	// Timeout bounds a call. Default DefaultTimeout.
	Timeout time.Duration
}

// Client speaks to WeChat. It keeps no state and is safe for concurrent use.
type Client struct {
	base    string
	client  *http.Client
	timeout time.Duration
}

var _ login.WechatClient = (*Client)(nil)

// NewClient makes a client.
func NewClient(cfg Config) *Client {
	c := &Client{base: strings.TrimRight(cfg.BaseURL, "/"), client: &http.Client{}, timeout: cfg.Timeout}
	if c.base == "" {
		c.base = DefaultBaseURL
	}
	if cfg.HTTPClient != nil {
		*c.client = *cfg.HTTPClient
	}
	// A redirect would carry the app's secret, which stands in the query, to another host.
	c.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.client.Jar = nil
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	return c
}

// Code2Session exchanges a login code (protocols.md §7.1) with exactly one request. Reasons:
// wechat.code_invalid, wechat.rate_limited, wechat.login_blocked, wechat.misconfigured,
// wechat.unavailable. No error, nor its cause, contains the secret, the code or the URL.
func (c *Client) Code2Session(ctx context.Context, app platform.WechatApp, code string) (login.WechatPerson, error) {
	if code == "" || len(code) > maxCode {
		return login.WechatPerson{}, login.ErrWechatCodeInvalid.WithCause(fmt.Errorf("a code of %d bytes, not sent", len(code)))
	}
	hush := newScrubber(app.AppSecret.Reveal(), code)
	status, body, err := c.get(ctx, "/sns/jscode2session", url.Values{
		"appid":      {app.AppID},
		"secret":     {app.AppSecret.Reveal()},
		"js_code":    {code},
		"grant_type": {"authorization_code"},
	})
	if err != nil {
		return login.WechatPerson{}, hush.transport(err)
	}
	return readPerson(app, status, body, hush)
}

// get makes one request and reads a bounded answer. Its errors may contain the URL.
func (c *Client) get(ctx context.Context, path string, query url.Values) (int, []byte, error) {
	target, err := url.Parse(c.base)
	if err != nil || target.Host == "" {
		return 0, nil, errBaseURL
	}
	target.Path, target.RawQuery = strings.TrimRight(target.Path, "/")+path, query.Encode()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, DefaultBaseURL, nil)
	if err != nil {
		return 0, nil, err
	}
	req.URL, req.Host = target, target.Host // set, not parsed: a parse error would print the secret
	// net/http repeats a GET on its own when a kept connection breaks before the answer, and the
	// repetition would find the code used. A body that it cannot rewind forbids that; an empty one of
	// unknown length sends nothing.
	req.Body = io.NopCloser(strings.NewReader(""))
	resp, err := c.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	return resp.StatusCode, body, err
}

var errBaseURL = errors.New("wechat: the configured address is not a URL")
