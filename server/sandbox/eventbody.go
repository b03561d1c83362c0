package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// event is what is pushed, before encryption.
type event struct {
	kind string // EventType
	id   string // eventId
	at   time.Time
	data map[string]any
}

// isCheck tells the events that only ask whether the address answers. They carry
// nothing but what protocols.md §4.4 lists and are not repeated.
func isCheck(kind string) bool {
	return kind == "check_url" || kind == "check_create_suite_url" || kind == "check_update_suite_url"
}

// newEvent checks and completes what was asked for. An eventId in data is kept.
func newEvent(kind string, data map[string]any, now time.Time) (event, error) {
	if kind == "" || len(kind) > 100 || strings.ContainsFunc(kind, func(r rune) bool { return r >= utf8.RuneSelf || !isIDByte(byte(r)) }) {
		return event{}, fmt.Errorf("eventType %q: must be 1 to 100 letters, digits, - or _", kind)
	}
	own, err := copyData(data)
	if err != nil {
		return event{}, fmt.Errorf("data: %w", err)
	}
	e := event{kind: kind, at: now, data: own}
	for key, v := range own {
		switch strings.ToLower(key) {
		case "eventtype":
			return event{}, fmt.Errorf("data: %s is set by eventType", key)
		case "eventid":
			id, ok := v.(string)
			if !ok || id == "" || len(id) > 128 {
				return event{}, fmt.Errorf("data: %s must be a string of 1 to 128 bytes", key)
			}
			e.id = id
		}
	}
	if e.id == "" {
		e.id = randomHex(16)
	}
	return e, nil
}

// copyData copies what the caller may change while retries go on. Numbers keep
// their digits: approval task ids exceed what a float64 holds exactly.
func copyData(data map[string]any) (map[string]any, error) {
	if data == nil {
		return nil, nil
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(encoded))
	dec.UseNumber()
	var own map[string]any
	err = dec.Decode(&own)
	return own, err
}

// body is the JSON of the event in one of the two generations (protocols.md
// §4.7, §4.8). Fields given in data win over what the envelope would say.
func (e event) body(casing, corpID string) ([]byte, error) {
	fields := map[string]any{}
	ms := e.at.UnixMilli()
	switch style := e.style(); {
	case isCheck(e.kind):
		maps.Copy(fields, e.own())
	case style == styleSuite: // has no eventId
		fields["TimeStamp"] = ms
		event{data: e.own()}.merge(fields, upperFirst)
	case casing == CasingPascal && style == styleApproval:
		fields["corpId"], fields["eventId"] = corpID, e.id
		e.merge(fields, lowerFirst)
	case casing == CasingPascal:
		fields["CorpId"], fields["eventId"] = corpID, e.id
		fields["TimeStamp"] = strconv.FormatInt(ms, 10)
		if style == styleChat || e.kind == "check_in" {
			fields["TimeStamp"] = ms
		}
		e.merge(fields, e.pascalKey)
	default:
		fields["CorpId"], fields["eventId"] = corpID, e.id
		fields["EventTime"], fields["BizId"] = ms, strconv.FormatInt(ms, 10)
		rename := lowerFirst
		switch {
		case style == styleChat:
			fields["TimeStamp"] = ms
			rename = chatKey
		case e.kind == "check_in":
			fields["timeStamp"] = ms
		case style == styleContact && !withoutTime[e.kind]:
			fields["timeStamp"] = strconv.FormatInt(ms, 10)
		}
		e.merge(fields, rename)
	}
	fields["EventType"] = e.kind
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(fields); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

type eventStyle int

const (
	styleContact    eventStyle = iota // and everything not named below
	styleLabel                        // role events
	styleAttendance                   // attendance events
	styleApproval                     // bpms_*
	styleChat                         // group chats and robot messages: Pascal in both generations
	styleSuite                        // events of the suite itself
)

// withoutTime are contact events whose documented body has no timeStamp.
var withoutTime = map[string]bool{
	"user_active_org": true, "org_dept_create": true, "org_dept_modify": true,
	"org_dept_remove": true, "org_remove": true, "org_change": true,
}

func (e event) style() eventStyle {
	switch e.kind {
	case "suite_ticket", "tmp_auth_code", "change_auth", "suite_relieve":
		return styleSuite
	case "robot_msg_read", "robot_msg_recall":
		return styleChat
	}
	for prefix, style := range map[string]eventStyle{
		"label_": styleLabel, "bpms_": styleApproval, "chat_": styleChat,
		"attend": styleAttendance, "org_micro_app_": styleSuite,
	} {
		if strings.HasPrefix(e.kind, prefix) {
			return style
		}
	}
	return styleContact
}

// merge adds data under renamed keys. The envelope's own names keep the casing
// the envelope has already, and take data's value.
func (e event) merge(fields map[string]any, rename func(string) string) {
	envelope := make(map[string]string, len(fields))
	for k := range fields {
		envelope[strings.ToLower(k)] = k
	}
	for k, v := range e.data {
		name, ok := envelope[strings.ToLower(k)]
		if !ok {
			name = rename(k)
		}
		fields[name] = v
	}
}

// pascalKey spells a key as in the captures: Pascal, but for the words that stay
// small there.
func (e event) pascalKey(k string) string {
	switch e.style() {
	case styleLabel:
		if low := lowerFirst(k); low == "action" || low == "scope" {
			return low
		}
	case styleAttendance:
		if lowerFirst(k) != "dataList" {
			return k
		}
	}
	return upperFirst(k)
}

// chatKey spells a key of today's chat events: Pascal, but for two words.
func chatKey(k string) string {
	if low := lowerFirst(k); low == "owner" || low == "title" {
		return low
	}
	return upperFirst(k)
}

func upperFirst(s string) string { return mapFirst(s, unicode.ToUpper) }
func lowerFirst(s string) string { return mapFirst(s, unicode.ToLower) }

func mapFirst(s string, f func(rune) rune) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(f(r)) + s[n:]
}
