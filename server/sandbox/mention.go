package sandbox

import (
	"slices"
	"strings"
)

// mostMentions is how many people one message may mention (protocols.md §1.5).
const mostMentions = 50

// Mentions says whom a message mentioned. The first three fields are the
// message's at object as it was sent.
type Mentions struct {
	AtMobiles []string `json:"atMobiles"`
	AtUserIDs []string `json:"atUserIds"`
	IsAtAll   bool     `json:"isAtAll"`
	// NotifiedUserIDs are the members of the group who are notified. Mobiles
	// and userids of nobody in the group notify nobody.
	NotifiedUserIDs []string `json:"notifiedUserIds"`
	// ShownUserIDs are those whose mention is visible: the text itself must
	// contain @mobile or @userId.
	ShownUserIDs []string `json:"shownUserIds"`
}

func (m Mentions) clone() Mentions {
	m.AtMobiles = slices.Clone(m.AtMobiles)
	m.AtUserIDs = slices.Clone(m.AtUserIDs)
	m.NotifiedUserIDs = slices.Clone(m.NotifiedUserIDs)
	m.ShownUserIDs = slices.Clone(m.ShownUserIDs)
	return m
}

// resolve fills in who is notified and who is shown, as the msgtype has it:
// text and markdown use the at object, an actionCard only what its text says,
// link and feedCard mention nobody (protocols.md §1.5).
func (c company) resolve(at Mentions, msgtype, text string) Mentions {
	at.AtMobiles = orEmpty(at.AtMobiles)
	at.AtUserIDs = orEmpty(at.AtUserIDs)
	at.NotifiedUserIDs = []string{}
	at.ShownUserIDs = []string{}
	notify := func(u *User, shown bool) {
		if !slices.Contains(at.NotifiedUserIDs, u.UserID) {
			at.NotifiedUserIDs = append(at.NotifiedUserIDs, u.UserID)
		}
		if shown && !slices.Contains(at.ShownUserIDs, u.UserID) {
			at.ShownUserIDs = append(at.ShownUserIDs, u.UserID)
		}
	}
	switch msgtype {
	case "text", "markdown":
		for _, mobile := range at.AtMobiles {
			if u := c.byMobile[bareMobile(mobile)]; u != nil {
				notify(u, strings.Contains(text, "@"+mobile))
			}
		}
		for _, id := range at.AtUserIDs {
			if u := c.byID[id]; u != nil {
				notify(u, strings.Contains(text, "@"+id))
			}
		}
		if at.IsAtAll {
			for i := range c.users {
				notify(&c.users[i], false)
			}
		}
	case "actionCard":
		if !strings.Contains(text, "@") {
			break
		}
		for i := range c.users {
			if containsMention(text, c.users[i].UserID) {
				notify(&c.users[i], true)
			}
		}
	}
	return at
}

// containsMention finds @id where it is not the beginning of a longer id.
func containsMention(text, id string) bool {
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "@"+id)
		if !ok {
			return false
		}
		if after == "" || !isIDByte(after[0]) {
			return true
		}
		rest = after
	}
}

func isIDByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == '-'
}

// bareMobile takes the country code of China off a phone number.
func bareMobile(mobile string) string {
	mobile = strings.TrimPrefix(mobile, "+")
	if rest, ok := strings.CutPrefix(mobile, "86-"); ok {
		return rest
	}
	if len(mobile) == 13 {
		return strings.TrimPrefix(mobile, "86")
	}
	return mobile
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
