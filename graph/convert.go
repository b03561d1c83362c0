package graph

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/graph/model"
	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/request"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/session"
)

// optional is nil for the empty string: the API says null where nothing is known.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// given is the value of an optional argument, or the zero value.
func given[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func toAccount(a account.Account) *model.Account {
	out := &model.Account{
		ID: string(a.ID), Username: optional(a.Username), Phone: optional(a.Phone), CreatedAt: a.CreatedAt, SuspendedAt: optionalTime(a.SuspendedAt),
		Roles: make([]model.Role, len(a.Roles)),
	}
	for i, r := range a.Roles {
		out.Roles[i] = model.Role(r)
	}
	return out
}

func toIdentity(i account.Identity) *model.Identity {
	return &model.Identity{Provider: model.IdentityProvider(i.Provider), Realm: i.Realm, Subject: i.Subject, CreatedAt: i.CreatedAt}
}

func toSession(s session.Session, viewer authz.Actor) *model.Session {
	return &model.Session{
		ID: string(s.ID), Kind: model.SessionKind(s.Kind), CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt,
		ExpiresAt: s.ExpiresAt, Address: s.Address, UserAgent: s.UserAgent, Current: s.ID == viewer.Session,
		EndedAt: optionalTime(s.EndedAt),
	}
}

func toTokenSession(g session.Grant) *model.TokenSession {
	return &model.TokenSession{AccessToken: g.AccessToken, RefreshToken: g.RefreshToken, ExpiresAt: g.ExpiresAt}
}

func toRobot(r robot.Robot, now time.Time) *model.Robot {
	out := &model.Robot{ID: string(r.ID), Name: r.Name, Keywords: r.Keywords, HasSecret: r.SealedSecret != "", CreatedAt: r.CreatedAt}
	if out.Keywords == nil {
		out.Keywords = []string{}
	}
	if r.BlockedUntil.After(now) {
		out.BlockedUntil = &r.BlockedUntil
	}
	return out
}

func toBroadcast(b broadcast.Broadcast) *model.Broadcast {
	return &model.Broadcast{
		ID: string(b.ID), Priority: toPriority(b.Priority), CreatedAt: b.CreatedAt, SendAt: b.SendAt, AuthorID: b.Author,
		Message: toMessage(b.Message), Mentions: toMentions(b.Mentions),
	}
}

func toPriority(p broadcast.Priority) model.Priority {
	switch p {
	case broadcast.Urgent:
		return model.PriorityUrgent
	case broadcast.Bulk:
		return model.PriorityBulk
	default:
		return model.PriorityNormal
	}
}

func fromPriority(p model.Priority) broadcast.Priority {
	switch p {
	case model.PriorityUrgent:
		return broadcast.Urgent
	case model.PriorityBulk:
		return broadcast.Bulk
	default:
		return broadcast.Normal
	}
}

func toDelivery(d broadcast.Delivery) *model.Delivery {
	out := &model.Delivery{ID: string(d.ID), Status: model.DeliveryStatus(d.Status), RobotID: d.Robot, BroadcastID: d.Broadcast}
	if !d.Status.Final() {
		out.NextAttemptAt = optionalTime(d.NextAttemptAt)
	}
	return out
}

func toAttempt(a broadcast.Attempt) *model.Attempt {
	return &model.Attempt{
		At: a.StartedAt, EndedAt: optionalTime(a.EndedAt), Outcome: model.AttemptOutcome(a.Outcome),
		PlatformCode: optional(a.PlatformCode), PlatformMessage: optional(a.PlatformMessage),
	}
}

// toLanguage is the language asked for, or else the request's.
func toLanguage(ctx context.Context, l *model.Language) broadcast.Language {
	switch given(l) {
	case model.LanguageEn:
		return broadcast.Language(request.English)
	case model.LanguageZhCn:
		return broadcast.Language(request.Chinese)
	default:
		return broadcast.Language(request.From(ctx).Language)
	}
}

func toPageInfo[T any](p page.Of[T], key func(T) string) *model.PageInfo {
	info := &model.PageInfo{HasNextPage: p.HasNext}
	if len(p.Items) > 0 {
		end := page.EncodeCursor(key(p.Items[len(p.Items)-1]))
		info.EndCursor = &end
	}
	return info
}

func convertAll[T any, M any](items []T, convert func(T) *M) []*M {
	out := make([]*M, len(items))
	for i, item := range items {
		out[i] = convert(item)
	}
	return out
}

func toCallbackEvent(e event.Event, at feed.Cursor) *model.CallbackEvent {
	return &model.CallbackEvent{
		Cursor: at.String(), ID: string(e.ID), App: e.App, Type: e.Type, CorpID: optional(e.CorpID),
		OccurredAt: optionalTime(e.OccurredAt), ReceivedAt: e.ReceivedAt, Payload: e.Payload, PayloadBytes: e.PayloadBytes,
	}
}

func toEventItem(i feed.Item[event.Event]) model.CallbackEventFeed {
	switch i.Kind {
	case feed.Lagged:
		return &model.FeedLagged{Cursor: i.Cursor.String()}
	case feed.Reset:
		return &model.FeedReset{Cursor: i.Cursor.String()}
	default:
		return toCallbackEvent(i.Value, i.Cursor)
	}
}

func toDeliveryItem(i feed.Item[broadcast.Update]) model.DeliveryFeed {
	switch i.Kind {
	case feed.Lagged:
		return &model.FeedLagged{Cursor: i.Cursor.String()}
	case feed.Reset:
		return &model.FeedReset{Cursor: i.Cursor.String()}
	default:
		return &model.DeliveryUpdate{
			Cursor: i.Cursor.String(), DeliveryID: i.Value.Delivery, Status: model.DeliveryStatus(i.Value.Status), At: i.Value.At,
		}
	}
}

func fromFilter(f *model.CallbackEventFilter) event.Filter {
	if f == nil {
		return event.Filter{}
	}
	return event.Filter{Types: f.Types, CorpID: given(f.CorpID)}
}

func fromMentions(m *model.MentionsInput) broadcast.Mentions {
	if m == nil {
		return broadcast.Mentions{}
	}
	return broadcast.Mentions{Phones: m.Phones, UserIDs: m.UserIds, All: m.All}
}

func fromMessage(m *model.MessageInput) broadcast.Message {
	var out broadcast.Message
	if m.Text != nil {
		out.Text = &broadcast.Text{Content: m.Text.Content}
	}
	if m.Markdown != nil {
		out.Markdown = &broadcast.Markdown{Title: m.Markdown.Title, Text: m.Markdown.Text}
	}
	if m.Link != nil {
		out.Link = &broadcast.Link{Title: m.Link.Title, Text: m.Link.Text, MessageURL: m.Link.MessageURL, PicURL: given(m.Link.PicURL)}
	}
	if m.ActionCard != nil {
		out.ActionCard = fromActionCard(*m.ActionCard)
	}
	if m.FeedCard != nil {
		out.FeedCard = &broadcast.FeedCard{}
		for _, l := range m.FeedCard.Links {
			out.FeedCard.Links = append(out.FeedCard.Links, broadcast.FeedLink{Title: l.Title, MessageURL: l.MessageURL, PicURL: l.PicURL})
		}
	}
	return out
}

func fromActionCard(c model.ActionCardInput) *broadcast.ActionCard {
	out := &broadcast.ActionCard{Title: c.Title, Text: c.Text, Horizontal: c.Horizontal}
	if c.Single != nil {
		out.Single = &broadcast.Button{Title: c.Single.Title, URL: c.Single.URL}
	}
	for _, b := range c.Buttons {
		out.Buttons = append(out.Buttons, broadcast.Button{Title: b.Title, URL: b.URL})
	}
	return out
}
