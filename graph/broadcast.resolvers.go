package graph

import (
	"context"

	"github.com/posthouse/posthouse/graph/generated"
	"github.com/posthouse/posthouse/graph/loader"
	"github.com/posthouse/posthouse/graph/model"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

func (r *mutationResolver) Broadcast(ctx context.Context, input model.BroadcastInput) (*model.BroadcastPayload, error) {
	req := broadcast.Request{
		Message: fromMessage(input.Message), Mentions: fromMentions(input.Mentions), Priority: fromPriority(input.Priority),
		SendAt: given(input.SendAt), IdempotencyKey: given(input.IdempotencyKey),
	}
	for _, robot := range input.RobotIds {
		req.Robots = append(req.Robots, id.Robot(robot))
	}
	b, err := r.services.Broadcasts.Create(ctx, authz.From(ctx), req)
	if err != nil {
		return nil, err
	}
	return &model.BroadcastPayload{Broadcast: toBroadcast(b)}, nil
}

func (r *broadcastResolver) Status(ctx context.Context, obj *model.Broadcast) (model.BroadcastStatus, error) {
	state, _, err := loader.From(ctx).States(ctx, id.Broadcast(obj.ID))
	return model.BroadcastStatus(state), err
}

func (r *broadcastResolver) Deliveries(ctx context.Context, obj *model.Broadcast, first *int, after *string) (*model.DeliveryConnection, error) {
	p, err := page.NewRequest(first, after)
	if err != nil {
		return nil, err
	}
	rows, err := r.services.Broadcasts.ListDeliveries(ctx, authz.From(ctx), id.Broadcast(obj.ID), p)
	if err != nil {
		return nil, err
	}
	return &model.DeliveryConnection{
		Nodes:    convertAll(rows.Items, toDelivery),
		PageInfo: toPageInfo(rows, func(d broadcast.Delivery) string { return string(d.ID) }),
	}, nil
}

func (r *deliveryResolver) Robot(ctx context.Context, obj *model.Delivery) (*model.Robot, error) {
	found, ok, err := loader.From(ctx).Robots(ctx, obj.RobotID)
	if err != nil || !ok {
		return nil, err
	}
	return toRobot(found, r.clock.Now()), nil
}

func (r *deliveryResolver) Broadcast(ctx context.Context, obj *model.Delivery) (*model.Broadcast, error) {
	if obj.BroadcastID == "" {
		return nil, nil
	}
	found, ok, err := loader.From(ctx).Broadcasts(ctx, obj.BroadcastID)
	if err != nil || !ok {
		return nil, err
	}
	return toBroadcast(found), nil
}

func (r *deliveryResolver) Attempts(ctx context.Context, obj *model.Delivery) ([]*model.Attempt, error) {
	attempts, _, err := loader.From(ctx).Attempts(ctx, id.Delivery(obj.ID))
	return convertAll(attempts, toAttempt), err
}

func (r *attemptResolver) Remedy(_ context.Context, obj *model.Attempt, language model.Language) (*string, error) {
	return optional(broadcast.Remedy(given(obj.PlatformCode), toLanguage(language))), nil
}

func (r *deliveryUpdateResolver) Delivery(ctx context.Context, obj *model.DeliveryUpdate) (*model.Delivery, error) {
	found, ok, err := loader.From(ctx).Deliveries(ctx, obj.DeliveryID)
	if err != nil {
		return nil, err
	}
	if !ok { // it was deleted since; what the feed knows is still true
		return &model.Delivery{ID: string(obj.DeliveryID), Status: obj.Status}, nil
	}
	return toDelivery(found), nil
}

func (r *subscriptionResolver) DeliveryUpdates(ctx context.Context, after *string) (<-chan model.DeliveryFeed, error) {
	from, err := cursor(after)
	if err != nil {
		return nil, err
	}
	return broadcast.Watch(ctx, r.services.Updates, authz.From(ctx), from, toDeliveryItem)
}

// Attempt implements generated.ResolverRoot.
func (r *Resolver) Attempt() generated.AttemptResolver { return &attemptResolver{r} }

// Broadcast implements generated.ResolverRoot.
func (r *Resolver) Broadcast() generated.BroadcastResolver { return &broadcastResolver{r} }

// Delivery implements generated.ResolverRoot.
func (r *Resolver) Delivery() generated.DeliveryResolver { return &deliveryResolver{r} }

// DeliveryUpdate implements generated.ResolverRoot.
func (r *Resolver) DeliveryUpdate() generated.DeliveryUpdateResolver {
	return &deliveryUpdateResolver{r}
}

type (
	attemptResolver        struct{ *Resolver }
	broadcastResolver      struct{ *Resolver }
	deliveryResolver       struct{ *Resolver }
	deliveryUpdateResolver struct{ *Resolver }
)
