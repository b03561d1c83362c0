package graph

import (
	"context"

	"github.com/posthouse/posthouse/graph/generated"
	"github.com/posthouse/posthouse/graph/model"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/session"
)

func (r *queryResolver) Viewer(ctx context.Context) (*model.Account, error) {
	actor := authz.From(ctx)
	if err := actor.RequireAccount(); err != nil {
		return nil, err
	}
	viewer, err := r.services.Accounts.Current(ctx, actor.Account)
	if err != nil {
		return nil, err
	}
	return toAccount(viewer), nil
}

func (r *accountResolver) Identities(ctx context.Context, obj *model.Account) ([]*model.Identity, error) {
	identities, err := r.services.Accounts.Identities(ctx, authz.From(ctx), id.Account(obj.ID))
	return convertAll(identities, toIdentity), err
}

func (r *accountResolver) Sessions(ctx context.Context, obj *model.Account, first *int, after *string) (*model.SessionConnection, error) {
	p, err := page.NewRequest(first, after)
	if err != nil {
		return nil, err
	}
	actor := authz.From(ctx)
	rows, err := r.services.Sessions.ListLive(ctx, actor, id.Account(obj.ID), p)
	if err != nil {
		return nil, err
	}
	return &model.SessionConnection{
		Nodes:    convertAll(rows.Items, func(s session.Session) *model.Session { return toSession(s, actor) }),
		PageInfo: toPageInfo(rows, func(s session.Session) string { return string(s.ID) }),
	}, nil
}

// Account implements generated.ResolverRoot.
func (r *Resolver) Account() generated.AccountResolver { return &accountResolver{r} }

type accountResolver struct{ *Resolver }
