package scalar

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalSlice writes the elements of a list one after the other, in the place of gqlgen's function of
// the same arguments, which starts a goroutine for each: nothing here waits for another element of its
// list, since loaders read for all of them at once. A panic costs the list and is reported as an error
// of the element.
func MarshalSlice(ctx context.Context, length int, _ int64, _ bool, marshalElement func(ctx context.Context, i int) graphql.Marshaler) graphql.Array {
	list := make(graphql.Array, length)
	for i := range list {
		at := graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i})
		var whole bool
		if list[i], whole = element(at, i, marshalElement); !whole {
			return nil
		}
	}
	return list
}

func element(ctx context.Context, i int, marshal func(ctx context.Context, i int) graphql.Marshaler) (m graphql.Marshaler, whole bool) {
	defer func() {
		if cause := recover(); cause != nil {
			graphql.AddError(ctx, graphql.Recover(ctx, cause))
			whole = false
		}
	}()
	return marshal(ctx, i), true
}
