package graph

import (
	"context"

	"github.com/posthouse/posthouse/graph/model"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/page"
)

func (r *queryResolver) CallbackEventLog(ctx context.Context, filter *model.CallbackEventFilter, first *int, after *string) (*model.CallbackEventConnection, error) {
	size, err := page.NewRequest(first, nil)
	if err != nil {
		return nil, err
	}
	from, err := cursor(after)
	if err != nil {
		return nil, err
	}
	history, err := r.services.Events.List(ctx, authz.From(ctx), fromFilter(filter), size.First, from)
	if err != nil {
		return nil, err
	}
	out := &model.CallbackEventConnection{
		Nodes: convertAll(history.Items, func(e event.Event) *model.CallbackEvent {
			return toCallbackEvent(e, feed.Cursor{Epoch: history.Epoch, Position: e.Position})
		}),
		PageInfo: &model.PageInfo{HasNextPage: history.HasNext},
	}
	if n := len(out.Nodes); n > 0 {
		out.PageInfo.EndCursor = &out.Nodes[n-1].Cursor
	}
	return out, nil
}

func (r *subscriptionResolver) CallbackEvents(ctx context.Context, filter *model.CallbackEventFilter, after *string) (<-chan model.CallbackEventFeed, error) {
	from, err := cursor(after)
	if err != nil {
		return nil, err
	}
	return event.Subscribe(ctx, r.services.Events, authz.From(ctx), fromFilter(filter), from, toEventItem)
}
