package graph

import (
	"time"

	"github.com/posthouse/posthouse/graph/model"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/login"
	"github.com/posthouse/posthouse/internal/overview"
)

func toFactors(factors []login.FactorName) []model.LoginFactor {
	out := make([]model.LoginFactor, len(factors))
	for i, f := range factors {
		out[i] = model.LoginFactor(f)
	}
	return out
}

// toStep is the length of a bucket.
func toStep(b model.Bucket) time.Duration {
	if b == model.BucketHour {
		return time.Hour
	}
	return 24 * time.Hour
}

func toActivityBucket(b overview.Bucket) *model.ActivityBucket {
	return &model.ActivityBucket{At: b.At, Events: b.Events, DeliveriesSent: b.Sent, DeliveriesFailed: b.Failed, SignIns: b.SignIns}
}

func toAttention(a overview.Attention, now time.Time) *model.Attention {
	out := &model.Attention{Kind: model.AttentionKind(a.Kind), Message: a.Message, Remedy: optional(a.Remedy), Count: a.Count, At: a.At}
	if a.Robot != nil {
		out.Robot = toRobot(*a.Robot, now)
	}
	if a.Delivery != nil {
		out.Delivery = toDelivery(*a.Delivery)
	}
	return out
}

func toHistory(h event.History) *model.CallbackEventConnection {
	out := &model.CallbackEventConnection{
		Nodes: convertAll(h.Items, func(e event.Event) *model.CallbackEvent {
			return toCallbackEvent(e, feed.Cursor{Epoch: h.Epoch, Position: e.Position})
		}),
		PageInfo: &model.PageInfo{HasNextPage: h.HasNext},
		Newest:   feed.Cursor{Epoch: h.Epoch, Position: h.Newest}.String(),
	}
	if n := len(out.Nodes); n > 0 {
		out.PageInfo.EndCursor = &out.Nodes[n-1].Cursor
	}
	return out
}
