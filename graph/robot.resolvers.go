package graph

import (
	"context"

	"github.com/posthouse/posthouse/graph/model"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/secret"
)

func (r *mutationResolver) CreateRobot(ctx context.Context, input model.CreateRobotInput) (*model.CreateRobotPayload, error) {
	made, err := r.services.Robots.Create(ctx, authz.From(ctx), robot.Input{
		Name: input.Name, Webhook: secret.NewText(input.Webhook), Secret: secret.NewText(given(input.Secret)), Keywords: input.Keywords,
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateRobotPayload{Robot: toRobot(made, r.clock.Now())}, nil
}

func (r *queryResolver) Robots(ctx context.Context, first *int, after *string) (*model.RobotConnection, error) {
	p, err := page.NewRequest(first, after)
	if err != nil {
		return nil, err
	}
	rows, err := r.services.Robots.List(ctx, authz.From(ctx), p)
	if err != nil {
		return nil, err
	}
	now := r.clock.Now()
	return &model.RobotConnection{
		Nodes:    convertAll(rows.Items, func(found robot.Robot) *model.Robot { return toRobot(found, now) }),
		PageInfo: toPageInfo(rows, func(found robot.Robot) string { return string(found.ID) }),
	}, nil
}
