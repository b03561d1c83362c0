package robot

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/secret"
)

// Limits of what a robot is made of.
const (
	maxName     = 64 // characters
	maxKeywords = 10 // the platform's own (protocols.md §1.3)
	maxKeyword  = 64 // characters
	maxSecret   = 256
)

// Purposes under which the ring seals and hashes.
const (
	tokenPurpose  = "robot.token"
	secretPurpose = "robot.secret"
)

// Config is what a Service is made of. Everything but WebhookHosts is required.
type Config struct {
	Store Store
	Ring  *secret.Ring
	Clock clock.Clock
	// WebhookHosts are the origins a webhook URL may have, see ParseWebhook. Empty means
	// DefaultWebhookHosts.
	WebhookHosts []string
	// SendsCodes is the name of the robot without which nobody could sign in: Update and Delete let it keep
	// its name and its place. Empty means that there is none.
	SendsCodes string
}

// Service keeps robots. Safe for concurrent use.
type Service struct {
	store Store
	ring  *secret.Ring
	clock clock.Clock
	hosts []string
	codes string
}

// New makes a Service.
func New(c Config) *Service {
	hosts := slices.Clone(c.WebhookHosts)
	if len(hosts) == 0 {
		hosts = DefaultWebhookHosts()
	}
	return &Service{store: c.Store, ring: c.Ring, clock: c.Clock, hosts: hosts, codes: strings.TrimSpace(c.SendsCodes)}
}

// Input describes a robot to be made.
type Input struct {
	// Name is how people call it: 1 to 64 characters, unique.
	Name string
	// Webhook is the whole URL that DingTalk shows, or its access_token alone.
	Webhook secret.Text
	// Secret signs each call. It begins with SEC; none means that the robot does not sign.
	Secret secret.Text
	// Keywords that the group demands: at most ten of 1 to 64 characters.
	Keywords []string
}

// Create adds a robot. Reasons: session.missing, authz.forbidden, robot.name_invalid,
// robot.webhook_invalid, robot.secret_invalid, robot.keyword_invalid, robot.name_taken,
// robot.webhook_taken.
func (s *Service) Create(ctx context.Context, actor authz.Actor, in Input) (Robot, error) {
	if err := actor.RequireAdmin(); err != nil {
		return Robot{}, err
	}
	name, err := cleanName(in.Name)
	if err != nil {
		return Robot{}, err
	}
	token, err := ParseWebhook(in.Webhook.Reveal(), s.hosts)
	if err != nil {
		return Robot{}, err
	}
	signing, err := cleanSecret(in.Secret)
	if err != nil {
		return Robot{}, err
	}
	keywords, err := cleanKeywords(in.Keywords)
	if err != nil {
		return Robot{}, err
	}
	now := clock.FromMillis(clock.Millis(s.clock.Now()))
	r := Robot{ID: id.Robot(id.New(id.RobotPrefix, now)), Name: name, Keywords: keywords, CreatedAt: now}
	sealed := s.sealToken(r.ID, token)
	r.SealedToken, r.TokenHash = sealed.Sealed, sealed.Hash
	if signing != "" {
		r.SealedSecret = s.sealSecret(r.ID, signing)
	}
	if err := s.freeUnderOlderKeys(ctx, token, ""); err != nil {
		return Robot{}, err
	}
	if err := s.store.Create(ctx, r); err != nil {
		return Robot{}, errs.Wrap(err, "create robot")
	}
	return r, nil
}

// List pages the robots, oldest first. Reasons: session.missing, authz.forbidden.
func (s *Service) List(ctx context.Context, actor authz.Actor, p page.Request) (page.Of[Robot], error) {
	if err := actor.RequireAdmin(); err != nil {
		return page.Of[Robot]{}, err
	}
	robots, err := s.store.List(ctx, p)
	if err != nil {
		return page.Of[Robot]{}, errs.Wrap(err, "list robots")
	}
	return robots, nil
}

// Load gives those of the robots that exist. It asks nobody's leave: it is for what has been
// permitted already.
func (s *Service) Load(ctx context.Context, robots []id.Robot) (map[id.Robot]Robot, error) {
	rows, err := s.store.GetMany(ctx, robots)
	if err != nil {
		return nil, errs.Wrap(err, "load robots")
	}
	found := make(map[id.Robot]Robot, len(rows))
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, nil
}

// FindByName finds a robot by its name, blanks around it apart.
func (s *Service) FindByName(ctx context.Context, name string) (Robot, bool, error) {
	r, ok, err := s.store.FindByName(ctx, strings.TrimSpace(name))
	if err != nil {
		return Robot{}, false, errs.Wrap(err, "find robot by name")
	}
	return r, ok, nil
}

// Open gives the credentials of a robot, for the one who sends. An error that is secret.ErrOpen
// means that the ring has not the key they were sealed with: it will not pass by itself.
func (s *Service) Open(_ context.Context, r Robot) (Credentials, error) {
	token, err := s.ring.Open(tokenPurpose, string(r.ID), r.SealedToken)
	if err != nil {
		return Credentials{}, errs.Wrap(err, "open robot token")
	}
	c := Credentials{Token: secret.NewText(string(token))}
	if r.SealedSecret == "" {
		return c, nil
	}
	signing, err := s.ring.Open(secretPurpose, string(r.ID), r.SealedSecret)
	if err != nil {
		return Credentials{}, errs.Wrap(err, "open robot secret")
	}
	c.Secret = secret.NewText(string(signing))
	return c, nil
}

// freeUnderOlderKeys tells whether another robot than this one has the token under an older key. The
// database sees to it that a token is there once under the newest. Nothing is added any more under the
// older ones, so that looking there first is safe. Reason: robot.webhook_taken.
func (s *Service) freeUnderOlderKeys(ctx context.Context, token string, but id.Robot) error {
	older := s.ring.Hashes(tokenPurpose, token)[1:]
	if len(older) == 0 {
		return nil
	}
	other, taken, err := s.store.FindByToken(ctx, older)
	if err != nil {
		return errs.Wrap(err, "find robot by token")
	}
	if taken && other.ID != but {
		return ErrWebhookTaken
	}
	return nil
}

// sealToken seals for this robot: its id is the owner, so that a sealed value copied to another robot
// does not open.
func (s *Service) sealToken(r id.Robot, token string) Token {
	return Token{Another: true, Sealed: s.ring.Seal(tokenPurpose, string(r), []byte(token)), Hash: s.ring.Hash(tokenPurpose, token)}
}

func (s *Service) sealSecret(r id.Robot, signing string) string {
	return s.ring.Seal(secretPurpose, string(r), []byte(signing))
}

func cleanName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if !printable(name, maxName) {
		return "", ErrNameInvalid.WithField("name", "1–64")
	}
	return name, nil
}

// cleanSecret gives the empty string for none.
func cleanSecret(in secret.Text) (string, error) {
	signing := strings.TrimSpace(in.Reveal())
	if signing != "" && !validSecret(signing) {
		return "", ErrSecretInvalid.WithField("secret", "SEC…")
	}
	return signing, nil
}

// validSecret tells whether s looks like a signing secret (protocols.md §1.2).
func validSecret(s string) bool {
	if !strings.HasPrefix(s, "SEC") || len(s) <= len("SEC") || len(s) > maxSecret {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func cleanKeywords(in []string) ([]string, error) {
	invalid := ErrKeywordInvalid.WithField("keywords", "0–10 × 1–64")
	var out []string
	for _, k := range in {
		k = strings.TrimSpace(k)
		if !printable(k, maxKeyword) {
			return nil, invalid
		}
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
		if len(out) > maxKeywords {
			return nil, invalid
		}
	}
	return out, nil
}

// printable tells whether s has 1 to limit characters and none that moves the cursor or hides.
func printable(s string, limit int) bool {
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) || unicode.Is(unicode.Bidi_Control, r)
	})
}
