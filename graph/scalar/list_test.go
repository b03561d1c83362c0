package scalar_test

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/posthouse/posthouse/graph/scalar"
)

func responding() context.Context {
	return graphql.WithResponseContext(context.Background(), graphql.DefaultErrorPresenter,
		func(context.Context, any) error { return errors.New("recovered") })
}

func TestAListIsWrittenInOrderAndKnowsItsPlaces(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]string{0: `[]`, 1: `["0"]`, 3: `["0","1","2"]`} {
		list := scalar.MarshalSlice(responding(), length, 0, false, func(ctx context.Context, _ int) graphql.Marshaler {
			return graphql.MarshalString(strconv.Itoa(*graphql.GetFieldContext(ctx).Index))
		})
		var got bytes.Buffer
		list.MarshalGQL(&got)
		if got.String() != want {
			t.Errorf("%d elements: %s, want %s", length, got.String(), want)
		}
	}
}

func TestAPanicCostsTheList(t *testing.T) {
	t.Parallel()
	ctx := responding()
	list := scalar.MarshalSlice(ctx, 3, 0, false, func(_ context.Context, i int) graphql.Marshaler {
		if i == 1 {
			panic("in an element")
		}
		return graphql.Null
	})
	if list != nil {
		t.Errorf("the list is %v", list)
	}
	if errs := graphql.GetErrors(ctx); len(errs) != 1 || errs[0].Message != "recovered" {
		t.Errorf("errors: %v", errs)
	}
}
