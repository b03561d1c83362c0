package authz

import "context"

type actorKey struct{}

// With puts the actor of a request into its context. Only transports do this; services take the actor
// as an argument.
func With(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, &a)
}

// From gives the actor of a request; the anonymous one when nobody was put there.
func From(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(*Actor); ok {
		return *a
	}
	return Actor{}
}
