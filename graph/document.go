package graph

import (
	"context"
	"errors"
	"strings"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/posthouse/posthouse/internal/errs"
)

// What is remembered of documents is bounded in number and in size, because anyone can send them: a
// token costs up to half a kilobyte once it is parsed.
const (
	cachedDocuments = 256
	cachedTokens    = 400
	cachedSize      = 4 << 10
)

// documents parses, bounds and validates queries, and remembers the small ones. Safe for concurrent
// use.
type documents struct {
	es     graphql.ExecutableSchema
	limits Limits
	// suggests lets errors name parts of the schema that were perhaps meant.
	suggests bool
	known    graphql.Cache[*document]
}

// document is a query that is valid and within the limits that do not depend on variables.
type document struct {
	ast *ast.QueryDocument
	// complexity of the operations that take no variables.
	complexity map[*ast.OperationDefinition]int
}

func newDocuments(es graphql.ExecutableSchema, limits Limits, suggests bool) *documents {
	return &documents{es: es, limits: limits, suggests: suggests, known: lru.New[*document](cachedDocuments)}
}

// load gives the document of a query, or why it is refused. It is cheap for a query seen before.
func (d *documents) load(ctx context.Context, query string) (*document, gqlerror.List) {
	if doc, ok := d.known.Get(ctx, query); ok {
		return doc, nil
	}
	source := &ast.Source{Input: query}
	tokens := d.countTokens(source)
	if tokens > d.limits.Tokens {
		return nil, gqlerror.List{refusal(errTooComplex, nil)}
	}
	parsed, err := parser.ParseQuery(source)
	if err != nil {
		return nil, gqlerror.List{syntaxError(err)}
	}
	if len(parsed.Operations) == 0 {
		return nil, gqlerror.List{refusal(errOperation, nil)}
	}
	m := measure{doc: parsed, limits: d.limits}
	if err := m.check(); err != nil {
		return nil, gqlerror.List{refusal(err, nil)}
	}
	if list := validator.ValidateWithRules(d.es.Schema(), parsed, rules.NewDefaultRules()); len(list) > 0 {
		return nil, d.invalid(list, parsed)
	}
	doc := d.weighed(ctx, parsed)
	if tokens <= cachedTokens && len(query) <= cachedSize {
		d.known.Add(ctx, query, doc)
	}
	return doc, nil
}

// countTokens reads no further than one past the limit. Bad tokens are the parser's to report.
func (d *documents) countTokens(source *ast.Source) int {
	tokens := lexer.New(source)
	for n := range d.limits.Tokens {
		token, err := tokens.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return n
		}
	}
	return d.limits.Tokens + 1
}

func (d *documents) weighed(ctx context.Context, parsed *ast.QueryDocument) *document {
	doc := &document{ast: parsed, complexity: map[*ast.OperationDefinition]int{}}
	for _, op := range parsed.Operations {
		if len(op.VariableDefinitions) == 0 {
			doc.complexity[op] = complexity.Calculate(ctx, d.es, op, nil)
		}
	}
	return doc
}

// weight is the complexity of an operation with its variables.
func (d *documents) weight(ctx context.Context, doc *document, op *ast.OperationDefinition, variables map[string]any) int {
	if known, ok := doc.complexity[op]; ok {
		return known
	}
	return complexity.Calculate(ctx, d.es, op, variables)
}

// maxErrors is how many errors of one document are told. Nobody reads more, and a document can have
// thousands.
const maxErrors = 20

// told leaves out what names of the schema would have fitted, where the schema is not for everyone.
func (d *documents) told(message string) string {
	if !d.suggests {
		message, _, _ = strings.Cut(message, " Did you mean")
	}
	return message
}

// invalid is what the validator found, in our words.
func (d *documents) invalid(list gqlerror.List, parsed *ast.QueryDocument) gqlerror.List {
	var out gqlerror.List
	for _, e := range list[:min(len(list), maxErrors)] {
		out = append(out, refusal(errQueryInvalid.WithDetail(hideSecrets(d.told(e.Message), parsed)), e.Locations))
	}
	return out
}

func syntaxError(err error) *gqlerror.Error {
	if located, ok := errors.AsType[*gqlerror.Error](err); ok {
		return refusal(errSyntax.WithDetail(withoutToken(located.Message)), located.Locations)
	}
	return refusal(errSyntax, nil)
}

// refusal is an error of ours at a place in the document.
func refusal(err *errs.Error, at []gqlerror.Location) *gqlerror.Error {
	return &gqlerror.Error{Err: err, Message: err.Message, Locations: at}
}
