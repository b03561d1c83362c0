package broadcast

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of our own that the platform does not state: far beyond use, and they keep work bounded.
const (
	maxButtons = 50
	maxLinks   = 50
	maxURL     = 4096 // bytes
)

// Notes about a field at fault, for people of both languages.
const (
	fieldRequired   = "required · 必填"
	fieldInvalid    = "not valid · 无效"
	fieldCharacters = "has characters that cannot be shown · 含有无法显示的字符"
	fieldURL        = "wants an http, https or dingtalk URL · 需要 http、https 或 dingtalk 链接"
	fieldOneOf      = "exactly one is wanted · 必须且只能选择一种"
	fieldButtons    = "either one button for the whole card or 1–50 buttons · 整卡一个按钮，或 1–50 个按钮，二选一"
	fieldLinks      = "1–50"
)

// checkMessage tells what is missing or wrong in a message (protocols.md §1.4). Reason:
// broadcast.message_invalid with the field at fault.
func checkMessage(m Message) error {
	c := checker{}
	kinds := 0
	if m.Text != nil {
		kinds++
		c.text("message.text.content", m.Text.Content)
	}
	if m.Markdown != nil {
		kinds++
		c.line("message.markdown.title", m.Markdown.Title)
		c.text("message.markdown.text", m.Markdown.Text)
	}
	if m.Link != nil {
		kinds++
		c.link(*m.Link)
	}
	if m.ActionCard != nil {
		kinds++
		c.actionCard(*m.ActionCard)
	}
	if m.FeedCard != nil {
		kinds++
		c.feedCard(*m.FeedCard)
	}
	if kinds != 1 {
		return ErrMessageInvalid.WithField("message", fieldOneOf)
	}
	return c.err()
}

// checker collects every fault of a message, so that a person mends them in one go.
type checker struct {
	faults map[string]string
}

func (c *checker) fault(field, note string) {
	if c.faults == nil {
		c.faults = map[string]string{}
	}
	if _, there := c.faults[field]; !there {
		c.faults[field] = note
	}
}

func (c *checker) err() error {
	if len(c.faults) == 0 {
		return nil
	}
	e := *ErrMessageInvalid
	e.Fields = c.faults
	return &e
}

// text wants something to read; it may have many lines.
func (c *checker) text(field, value string) { c.words(field, value, "\n\r\t") }

// line wants something to read on one line.
func (c *checker) line(field, value string) { c.words(field, value, "") }

func (c *checker) words(field, value, allowed string) {
	switch {
	case strings.TrimSpace(value) == "":
		c.fault(field, fieldRequired)
	case !utf8.ValidString(value) || hasControls(value, allowed):
		c.fault(field, fieldCharacters)
	}
}

func (c *checker) url(field, value string) {
	if value == "" {
		c.fault(field, fieldRequired)
		return
	}
	if !openable(value) {
		c.fault(field, fieldURL)
	}
}

func (c *checker) link(l Link) {
	c.line("message.link.title", l.Title)
	c.text("message.link.text", l.Text)
	c.url("message.link.messageUrl", l.MessageURL)
	if l.PicURL != "" {
		c.url("message.link.picUrl", l.PicURL)
	}
}

func (c *checker) actionCard(a ActionCard) {
	c.line("message.actionCard.title", a.Title)
	c.text("message.actionCard.text", a.Text)
	if (a.Single != nil) == (len(a.Buttons) > 0) || len(a.Buttons) > maxButtons {
		// The platform would silently drop the buttons when both are there.
		c.fault("message.actionCard.buttons", fieldButtons)
		return
	}
	if a.Single != nil {
		c.line("message.actionCard.single.title", a.Single.Title)
		c.url("message.actionCard.single.url", a.Single.URL)
	}
	for i, b := range a.Buttons {
		at := fmt.Sprintf("message.actionCard.buttons.%d.", i)
		c.line(at+"title", b.Title)
		c.url(at+"url", b.URL)
	}
}

func (c *checker) feedCard(f FeedCard) {
	if len(f.Links) == 0 || len(f.Links) > maxLinks {
		c.fault("message.feedCard.links", fieldLinks)
		return
	}
	for i, l := range f.Links {
		at := fmt.Sprintf("message.feedCard.links.%d.", i)
		c.line(at+"title", l.Title)
		c.url(at+"messageUrl", l.MessageURL)
		c.url(at+"picUrl", l.PicURL)
	}
}

// openable tells whether DingTalk opens the URL: web pages and its own pages, nothing that runs code
// or reads files.
func openable(raw string) bool {
	if len(raw) > maxURL || !utf8.ValidString(raw) || strings.ContainsFunc(raw, unicode.IsSpace) || hasControls(raw, "") {
		return false
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return false
	}
	scheme := strings.ToLower(u.Scheme)
	return scheme == "http" || scheme == "https" || scheme == "dingtalk"
}

// hasControls tells whether s has control characters other than the allowed ones.
func hasControls(s, allowed string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !strings.ContainsRune(allowed, r)
	})
}
