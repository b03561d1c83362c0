package graph

import (
	"context"

	"github.com/posthouse/posthouse/graph/model"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/login"
)

func (r *mutationResolver) Register(ctx context.Context, input model.RegisterInput) (*model.RegisterPayload, error) {
	done, err := r.services.Login.Register(ctx, authz.From(ctx), login.RegisterInput{
		Username: input.Username, Password: input.Password, Phone: input.Phone,
	})
	if err != nil {
		return nil, err
	}
	return &model.RegisterPayload{Session: toTokenSession(done.Grant), Account: toAccount(done.Account)}, nil
}

func (r *mutationResolver) RequestOtp(ctx context.Context, input model.RequestOtpInput) (*model.RequestOtpPayload, error) {
	issued, err := r.services.Login.RequestOtp(ctx, authz.From(ctx), factor.RequestInput{
		Username: input.Username, Channel: factor.ChannelName(given(input.Channel)),
	})
	if err != nil {
		return nil, err
	}
	return &model.RequestOtpPayload{
		ChallengeID: string(issued.ID), Channel: model.OtpChannel(issued.Channel), Destination: issued.Destination,
		ExpiresAt: issued.ExpiresAt, ResendAt: issued.ResendAt,
	}, nil
}

func (r *mutationResolver) Login(ctx context.Context, input model.LoginInput) (*model.LoginPayload, error) {
	in := login.LoginInput{Username: input.Username, Password: input.Password}
	if input.Otp != nil {
		in.OTP = &login.OTPInput{Challenge: id.Challenge(input.Otp.ChallengeID), Code: input.Otp.Code}
	}
	done, err := r.services.Login.Login(ctx, authz.From(ctx), in)
	if err != nil {
		return nil, err
	}
	return &model.LoginPayload{Session: toTokenSession(done.Grant), Account: toAccount(done.Account)}, nil
}

func (r *mutationResolver) WechatLogin(ctx context.Context, input model.WechatLoginInput) (*model.WechatLoginPayload, error) {
	done, err := r.services.Login.WechatLogin(ctx, authz.From(ctx), login.WechatLoginInput{Code: input.Code, AppID: given(input.AppID)})
	if err != nil {
		return nil, err
	}
	return &model.WechatLoginPayload{
		Session: &model.SkeySession{Skey: done.Grant.Skey, ExpiresAt: done.Grant.ExpiresAt},
		Account: toAccount(done.Account), Created: done.Created,
	}, nil
}

func (r *mutationResolver) RefreshSession(ctx context.Context, input model.RefreshSessionInput) (*model.RefreshSessionPayload, error) {
	grant, err := r.services.Sessions.Refresh(ctx, authz.From(ctx), input.RefreshToken)
	if err != nil {
		return nil, err
	}
	return &model.RefreshSessionPayload{Session: toTokenSession(grant)}, nil
}
