package authz

import "context"

type actorKey struct{}

// With puts the actor of a request into its context. Only transports do this; services take the actor
// as an argument.
func With(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, &a)
}

// Reserve makes room for the actor of a request, the anonymous one until Fill: whoever finds out who it
// is need not make another context and another request.
func Reserve(ctx context.Context) context.Context { return With(ctx, Actor{}) }

// Fill puts the actor into the room that Reserve made, before anyone else may look; false when there is
// none.
func Fill(ctx context.Context, a Actor) bool {
	room, ok := ctx.Value(actorKey{}).(*Actor)
	if ok {
		*room = a
	}
	return ok
}

// From gives the actor of a request; the anonymous one when nobody was put there.
func From(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(*Actor); ok {
		return *a
	}
	return Actor{}
}
