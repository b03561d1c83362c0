package server

import (
	"io/fs"
	"log/slog"
	"time"

	"github.com/posthouse/posthouse/frontend"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/secret"
)

// Secret is a string that cannot be printed, logged or encoded by mistake. Make one with NewSecret.
type Secret = secret.Text

// NewSecret hides a value.
func NewSecret(value string) Secret { return secret.NewText(value) }

// Config is everything a Posthouse can be told. The zero value runs: SQLite in the folder "data", no
// listener, no platform apps.
type Config struct {
	// DataDir holds the SQLite database and the key file; default "data".
	DataDir string `yaml:"data"`
	// Database is the URL of a Postgres database ("postgres://…"); empty for SQLite in DataDir.
	Database Secret `yaml:"database"`
	// Keys seal and hash every secret at rest: base64 of 32 random bytes each, newest first. Empty
	// uses the file "keys" in DataDir, which is made at the first start.
	Keys []Secret `yaml:"keys"`
	// Listen is the address to serve on ("127.0.0.1:8080"; port 0 picks one). Empty: no listener, the
	// program serves Handler itself.
	Listen string `yaml:"listen"`
	// Logger hears what happens; default slog.Default().
	Logger *slog.Logger `yaml:"-"`
	// Version is what pages show as the version of this program; default "dev".
	Version string `yaml:"-"`
	// UI is the admin app's build, as frontend/doc.go describes it; default the one that was built into
	// this program, if any. Without one / says how to build it.
	UI fs.FS `yaml:"-"`
	// Sandbox says that the platforms are simulated. The database is marked so and never opened
	// otherwise, because the accounts and robots of a sandbox are no secret.
	Sandbox bool `yaml:"-"`
	// Robots are added at start unless one of the name is there already, so that the first login code
	// can travel before anybody has signed in. Changing one here changes nothing in the database.
	Robots []NewRobot `yaml:"robots"`

	Login     LoginConfig    `yaml:"login"`
	OTP       OTPConfig      `yaml:"otp"`
	Passwords PasswordConfig `yaml:"passwords"`
	Sessions  SessionConfig  `yaml:"sessions"`
	DingTalk  DingTalkConfig `yaml:"dingtalk"`
	WeChat    WeChatConfig   `yaml:"wechat"`
	Events    EventConfig    `yaml:"events"`
	GraphQL   GraphQLConfig  `yaml:"graphql"`
	HTTP      HTTPConfig     `yaml:"http"`
}

// LoginConfig is how people come in.
type LoginConfig struct {
	// Factors a sign-in wants: PASSWORD, or PASSWORD and OTP; default both.
	Factors []string `yaml:"factors"`
	// RegistrationClosed lets nobody make an account over the API.
	RegistrationClosed bool `yaml:"registration_closed"`
	// RegisterRole is what those who register become: MEMBER (default) or ADMIN. Anything but MEMBER
	// is for sandboxes and gives a warning at start.
	RegisterRole string `yaml:"register_role"`
	// DefaultRegion is whose phone numbers are meant without a country code; default "CN".
	DefaultRegion string `yaml:"default_region"`
	// RegisterPerAddress an hour, default 60; FailuresPerAccount in 15 minutes, default 10;
	// FailuresPerAddress in 15 minutes, default 100; WechatPerAddress an hour, default 600. Negative:
	// no limit.
	RegisterPerAddress int `yaml:"register_per_address"`
	FailuresPerAccount int `yaml:"failures_per_account"`
	FailuresPerAddress int `yaml:"failures_per_address"`
	WechatPerAddress   int `yaml:"wechat_per_address"`
}

// OTPConfig is how one-time codes travel and how many.
type OTPConfig struct {
	// GroupRobot delivers codes as messages of the robot of this name that mention the person. Everyone
	// in the group sees the code, so this must be asked for and gives a warning at start. Empty: no
	// group delivery. While signing in wants a code, this robot can be neither renamed nor deleted.
	GroupRobot string `yaml:"group_robot"`
	// PerAccount an hour, default 10; PerDestinationHour, default 10; PerDestinationDay, default 20;
	// PerAddress an hour, default 300. Negative: no limit.
	PerAccount         int `yaml:"per_account"`
	PerDestinationHour int `yaml:"per_destination_hour"`
	PerDestinationDay  int `yaml:"per_destination_day"`
	PerAddress         int `yaml:"per_address"`
}

// PasswordConfig is the price of a password (argon2id).
type PasswordConfig struct {
	// MemoryKiB for each hash, default 19456, 8192 to 1048576; Time passes, default 2, 1 to 10; Threads,
	// default 1, 1 to 8; Concurrent hashes at once, default one for each processor.
	MemoryKiB  uint32 `yaml:"memory_kib"`
	Time       uint32 `yaml:"time"`
	Threads    uint8  `yaml:"threads"`
	Concurrent int    `yaml:"concurrent"`
}

// SessionConfig is how long people stay signed in.
type SessionConfig struct {
	// Access is how long an access token is good for; default 15 m. Refresh is how long a refresh token
	// waits; default 720 h. RefreshAbsolute is how long a session can be refreshed; default 2160 h. Skey
	// is how long a mini-program session lives after its last use; default 2 h. SkeyAbsolute is how long
	// at most; default 168 h.
	Access          time.Duration `yaml:"access"`
	Refresh         time.Duration `yaml:"refresh"`
	RefreshAbsolute time.Duration `yaml:"refresh_absolute"`
	Skey            time.Duration `yaml:"skey"`
	SkeyAbsolute    time.Duration `yaml:"skey_absolute"`
}

// DingTalkConfig is where DingTalk is and which of its apps are ours.
type DingTalkConfig struct {
	// BaseURL of the old API, which robots use; default https://oapi.dingtalk.com.
	BaseURL string        `yaml:"base_url"`
	Apps    []DingTalkApp `yaml:"apps"`
}

// DingTalkApp is one app of the developer console.
type DingTalkApp struct {
	// Name is the {app} in /callbacks/dingtalk/{app}: lower-case letters, digits and dashes.
	Name string `yaml:"name"`
	// CorpID, AppKey (Client ID) and, for third-party apps, SuiteKey. Pushes are accepted under any of
	// them.
	CorpID    string `yaml:"corp_id"`
	AppKey    string `yaml:"app_key"`
	AppSecret Secret `yaml:"app_secret"`
	SuiteKey  string `yaml:"suite_key"`
	// CallbackToken and CallbackAESKey as the console's event subscription page shows them. Without them
	// the app takes no pushes.
	CallbackToken  Secret `yaml:"callback_token"`
	CallbackAESKey Secret `yaml:"callback_aes_key"`
}

// WeChatConfig is where WeChat is and which mini-programs are ours.
type WeChatConfig struct {
	// BaseURL; default https://api.weixin.qq.com.
	BaseURL string      `yaml:"base_url"`
	Apps    []WeChatApp `yaml:"apps"`
}

// WeChatApp is one mini-program.
type WeChatApp struct {
	Name      string `yaml:"name"`
	AppID     string `yaml:"app_id"`
	AppSecret Secret `yaml:"app_secret"`
}

// EventConfig is what is kept of callback events.
type EventConfig struct {
	// Retention is how long events are kept; default 720 h, negative for ever.
	Retention time.Duration `yaml:"retention"`
}

// GraphQLConfig bounds what clients can ask for. Zero fields take the defaults in brackets.
type GraphQLConfig struct {
	// Introspection opens the schema to everyone; otherwise only to administrators.
	Introspection bool `yaml:"introspection"`
	Depth         int  `yaml:"depth"`      // [12]
	Aliases       int  `yaml:"aliases"`    // [30]
	Tokens        int  `yaml:"tokens"`     // [5000]
	Complexity    int  `yaml:"complexity"` // [20000]
	Batch         int  `yaml:"batch"`      // [10]
	// BodyBytes of a request [262144].
	BodyBytes int64 `yaml:"body_bytes"`
	// Connections open at once for each account, or address without one [100]; Subscriptions for each
	// account [200]; Operations at once on one socket [50].
	Connections   int `yaml:"connections"`
	Subscriptions int `yaml:"subscriptions"`
	Operations    int `yaml:"operations"`
}

// HTTPConfig is what stands before us.
type HTTPConfig struct {
	// TrustedProxies are networks ("10.0.0.0/8") whose X-Forwarded-For is believed; default none.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// AllowedOrigins are the origins of web pages elsewhere that may call the API; default none.
	AllowedOrigins []string `yaml:"allowed_origins"`
}

func (c Config) factors() []login.FactorName {
	if len(c.Login.Factors) == 0 {
		return []login.FactorName{login.Password, login.OTP}
	}
	out := make([]login.FactorName, len(c.Login.Factors))
	for i, f := range c.Login.Factors {
		out[i] = login.FactorName(f)
	}
	return out
}

func (c Config) withDefaults() Config {
	if c.DataDir == "" {
		c.DataDir = "data"
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.UI == nil {
		c.UI = frontend.FS()
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	if c.Events.Retention == 0 {
		c.Events.Retention = 30 * 24 * time.Hour
	}
	return c
}
