package graph

import (
	"context"

	"github.com/posthouse/posthouse/graph/model"
	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/session"
)

// find gives a nil Node, rather than one that holds a nil pointer, together with an error.
func (r *queryResolver) find(ctx context.Context, actor authz.Actor, nodeID string) (model.Node, error) {
	switch id.Prefix(nodeID) {
	case id.AccountPrefix:
		return found(r.services.Accounts.Get(ctx, actor, id.Account(nodeID)))(func(a account.Account) model.Node { return toAccount(a) })
	case id.SessionPrefix:
		return found(r.services.Sessions.Get(ctx, actor, id.Session(nodeID)))(func(s session.Session) model.Node { return toSession(s, actor) })
	case id.RobotPrefix:
		return r.robot(ctx, actor, id.Robot(nodeID))
	case id.BroadcastPrefix:
		return found(r.services.Broadcasts.Get(ctx, actor, id.Broadcast(nodeID)))(func(b broadcast.Broadcast) model.Node { return toBroadcast(b) })
	case id.DeliveryPrefix:
		return r.delivery(ctx, actor, id.Delivery(nodeID))
	case id.EventPrefix:
		return found(r.services.Events.Get(ctx, actor, id.Event(nodeID)))(func(e event.Found) model.Node {
			return toCallbackEvent(e.Event, feed.Cursor{Epoch: e.Epoch, Position: e.Position})
		})
	default:
		return nil, nil
	}
}

func found[T any](value T, err error) func(func(T) model.Node) (model.Node, error) {
	return func(convert func(T) model.Node) (model.Node, error) {
		if err != nil {
			return nil, err
		}
		return convert(value), nil
	}
}

func (r *queryResolver) robot(ctx context.Context, actor authz.Actor, robotID id.Robot) (model.Node, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	robots, err := r.services.Robots.Load(ctx, []id.Robot{robotID})
	if one, ok := robots[robotID]; ok {
		return toRobot(one, r.clock.Now()), nil
	}
	return nil, err
}

func (r *queryResolver) delivery(ctx context.Context, actor authz.Actor, deliveryID id.Delivery) (model.Node, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	deliveries, err := r.services.Broadcasts.LoadDeliveries(ctx, []id.Delivery{deliveryID})
	if one, ok := deliveries[deliveryID]; ok {
		return toDelivery(one), nil
	}
	return nil, err
}
