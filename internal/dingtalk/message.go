package dingtalk

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/posthouse/posthouse/internal/broadcast"
)

// The wire form of a robot message (protocols.md §1.4). DingTalk spells the URL fields differently in
// every type, and refuses or ignores the other spellings: link has messageUrl and picUrl, actionCard
// singleURL and actionURL, feedCard messageURL and picURL.
type (
	wireMessage struct {
		MsgType    string          `json:"msgtype"`
		Text       *wireText       `json:"text,omitempty"`
		Markdown   *wireMarkdown   `json:"markdown,omitempty"`
		Link       *wireLink       `json:"link,omitempty"`
		ActionCard *wireActionCard `json:"actionCard,omitempty"`
		FeedCard   *wireFeedCard   `json:"feedCard,omitempty"`
		At         *wireAt         `json:"at,omitempty"`
		MsgUUID    string          `json:"msgUuid,omitempty"`
	}
	wireText struct {
		Content string `json:"content"`
	}
	wireMarkdown struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	}
	wireLink struct {
		Title      string `json:"title"`
		Text       string `json:"text"`
		MessageURL string `json:"messageUrl"`
		PicURL     string `json:"picUrl,omitempty"`
	}
	wireActionCard struct {
		Title          string       `json:"title"`
		Text           string       `json:"text"`
		SingleTitle    string       `json:"singleTitle,omitempty"`
		SingleURL      string       `json:"singleURL,omitempty"`
		BtnOrientation string       `json:"btnOrientation"`
		Btns           []wireButton `json:"btns,omitempty"`
	}
	wireButton struct {
		Title     string `json:"title"`
		ActionURL string `json:"actionURL"`
	}
	wireFeedCard struct {
		Links []wireFeedLink `json:"links"`
	}
	wireFeedLink struct {
		Title      string `json:"title"`
		MessageURL string `json:"messageURL"`
		PicURL     string `json:"picURL"`
	}
	wireAt struct {
		AtMobiles []string `json:"atMobiles,omitempty"`
		AtUserIDs []string `json:"atUserIds,omitempty"`
		IsAtAll   bool     `json:"isAtAll"`
	}
)

var errNoContent = errors.New("dingtalk: the message has no content")

// encodeMessage gives the request body. HTML characters stay as they are: escaped they would take six
// bytes each of the platform's 20,000.
func encodeMessage(m broadcast.Message, mentions broadcast.Mentions, msgUUID string) ([]byte, error) {
	w, err := toWire(m, mentions)
	if err != nil {
		return nil, err
	}
	w.MsgUUID = msgUUID
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(w); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func toWire(m broadcast.Message, mentions broadcast.Mentions) (wireMessage, error) {
	who := normalise(mentions)
	switch {
	case m.Text != nil:
		text := mentionIn(m.Text.Content, "\n", who.names())
		return wireMessage{MsgType: "text", Text: &wireText{text}, At: who.at()}, nil
	case m.Markdown != nil:
		text := mentionIn(m.Markdown.Text, "\n\n", who.names())
		return wireMessage{MsgType: "markdown", Markdown: &wireMarkdown{m.Markdown.Title, text}, At: who.at()}, nil
	case m.Link != nil:
		return wireMessage{MsgType: "link", Link: &wireLink{m.Link.Title, m.Link.Text, m.Link.MessageURL, m.Link.PicURL}}, nil
	case m.ActionCard != nil:
		return wireMessage{MsgType: "actionCard", ActionCard: toWireCard(*m.ActionCard, who)}, nil
	case m.FeedCard != nil:
		return wireMessage{MsgType: "feedCard", FeedCard: toWireFeed(*m.FeedCard)}, nil
	}
	return wireMessage{}, errNoContent
}

// toWireCard writes mentions into the text, the only way an action card knows, and by user id only: a
// phone number would stand there for all to read and notify nobody (protocols.md §1.5).
func toWireCard(c broadcast.ActionCard, who people) *wireActionCard {
	w := &wireActionCard{Title: c.Title, Text: mentionIn(c.Text, "\n\n", who.UserIDs), BtnOrientation: "0"}
	if c.Horizontal {
		w.BtnOrientation = "1"
	}
	if c.Single != nil {
		w.SingleTitle, w.SingleURL = c.Single.Title, c.Single.URL
		return w // beside a single button the platform ignores btns
	}
	for _, b := range c.Buttons {
		w.Btns = append(w.Btns, wireButton{b.Title, b.URL})
	}
	return w
}

func toWireFeed(c broadcast.FeedCard) *wireFeedCard {
	w := &wireFeedCard{Links: make([]wireFeedLink, len(c.Links))}
	for i, l := range c.Links {
		w.Links[i] = wireFeedLink{l.Title, l.MessageURL, l.PicURL}
	}
	return w
}

// people are mentions in the platform's words, each person once.
type people struct{ broadcast.Mentions }

func normalise(m broadcast.Mentions) people {
	var n people
	n.All = m.All
	for _, phone := range m.Phones {
		n.Phones = addOnce(n.Phones, platformPhone(phone))
	}
	for _, user := range m.UserIDs {
		n.UserIDs = addOnce(n.UserIDs, strings.TrimSpace(user))
	}
	return n
}

func addOnce(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// platformPhone writes a mainland number as DingTalk knows it, eleven digits, and leaves others alone.
func platformPhone(phone string) string {
	bare := strings.NewReplacer(" ", "", "-", "").Replace(phone)
	if national, ok := strings.CutPrefix(bare, "+86"); ok && len(national) == 11 {
		return national
	}
	return bare
}

func (m people) at() *wireAt {
	if m.Empty() {
		return nil
	}
	return &wireAt{AtMobiles: m.Phones, AtUserIDs: m.UserIDs, IsAtAll: m.All}
}

func (m people) names() []string { return slices.Concat(m.Phones, m.UserIDs) }

// mentionIn appends to text the mentions it does not contain: a person named only in the at object is
// not shown, and in markdown not even notified (protocols.md §1.5).
func mentionIn(text, separator string, names []string) string {
	var missing []string
	for _, name := range names {
		if !isMentioned(text, name) {
			missing = append(missing, "@"+name)
		}
	}
	if len(missing) == 0 {
		return text
	}
	if text != "" {
		text += separator
	}
	return text + strings.Join(missing, " ")
}

// isMentioned tells whether text has @name as a whole: @1380013 is not in @13800138000.
func isMentioned(text, name string) bool {
	for rest := text; ; {
		at := strings.Index(rest, "@"+name)
		if at < 0 {
			return false
		}
		rest = rest[at+1+len(name):]
		if rest == "" || !partOfName(rest[0]) {
			return true
		}
	}
}

func partOfName(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}
