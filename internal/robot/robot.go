package robot

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/secret"
)

// Robot is a custom group robot. Its token and secret are sealed at rest and never shown again.
type Robot struct {
	ID   id.Robot
	Name string
	// Keywords the group demands in every message; at most ten.
	Keywords []string
	// SealedToken is the webhook's access token, SealedSecret the signing secret; the latter is
	// empty for a robot that does not sign.
	SealedToken  string
	SealedSecret string
	// TokenHash is the keyed hash of the token, unique: two robots with one token would share a budget
	// without knowing.
	TokenHash string
	// BlockedUntil is when the platform's punishment for sending too fast ends; zero when free.
	BlockedUntil time.Time
	CreatedAt    time.Time
}

// Change is what an update of a robot changes; nil leaves a part as it is.
type Change struct {
	Name *string
	// Token is another webhook's; with another one the robot is no longer blocked.
	Token *Token
	// SealedSecret is empty for a robot that shall not sign any more.
	SealedSecret *string
	Keywords     *[]string
}

// Token is a webhook's access token as it is kept.
type Token struct {
	Sealed, Hash string
	// Another says that it is not the token which the robot has, perhaps under an older key.
	Another bool
}

// Credentials are what sending needs, opened.
type Credentials struct {
	Token  secret.Text
	Secret secret.Text
}

// Errors of this package.
var (
	ErrNotFound       = errs.New(errs.NotFound, "robot.not_found", "There is no such robot.")
	ErrNameTaken      = errs.New(errs.Conflict, "robot.name_taken", "Another robot has this name.")
	ErrWebhookTaken   = errs.New(errs.Conflict, "robot.webhook_taken", "Another robot uses this webhook already.")
	ErrWebhookInvalid = errs.New(errs.Invalid, "robot.webhook_invalid", "Paste the whole webhook URL that DingTalk shows for the robot, or its access_token alone.")
	ErrNameInvalid    = errs.New(errs.Invalid, "robot.name_invalid", "A robot's name has 1 to 64 characters.")
	ErrSecretInvalid  = errs.New(errs.Invalid, "robot.secret_invalid", "A signing secret begins with SEC and has no blanks.")
	ErrSendsCodes     = errs.New(errs.Conflict, "robot.sends_codes", "Login codes are sent by the robot of this name; without it nobody could sign in. First name another robot in otp.group_robot of the configuration, or set login.factors to [PASSWORD], and restart the server.")
	ErrKeywordInvalid = errs.New(errs.Invalid, "robot.keyword_invalid", "A robot has at most ten keywords of 1 to 64 characters each.")
)

// Store keeps robots. Inside a transaction of the context the methods take part.
type Store interface {
	// Create reasons: robot.name_taken, robot.webhook_taken.
	Create(ctx context.Context, r Robot) error
	// Get reasons: robot.not_found.
	Get(ctx context.Context, robot id.Robot) (Robot, error)
	// GetMany gives those that exist, in no particular order.
	GetMany(ctx context.Context, robots []id.Robot) ([]Robot, error)
	FindByName(ctx context.Context, name string) (Robot, bool, error)
	// FindByToken finds the robot that has one of these hashes of a token.
	FindByToken(ctx context.Context, hashes []string) (Robot, bool, error)
	// List pages by id, oldest first.
	List(ctx context.Context, p page.Request) (page.Of[Robot], error)
	// Update changes what is given. Reasons: robot.not_found, robot.name_taken, robot.webhook_taken.
	Update(ctx context.Context, robot id.Robot, c Change) error
	// Delete forgets everything about a robot but that it existed: its deliveries stay readable, its
	// name and its webhook are free again. Reasons: robot.not_found.
	Delete(ctx context.Context, robot id.Robot, at time.Time) error
	// Blocked lists robots that may not speak at now, the one longest blocked first.
	Blocked(ctx context.Context, now time.Time, limit int) ([]Robot, error)
	// Block records that the robot may not speak until then; an earlier time never shortens a block.
	Block(ctx context.Context, robot id.Robot, until time.Time) error
}
