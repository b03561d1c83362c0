package graph

import (
	"time"

	"github.com/posthouse/posthouse/graph/generated"
	"github.com/posthouse/posthouse/graph/model"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/overview"
	"github.com/posthouse/posthouse/internal/page"
)

// Limits bound what one client can ask for. A zero field takes its default.
type Limits struct {
	// Depth of nested fields, 12 more below __schema and __type; default 12.
	Depth int
	// Aliases in one document; default 30.
	Aliases int
	// Tokens in one document; default 5,000.
	Tokens int
	// Complexity of one operation, roughly the fields it may return; default 20,000.
	Complexity int
	// Batch is how many operations one request may carry; default 10.
	Batch int
	// Body of a request, and message of a socket, in bytes; default 256 KiB.
	Body int64
	// Connections is how many sockets and streams an account (or an address without one) may hold
	// open; default 100.
	Connections int
	// Subscriptions is how many an account may have at once, over all its connections; default 200.
	Subscriptions int
	// Operations is how many a single socket may run at once, subscriptions included; default 50.
	Operations int
	// InitWait is how long a socket may take to introduce itself; default 10 s.
	InitWait time.Duration
	// Ping is how often a silent peer is asked whether it lives; one that is silent for three of them
	// is cut off. Default 20 s.
	Ping time.Duration
	// Write is how long a peer may take to accept a message; default 30 s.
	Write time.Duration
}

func (l Limits) withDefaults() Limits {
	fill(&l.Depth, 12)
	fill(&l.Aliases, 30)
	fill(&l.Tokens, 5000)
	fill(&l.Complexity, 20_000)
	fill(&l.Batch, 10)
	fill(&l.Body, 256<<10)
	fill(&l.Connections, 100)
	fill(&l.Subscriptions, 200)
	fill(&l.Operations, 50)
	fill(&l.InitWait, 10*time.Second)
	fill(&l.Ping, 20*time.Second)
	fill(&l.Write, 30*time.Second)
	return l
}

func fill[N int | int64 | time.Duration](field *N, value N) {
	if *field == 0 {
		*field = value
	}
}

// Errors of documents that ask too much or are not understood.
var (
	errTooDeep       = errs.New(errs.Invalid, "query.too_deep", "The query nests too deeply. Ask for it in several queries.")
	errTooComplex    = errs.New(errs.Invalid, "query.too_complex", "The query asks for too much at once. Ask for smaller pages or fewer fields.")
	errQueryInvalid  = errs.New(errs.Invalid, "query.invalid", "The query does not fit the schema.")
	errSyntax        = errs.New(errs.Invalid, "query.syntax", "The query is not valid GraphQL.")
	errOperation     = errs.New(errs.Invalid, "query.operation_unknown", "The document has several operations or none of this name. Name one of them in operationName.")
	errIntrospection = errs.New(errs.Forbidden, "query.introspection_disabled", "Introspection is open to administrators only.")
	errBatch         = errs.New(errs.Invalid, "query.batch_too_large", "The batch is empty or holds too many operations.")
	errTransport     = errs.New(errs.Invalid, "query.subscription_transport", "Subscriptions need a WebSocket, or `Accept: text/event-stream`.")
	errConnections   = errs.New(errs.RateLimited, "rate.connections", "Too many open connections. Close some of them first.")
	errSubscriptions = errs.New(errs.RateLimited, "rate.subscriptions", "Too many subscriptions. End some of them first.")
)

// listGuess is how many entries a list without paging is taken to have.
const listGuess = 3

// weigh tells gqlgen what lists cost: a page costs its children as often as it may have rows.
func weigh(c *generated.ComplexityRoot) {
	paged := func(child int, first *int, _ *string) int {
		rows := page.DefaultFirst
		if first != nil {
			rows = min(max(*first, 1), page.MaxFirst)
		}
		return 1 + rows*child
	}
	listed := func(child int) int { return 1 + listGuess*child }
	c.Query.Robots = paged
	c.Query.Broadcasts = paged
	c.Query.Accounts = func(child int, _ *string, first *int, after *string) int { return paged(child, first, after) }
	c.Query.Activity = func(child int, from, to time.Time, bucket model.Bucket) int {
		return 1 + int(min(max(to.Sub(from)/toStep(bucket), 1), overview.MaxBuckets))*child
	}
	c.Query.Attention = func(child int, _ *model.Language) int { return listed(child) }
	c.Query.RecentCallbackEvents = func(child int, _ *model.CallbackEventFilter, first *int, after *string) int {
		return paged(child, first, after)
	}
	c.Query.CallbackEventLog = func(child int, _ *model.CallbackEventFilter, first *int, after *string) int {
		return paged(child, first, after)
	}
	c.Account.Sessions = paged
	c.Account.Identities = listed
	c.Broadcast.Deliveries = paged
	c.Delivery.Attempts = listed
}
