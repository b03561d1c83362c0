package graph

import (
	"github.com/posthouse/posthouse/graph/model"
	"github.com/posthouse/posthouse/internal/broadcast"
)

func toMessage(m broadcast.Message) *model.Message {
	out := &model.Message{}
	if m.Text != nil {
		out.Text = &model.TextMessage{Content: m.Text.Content}
	}
	if m.Markdown != nil {
		out.Markdown = &model.MarkdownMessage{Title: m.Markdown.Title, Text: m.Markdown.Text}
	}
	if m.Link != nil {
		out.Link = &model.LinkMessage{Title: m.Link.Title, Text: m.Link.Text, MessageURL: m.Link.MessageURL, PicURL: optional(m.Link.PicURL)}
	}
	if m.ActionCard != nil {
		out.ActionCard = toActionCard(*m.ActionCard)
	}
	if m.FeedCard != nil {
		out.FeedCard = &model.FeedCardMessage{Links: convertAll(m.FeedCard.Links, func(l broadcast.FeedLink) *model.FeedCardLink {
			return &model.FeedCardLink{Title: l.Title, MessageURL: l.MessageURL, PicURL: l.PicURL}
		})}
	}
	return out
}

func toActionCard(c broadcast.ActionCard) *model.ActionCardMessage {
	out := &model.ActionCardMessage{Title: c.Title, Text: c.Text, Horizontal: c.Horizontal}
	if c.Single != nil {
		out.Single = toButton(*c.Single)
	}
	if len(c.Buttons) > 0 {
		out.Buttons = convertAll(c.Buttons, toButton)
	}
	return out
}

func toButton(b broadcast.Button) *model.Button { return &model.Button{Title: b.Title, URL: b.URL} }

func toMentions(m broadcast.Mentions) *model.Mentions {
	return &model.Mentions{Phones: listed(m.Phones), UserIds: listed(m.UserIDs), All: m.All}
}

// listed is an empty list rather than null.
func listed(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}
