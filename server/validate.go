package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/dingtalk"
	"github.com/posthouse/posthouse/internal/login"
)

var appName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// complaint notes one thing that is wrong, under the name it has in the configuration file. Secrets
// are never among its arguments.
type complaint func(format string, args ...any)

// Validate reports everything that is wrong at once, one problem a line, each under the name that the
// setting has in the configuration file.
func (c Config) Validate() error {
	var all []error
	wrong := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	c.validatePlace(wrong)
	c.validateLogin(wrong)
	c.validatePasswords(wrong)
	c.validateSessions(wrong)
	c.validateDingTalk(wrong)
	c.validateWeChat(wrong)
	c.validateLimits(wrong)
	c.validateHTTP(wrong)
	return errors.Join(all...)
}

// validatePlace: where the data is and where to listen.
func (c Config) validatePlace(wrong complaint) {
	if !c.Database.IsZero() {
		u, err := url.Parse(c.Database.Reveal())
		if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
			wrong("database: not a URL such as postgres://user:password@host:5432/name (characters such as # and %% in a password are written as %%23 and %%25); leave it out for SQLite in the data folder")
		}
	}
	if len(c.Keys) > 0 {
		lines := make([]string, len(c.Keys))
		for i, k := range c.Keys {
			lines[i] = k.Reveal()
		}
		if _, err := parseKeys(lines, "keys"); err != nil {
			wrong("%w", err)
		}
	}
	if c.Listen != "" {
		_, port, err := net.SplitHostPort(c.Listen)
		if _, number := strconv.ParseUint(port, 10, 16); err != nil || number != nil {
			wrong("listen: %q is not an address such as 127.0.0.1:8080 or :8080", c.Listen)
		}
	}
}

func (c Config) validateLogin(wrong complaint) {
	if err := login.CheckFactors(c.factors()); err != nil {
		wrong("login.factors: %w", err)
	}
	if r := authz.Role(c.Login.RegisterRole); r != "" && r != authz.Member && r != authz.Admin {
		wrong("login.register_role: %q is neither MEMBER nor ADMIN", c.Login.RegisterRole)
	}
	if region := c.Login.DefaultRegion; region != "" && !account.KnownRegion(region) {
		wrong("login.default_region: %q is not a country such as CN", region)
	}
}

func (c Config) validatePasswords(wrong complaint) {
	p := c.Passwords
	if p.MemoryKiB != 0 && (p.MemoryKiB < account.MinMemoryKiB || p.MemoryKiB > account.MaxMemoryKiB) {
		wrong("passwords.memory_kib: %d does not lie between %d and %d", p.MemoryKiB, account.MinMemoryKiB, account.MaxMemoryKiB)
	}
	if p.Time > account.MaxTime {
		wrong("passwords.time: %d is more than %d", p.Time, account.MaxTime)
	}
	if p.Threads > account.MaxThreads {
		wrong("passwords.threads: %d is more than %d", p.Threads, account.MaxThreads)
	}
	if p.Concurrent < 0 {
		wrong("passwords.concurrent: %d is negative", p.Concurrent)
	}
}

func (c Config) validateSessions(wrong complaint) {
	s := c.Sessions
	for _, ttl := range []struct {
		name  string
		value time.Duration
	}{
		{"access", s.Access}, {"refresh", s.Refresh}, {"refresh_absolute", s.RefreshAbsolute}, {"skey", s.Skey}, {"skey_absolute", s.SkeyAbsolute},
	} {
		if ttl.value != 0 && ttl.value < time.Second {
			wrong("sessions.%s: %v is less than a second", ttl.name, ttl.value)
		}
	}
	if s.Access > time.Hour {
		wrong("sessions.access: %v is more than an hour; a session lives on by refreshing", s.Access)
	}
}

func (c Config) validateDingTalk(wrong complaint) {
	validateBase(wrong, "dingtalk.base_url", c.DingTalk.BaseURL)
	seen := map[string]bool{}
	for i, app := range c.DingTalk.Apps {
		if !appName.MatchString(app.Name) {
			wrong("dingtalk.apps[%d].name: %q must be up to 32 lower-case letters, digits and dashes", i, app.Name)
		} else if seen[app.Name] {
			wrong("dingtalk.apps[%d].name: %q is used twice", i, app.Name)
		}
		seen[app.Name] = true
		if app.CallbackToken.IsZero() && app.CallbackAESKey.IsZero() {
			continue
		}
		if app.AppKey == "" && app.CorpID == "" && app.SuiteKey == "" {
			wrong("dingtalk.apps[%d]: event pushes need app_key, corp_id or suite_key", i)
		}
		if _, err := dingtalk.NewCallback(app.CallbackToken.Reveal(), app.CallbackAESKey.Reveal(), []string{"any"}); err != nil {
			wrong("dingtalk.apps[%d]: %w", i, err)
		}
	}
}

func (c Config) validateWeChat(wrong complaint) {
	validateBase(wrong, "wechat.base_url", c.WeChat.BaseURL)
	seen := map[string]bool{}
	for i, app := range c.WeChat.Apps {
		if app.AppID == "" || app.AppSecret.IsZero() {
			wrong("wechat.apps[%d]: app_id and app_secret are both needed", i)
		} else if seen[app.AppID] {
			wrong("wechat.apps[%d].app_id: %q is used twice", i, app.AppID)
		}
		seen[app.AppID] = true
	}
}

// validateBase does not show the address, which may hold a password.
func validateBase(wrong complaint, name, base string) {
	u, err := url.Parse(base)
	if base != "" && (err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http")) {
		wrong("%s: not a URL such as https://oapi.dingtalk.com", name)
	}
}

func (c Config) validateLimits(wrong complaint) {
	g := c.GraphQL
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"depth", int64(g.Depth)}, {"aliases", int64(g.Aliases)}, {"tokens", int64(g.Tokens)}, {"complexity", int64(g.Complexity)},
		{"batch", int64(g.Batch)}, {"body_bytes", g.BodyBytes}, {"connections", int64(g.Connections)},
		{"subscriptions", int64(g.Subscriptions)}, {"operations", int64(g.Operations)},
	} {
		if limit.value < 0 {
			wrong("graphql.%s: %d is negative", limit.name, limit.value)
		}
	}
}

func (c Config) validateHTTP(wrong complaint) {
	for _, network := range c.HTTP.TrustedProxies {
		if _, err := netip.ParsePrefix(network); err != nil {
			wrong("http.trusted_proxies: %q is not a network such as 10.0.0.0/8", network)
		}
	}
	for _, origin := range c.HTTP.AllowedOrigins {
		if u, err := url.Parse(origin); err != nil || u.Host == "" || u.Path != "" || (u.Scheme != "https" && u.Scheme != "http") {
			wrong("http.allowed_origins: %q is not an origin such as https://app.example.com", origin)
		}
	}
}
