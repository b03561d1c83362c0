package graph

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/posthouse/posthouse/graph/loader"
	"github.com/posthouse/posthouse/internal/authz"
)

// operation is a request that passed every check that needs no resolver.
type operation struct {
	api *API
	ctx *graphql.OperationContext
}

// prepare finds the operation of a request and checks it, or says why it is refused.
func (a *API) prepare(ctx context.Context, p params) (*operation, *response) {
	remember, err := a.persisted(&p)
	if err != nil {
		return nil, a.presenter.requestError(ctx, err)
	}
	doc, list := a.documents.load(ctx, p.Query)
	if len(list) > 0 {
		return nil, a.refused(ctx, list)
	}
	if remember != "" {
		a.persistedMemo.Set(remember, p.Query, persistedFor)
	}
	op := doc.ast.Operations.ForName(p.OperationName)
	if op == nil {
		return nil, a.presenter.requestError(ctx, errOperation)
	}
	variables, err := validator.VariableValues(a.es.Schema(), op, p.Variables)
	if err != nil {
		return nil, a.presenter.requestError(ctx, variableError(err))
	}
	if a.documents.weight(ctx, doc, op, variables) > a.limits.Complexity {
		return nil, a.presenter.requestError(ctx, errTooComplex)
	}
	introspection := a.mayIntrospect(authz.From(ctx))
	if !introspection && asksForSchema(op.SelectionSet) {
		return nil, a.presenter.requestError(ctx, errIntrospection)
	}
	return &operation{api: a, ctx: &graphql.OperationContext{
		OperationName: p.OperationName, Variables: variables, Extensions: p.Extensions,
		Doc: doc.ast, Operation: op, DisableIntrospection: !introspection, RecoverFunc: a.recovered,
		ResolverMiddleware:     func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) },
		RootResolverMiddleware: func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler { return next(ctx) },
	}}, nil
}

// variableError says in the message which variable is wrong; a path is for places in the answer.
func variableError(err error) error {
	located, ok := errors.AsType[*gqlerror.Error](err)
	if !ok {
		return errQueryInvalid.WithDetail(err.Error())
	}
	return errQueryInvalid.WithDetail(located.Path.String() + ": " + located.Message)
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
			if isIntrospection(s) {
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

func isIntrospection(f *ast.Field) bool { return f.Name == "__schema" || f.Name == "__type" }

func (o *operation) kind() ast.Operation { return o.ctx.Operation.Operation }

// run executes a query or mutation.
func (o *operation) run(ctx context.Context) *response {
	e := o.start(ctx)
	if out := e.next(); out != nil {
		return out
	}
	return o.api.presenter.requestError(ctx, errCancelled)
}

// execution is an operation that runs. It is used by one goroutine at a time.
type execution struct {
	op        *operation
	ctx       context.Context
	responses graphql.ResponseHandler
	ended     bool
}

// start begins the operation under a context. Nothing happens before the first call of next or open.
func (o *operation) start(ctx context.Context) execution {
	return execution{op: o, ctx: graphql.WithOperationContext(ctx, o.ctx)}
}

// respond gives each response an errors list and loaders of its own: what one event of a subscription
// has read may be out of date at the next.
func (e *execution) respond() context.Context {
	ctx := loader.With(e.ctx, &e.op.api.loaders)
	return graphql.WithResponseContext(ctx, e.op.api.present, e.op.api.recovered)
}

// open begins a subscription: once it returns, what happens reaches the subscriber. It gives a response
// only for one that is refused, which is then over.
func (e *execution) open() (refused *response) {
	defer e.recovered(&refused)
	ctx := e.respond()
	e.responses = e.op.api.es.Exec(ctx)
	if list := graphql.GetErrors(ctx); len(list) > 0 {
		e.ended = true
		return &response{errors: list}
	}
	return nil
}

// next gives one response: the only one of a query or mutation, or the next of a subscription, for
// which it waits. Its memory is used again by the following call. Nil ends the subscription. One that is
// refused, and whatever panics, gives errors without data and ends.
func (e *execution) next() (out *response) {
	if e.ended {
		return nil
	}
	if e.responses == nil {
		if refused := e.open(); refused != nil {
			return refused
		}
	}
	defer e.recovered(&out)
	ctx := e.respond()
	r := e.responses(ctx)
	e.ended = r == nil || e.op.kind() != ast.Subscription
	if r == nil {
		return nil
	}
	out = &response{data: r.Data, errors: append(r.Errors, graphql.GetErrors(ctx)...)}
	if out.data == nil {
		out.data = []byte("null")
	}
	return out
}

// recovered catches what panicked outside of resolvers, which gqlgen guards by itself.
func (e *execution) recovered(out **response) {
	if cause := recover(); cause != nil {
		e.ended = true
		*out = e.op.api.presenter.requestError(e.ctx, e.op.api.presenter.recovered(e.ctx, cause))
	}
}
