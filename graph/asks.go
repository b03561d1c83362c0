package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// asks tells whether the client asks for the field that path leads to from the field being resolved, so
// that what is dear to read is read for those only who want it. Fragments count whatever their type: a
// field asked for on another type is read for nothing, and no harm.
func asks(ctx context.Context, path ...string) bool {
	return selects(graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field.Selections, path)
}

func selects(op *graphql.OperationContext, set ast.SelectionSet, path []string) bool {
	if len(path) == 0 {
		return true
	}
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if s.Name == path[0] && selects(op, s.SelectionSet, path[1:]) {
				return true
			}
		case *ast.InlineFragment:
			if selects(op, s.SelectionSet, path) {
				return true
			}
		case *ast.FragmentSpread:
			if f := op.Doc.Fragments.ForName(s.Name); f != nil && selects(op, f.SelectionSet, path) {
				return true
			}
		}
	}
	return false
}
