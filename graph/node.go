package graph

import (
	"context"

	"github.com/posthouse/posthouse/graph/model"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
)

// find gives the thing of an id. An id of nothing that can be fetched gives nothing.
func (r *queryResolver) find(ctx context.Context, actor authz.Actor, nodeID string) (model.Node, error) {
	switch id.Prefix(nodeID) {
	case id.AccountPrefix:
		a, err := r.services.Accounts.Get(ctx, actor, id.Account(nodeID))
		return unless(err, toAccount(a))
	case id.SessionPrefix:
		s, err := r.services.Sessions.Get(ctx, actor, id.Session(nodeID))
		return unless(err, toSession(s, actor))
	case id.RobotPrefix:
		return r.robot(ctx, actor, id.Robot(nodeID))
	case id.BroadcastPrefix:
		b, err := r.services.Broadcasts.Get(ctx, actor, id.Broadcast(nodeID))
		return unless(err, toBroadcast(b))
	case id.DeliveryPrefix:
		return r.delivery(ctx, actor, id.Delivery(nodeID))
	case id.EventPrefix:
		e, err := r.services.Events.Get(ctx, actor, id.Event(nodeID))
		return unless(err, toCallbackEvent(e.Event, feed.Cursor{Epoch: e.Epoch, Position: e.Position}))
	default:
		return nil, nil
	}
}

// unless gives no node together with an error.
func unless(err error, node model.Node) (model.Node, error) {
	if err != nil {
		return nil, err
	}
	return node, nil
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
