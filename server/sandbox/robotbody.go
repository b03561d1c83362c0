package sandbox

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// robotMessage is a webhook body that holds.
type robotMessage struct {
	msgtype string
	body    json.RawMessage // the object under the msgtype's key, compact
	content map[string]any  // the same, read
	text    string          // where mentions are looked for
	at      Mentions
	uuid    string
}

// parseRobotBody reads the body of robot/send. Field names are compared by the
// letter: link's messageUrl, actionCard's actionURL and feedCard's messageURL
// are three different spellings (protocols.md §1.4), and encoding/json's struct
// tags would take one for the other. Fields the platform does not know are
// ignored.
func parseRobotBody(body []byte) (robotMessage, *refusal) {
	var top map[string]json.RawMessage
	if !utf8.Valid(body) || json.Unmarshal(body, &top) != nil || top == nil {
		return robotMessage{}, &refusal{codeParameter, "缺少参数 json"}
	}
	msgtype, ok := stringField(top["msgtype"])
	if !ok || msgtype == "" {
		return robotMessage{}, missing("msgtype")
	}
	check, ok := map[string]func(map[string]any) string{
		"text": checkText, "link": checkLink, "markdown": checkMarkdown,
		"actionCard": checkActionCard, "feedCard": checkFeedCard,
	}[msgtype]
	if !ok {
		return robotMessage{}, &refusal{codeMsgtype, errcodeText(codeMsgtype)}
	}
	msg := robotMessage{msgtype: msgtype}
	raw := top[msgtype]
	if json.Unmarshal(raw, &msg.content) != nil || msg.content == nil {
		return robotMessage{}, missing(msgtype)
	}
	if field := check(msg.content); field != "" {
		return robotMessage{}, missing(msgtype + "." + field)
	}
	if msg.uuid, ok = stringField(top["msgUuid"]); !ok {
		return robotMessage{}, missing("msgUuid")
	}
	var no *refusal
	if msg.at, no = parseAt(top["at"]); no != nil {
		return robotMessage{}, no
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return robotMessage{}, missing(msgtype)
	}
	msg.body = compact.Bytes()
	msg.text = textOf(msgtype, msg.content)
	return msg, nil
}

func missing(field string) *refusal { return &refusal{codeParameter, "缺少参数 " + field} }

// stringField reads an optional string. An absent or null one is empty; anything
// but a string is not ok.
func stringField(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 {
		return "", true
	}
	var s *string
	if json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	if s == nil {
		return "", true
	}
	return *s, true
}

// textOf is where a visible mention must stand.
func textOf(msgtype string, content map[string]any) string {
	key := map[string]string{"text": "content", "markdown": "text", "actionCard": "text"}[msgtype]
	text, _ := content[key].(string)
	return text
}

// The checks answer the first field that is missing or of the wrong type.

func checkText(m map[string]any) string { return require(m, "content") }

func checkMarkdown(m map[string]any) string { return require(m, "title", "text") }

func checkLink(m map[string]any) string {
	if field := require(m, "title", "text", "messageUrl"); field != "" {
		return field
	}
	return optional(m, "picUrl")
}

func checkActionCard(m map[string]any) string {
	if field := require(m, "title", "text"); field != "" {
		return field
	}
	for _, flag := range []string{"btnOrientation", "hideAvatar"} {
		switch m[flag] {
		case nil, "", "0", "1":
		default:
			return flag
		}
	}
	if field := optional(m, "singleTitle", "singleURL"); field != "" {
		return field
	}
	// With both single fields set the buttons are ignored (protocols.md §1.4).
	if require(m, "singleTitle", "singleURL") == "" {
		return ""
	}
	buttons, _ := m["btns"].([]any)
	if len(buttons) == 0 {
		if m["singleTitle"] != nil && m["singleTitle"] != "" {
			return "singleURL"
		}
		if m["singleURL"] != nil && m["singleURL"] != "" {
			return "singleTitle"
		}
		return "btns"
	}
	return requireEach(buttons, "btns", "title", "actionURL")
}

func checkFeedCard(m map[string]any) string {
	links, _ := m["links"].([]any)
	if len(links) == 0 {
		return "links"
	}
	return requireEach(links, "links", "title", "messageURL", "picURL")
}

func requireEach(list []any, name string, fields ...string) string {
	for i, item := range list {
		object, _ := item.(map[string]any)
		if field := require(object, fields...); field != "" {
			return name + "[" + strconv.Itoa(i) + "]." + field
		}
	}
	return ""
}

func require(m map[string]any, fields ...string) string {
	for _, field := range fields {
		if s, ok := m[field].(string); !ok || strings.TrimSpace(s) == "" {
			return field
		}
	}
	return ""
}

func optional(m map[string]any, fields ...string) string {
	for _, field := range fields {
		if v := m[field]; v != nil {
			if _, ok := v.(string); !ok {
				return field
			}
		}
	}
	return ""
}

// parseAt reads the at object: absent and null are nobody, a wrong type or more
// than 50 people refuse the message. No source names the code for too many; the
// sandbox takes the one for bad parameters.
func parseAt(raw json.RawMessage) (Mentions, *refusal) {
	if len(raw) == 0 {
		return Mentions{}, nil
	}
	var at map[string]json.RawMessage
	if json.Unmarshal(raw, &at) != nil {
		return Mentions{}, missing("at")
	}
	var m Mentions
	for field, into := range map[string]any{"atMobiles": &m.AtMobiles, "atUserIds": &m.AtUserIDs, "isAtAll": &m.IsAtAll} {
		if v, ok := at[field]; ok && json.Unmarshal(v, into) != nil {
			return Mentions{}, missing("at." + field)
		}
	}
	people := map[string]struct{}{}
	for _, mobile := range m.AtMobiles {
		people["m"+mobile] = struct{}{}
	}
	for _, id := range m.AtUserIDs {
		people["u"+id] = struct{}{}
	}
	if len(people) > mostMentions {
		return Mentions{}, &refusal{codeParameter, "不合法的参数 at: 一条消息最多提及 50 人"}
	}
	return m, nil
}

// containsAny searches every string value of the message object (the sandbox's
// choice where protocols.md §1.3 is unconfirmed).
func (m robotMessage) containsAny(keywords []string) bool {
	return anyString(m.content, func(s string) bool {
		for _, k := range keywords {
			if strings.Contains(s, k) {
				return true
			}
		}
		return false
	})
}

func anyString(v any, is func(string) bool) bool {
	switch v := v.(type) {
	case string:
		return is(v)
	case []any:
		for _, e := range v {
			if anyString(e, is) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if anyString(e, is) {
				return true
			}
		}
	}
	return false
}
