package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/posthouse/posthouse/graph/loader"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
)

// params is what a client asks for, whatever the transport.
type params struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

// operation is a request that passed every check that needs no resolver.
type operation struct {
	api *API
	ctx *graphql.OperationContext
}

// prepare finds the operation of a request and checks it, or says why it is refused.
func (a *API) prepare(ctx context.Context, p params) (*operation, *response) {
	if err := a.persisted(ctx, &p); err != nil {
		return nil, a.presenter.requestError(ctx, err)
	}
	doc, list := a.documents.load(ctx, p.Query)
	if len(list) > 0 {
		return nil, a.refused(ctx, list)
	}
	op := doc.ast.Operations.ForName(p.OperationName)
	if op == nil {
		return nil, a.presenter.requestError(ctx, errOperation)
	}
	variables, err := validator.VariableValues(a.es.Schema(), op, p.Variables)
	if err != nil {
		return nil, a.presenter.requestError(ctx, err)
	}
	if a.documents.weight(ctx, doc, op, variables) > a.limits.Complexity {
		return nil, a.presenter.requestError(ctx, errTooComplex)
	}
	introspection := a.mayIntrospect(authz.From(ctx))
	if !introspection && asksForSchema(op.SelectionSet) {
		return nil, a.presenter.requestError(ctx, errIntrospection)
	}
	now := a.clock.Now()
	return &operation{api: a, ctx: &graphql.OperationContext{
		RawQuery: p.Query, OperationName: p.OperationName, Variables: variables, Extensions: p.Extensions,
		Doc: doc.ast, Operation: op, DisableIntrospection: !introspection,
		RecoverFunc:            a.presenter.recovered,
		ResolverMiddleware:     func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) },
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler { return next(ctx) },
		Stats:                  graphql.Stats{OperationStart: now},
	}}, nil
}

// refused presents the errors of a document.
func (a *API) refused(ctx context.Context, list gqlerror.List) *response {
	out := &response{}
	for _, err := range list {
		out.errors = append(out.errors, a.presenter.present(ctx, err))
	}
	return out
}

// mayIntrospect: everyone in the sandbox, administrators elsewhere.
func (a *API) mayIntrospect(actor authz.Actor) bool {
	return a.introspection || actor.RequireAdmin() == nil
}

func asksForSchema(set ast.SelectionSet) bool {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if s.Name == "__schema" || s.Name == "__type" {
				return true
			}
		case *ast.InlineFragment:
			if asksForSchema(s.SelectionSet) {
				return true
			}
		case *ast.FragmentSpread:
			if s.Definition != nil && asksForSchema(s.Definition.SelectionSet) {
				return true
			}
		}
	}
	return false
}

func (o *operation) kind() ast.Operation { return o.ctx.Operation.Operation }

// run executes a query or mutation.
func (o *operation) run(ctx context.Context) *response {
	next := o.start(ctx)
	if out := next(); out != nil {
		return out
	}
	return o.api.presenter.requestError(ctx, errCancelled)
}

// start begins the operation. Each call of the function it returns gives one response; nil ends a
// subscription. The first response of a refused subscription has errors and no data.
func (o *operation) start(ctx context.Context) func() *response {
	ctx = graphql.WithOperationContext(ctx, o.ctx)
	ctx = loader.With(ctx, o.api.loaders)
	first := graphql.WithResponseContext(ctx, o.api.presenter.present, o.api.presenter.recovered)
	responses := o.api.es.Exec(first)
	if list := graphql.GetErrors(first); len(list) > 0 && o.kind() == ast.Subscription {
		return once(&response{errors: list})
	}
	if o.kind() != ast.Subscription {
		return once(gather(first, responses(first)))
	}
	return func() *response {
		each := graphql.WithResponseContext(ctx, o.api.presenter.present, o.api.presenter.recovered)
		return gather(each, responses(each))
	}
}

func gather(ctx context.Context, r *graphql.Response) *response {
	if r == nil {
		return nil
	}
	out := &response{data: r.Data, errors: append(r.Errors, graphql.GetErrors(ctx)...)}
	if out.data == nil {
		out.data = []byte("null")
	}
	return out
}

func once(r *response) func() *response {
	return func() *response {
		out := r
		r = nil
		return out
	}
}

// writeDeadline is until when a peer must have taken a message. The operating system keeps it, so it is
// always the machine's own time.
func (a *API) writeDeadline() time.Time { return clock.Real().Now().Add(a.limits.Write) }
