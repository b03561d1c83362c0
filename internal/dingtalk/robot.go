package dingtalk

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/robot"
)

const (
	// DefaultBaseURL is the old API's host, where robots live.
	DefaultBaseURL = "https://oapi.dingtalk.com"
	// DefaultTimeout bounds a call from dialling to the end of the answer.
	DefaultTimeout = 10 * time.Second
)

// RobotConfig says how to reach DingTalk. Every field may be left empty.
type RobotConfig struct {
	// BaseURL is scheme and host, and a path if need be. Default DefaultBaseURL.
	BaseURL string
	// HTTPClient is copied; redirects are not followed and cookies not kept whatever it says. Default: a
	// plain client.
	HTTPClient *http.Client
	// Clock stamps the signatures. Default: the machine's.
	Clock clock.Clock
	// Timeout bounds a call. Default DefaultTimeout.
	Timeout time.Duration
}

// RobotSender sends messages through the webhooks of custom group robots (protocols.md §1). It keeps no
// state and is safe for concurrent use.
type RobotSender struct {
	base    string
	client  *http.Client
	clock   clock.Clock
	timeout time.Duration
}

var _ broadcast.Sender = (*RobotSender)(nil)

// NewRobotSender makes a sender.
func NewRobotSender(cfg RobotConfig) *RobotSender {
	s := &RobotSender{base: strings.TrimRight(cfg.BaseURL, "/"), client: noRedirects(cfg.HTTPClient), clock: cfg.Clock, timeout: cfg.Timeout}
	if s.base == "" {
		s.base = DefaultBaseURL
	}
	if s.clock == nil {
		s.clock = clock.Real()
	}
	if s.timeout <= 0 {
		s.timeout = DefaultTimeout
	}
	return s
}

// noRedirects copies the client: a redirect would carry message and credentials to another host.
func noRedirects(client *http.Client) *http.Client {
	var c http.Client
	if client != nil {
		c = *client
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Jar = nil
	return &c
}

// Size is how many bytes the message has on the wire without its msgUuid: zero for a message without
// content, which Send refuses.
func (s *RobotSender) Size(m broadcast.Message, mentions broadcast.Mentions) int {
	body, err := encodeMessage(m, mentions, "")
	if err != nil {
		return 0
	}
	return len(body)
}

// Send makes one call. Outcomes: Accepted, Throttled, Retryable and Refused as the platform's code says;
// Retryable when no connection came about or the answer is not DingTalk's; Unknown when the request may
// have arrived but no answer did. The receipt carries no secret.
func (s *RobotSender) Send(ctx context.Context, c robot.Credentials, m broadcast.Message, mentions broadcast.Mentions, msgUUID string) broadcast.Receipt {
	body, err := encodeMessage(m, mentions, msgUUID)
	if err != nil {
		return broadcast.Receipt{Outcome: broadcast.Refused, PlatformMessage: "the message has no content（消息没有内容）"}
	}
	query := signedQuery(c, s.clock.Now())
	target, err := url.Parse(s.base)
	if err != nil || target.Host == "" {
		return broadcast.Receipt{Outcome: broadcast.Refused, PlatformMessage: "the configured DingTalk address is not a URL（配置的钉钉地址不是合法 URL）"}
	}
	target.Path, target.RawQuery = strings.TrimRight(target.Path, "/")+"/robot/send", query.Encode()
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	hush := newScrubber(c.Token.Reveal(), c.Secret.Reveal(), query.Get("sign"))
	return s.post(ctx, target, body, hush)
}

// signedQuery is made anew for every call: a signature ages within the hour (protocols.md §1.2).
func signedQuery(c robot.Credentials, now time.Time) url.Values {
	query := url.Values{"access_token": {c.Token.Reveal()}}
	if !c.Secret.IsZero() {
		timestamp := strconv.FormatInt(now.UnixMilli(), 10)
		query.Set("timestamp", timestamp)
		query.Set("sign", sign(timestamp, c.Secret.Reveal()))
	}
	return query
}

// sign uses the secret twice, as key and in the text: that is the platform's rule (protocols.md §1.2).
// The result is not yet escaped for a URL.
func sign(timestamp, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "\n" + secret))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (s *RobotSender) post(ctx context.Context, target *url.URL, body []byte, hush scrubber) broadcast.Receipt {
	if ctx.Err() != nil {
		return broadcast.Receipt{Outcome: broadcast.Retryable, PlatformMessage: describe(ctx.Err())}
	}
	var p progress
	req, err := http.NewRequestWithContext(p.watch(ctx), http.MethodPost, DefaultBaseURL, bytes.NewReader(body))
	if err != nil {
		return broadcast.Receipt{Outcome: broadcast.Refused, PlatformMessage: "the request could not be built（无法构造请求）"}
	}
	req.URL, req.Host = target, target.Host // set, not parsed: a parse error would print the token
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := s.client.Do(req)
	if err != nil {
		return broadcast.Receipt{Outcome: p.outcome(err), PlatformMessage: describe(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil && !json.Valid(answer) {
		return broadcast.Receipt{Outcome: broadcast.Unknown, PlatformMessage: describe(err)}
	}
	return readReceipt(resp.StatusCode, answer, hush)
}

// progress notices how far a call came. The transport's own repetition, which happens only when nothing
// was written to a connection that had gone stale, starts it over.
type progress struct{ asked, connected atomic.Bool }

func (p *progress) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { p.asked.Store(true); p.connected.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { p.connected.Store(true) },
	})
}

// outcome is Retryable only if it is certain that nothing was written. A transport that reports no
// progress is judged by its error.
func (p *progress) outcome(err error) broadcast.Outcome {
	if p.asked.Load() && !p.connected.Load() {
		return broadcast.Retryable
	}
	if !p.asked.Load() {
		if _, ok := errors.AsType[*net.DNSError](err); ok {
			return broadcast.Retryable
		}
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
			return broadcast.Retryable
		}
	}
	return broadcast.Unknown
}

// describe says what went wrong in words of our own: those of net/http contain the URL and so the token.
func describe(err error) string {
	if errors.Is(err, context.Canceled) {
		return "the call was given up（调用已取消）"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time（超时未应答）"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "the host name could not be resolved（域名解析失败）"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the host's certificate is not trusted（服务器证书不可信）"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return "could not connect（无法连接）"
	}
	return "the connection broke off（连接中断）"
}
