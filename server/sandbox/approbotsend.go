package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// Paths on which the app robot speaks (protocols.md §2.3, §2.4).
const (
	sessionSendPath = "/robot/sendBySession"
	privateSendPath = "/v1.0/robot/oToMessages/batchSend"
	groupSendPath   = "/v1.0/robot/groupMessages/send"

	appGroupTitle   = "应用机器人群"
	mostReceivers   = 20
	codeSessionGone = 300001
)

// sayAsApp puts a message of the app robot into a conversation.
func (s *Sandbox) sayAsApp(to robotSession, msgtype string, body json.RawMessage, at Mentions, text string) {
	s.messages.add(Message{
		At: s.Now().UTC(), Robot: AppRobot, Conversation: to.conversation, ToUserIDs: slices.Clone(to.toUserIDs),
		Msgtype: msgtype, Body: body, Mentions: s.company.resolve(at, msgtype, text),
	})
}

// sessionSend answers into the conversation a sessionWebhook came from. The
// session is the only credential.
func (s *Sandbox) sessionSend(w http.ResponseWriter, r *http.Request, _ call) {
	opts := s.options.get()
	if r.Method != http.MethodPost {
		writeOld(w, opts, codeNotPost, "需要POST请求")
		return
	}
	session, ok := s.appRobot.session(s.Now(), r.URL.Query().Get("session"))
	if !ok {
		writeOld(w, opts, codeSessionGone, "session 不存在")
		return
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		writeOld(w, opts, codeContentType, errcodeText(codeContentType))
		return
	}
	body, no := readRobotBody(r.Body, opts)
	if no == nil && len(body) > mostRobotBody {
		no = tooLong(opts)
	}
	var msg robotMessage
	if no == nil {
		msg, no = parseRobotBody(body)
	}
	if no != nil {
		writeOld(w, opts, no.code, no.msg)
		return
	}
	s.sayAsApp(session, msg.msgtype, msg.body, msg.at, msg.text)
	writeOld(w, opts, codeOK, "ok")
}

// privateSend is the app robot's message to single people.
func (s *Sandbox) privateSend(w http.ResponseWriter, r *http.Request, c call) {
	body, ok := s.openRobotCall(w, r, c)
	if !ok {
		return
	}
	var ids []string
	switch err := json.Unmarshal(body["userIds"], &ids); {
	case err != nil || len(ids) == 0:
		writeNew(w, http.StatusBadRequest, "invalidParameter.userIds.empty", "userIds不能为空")
		return
	case len(ids) > mostReceivers:
		writeNew(w, http.StatusBadRequest, "invalidParameter.userIds.overMax", fmt.Sprintf("userIds最多%d个", mostReceivers))
		return
	}
	msgtype, content, no := templateMessage(body.text("msgKey"), body.text("msgParam"))
	if no != "" {
		writeNew(w, http.StatusBadRequest, no, "消息参数不合法")
		return
	}
	known, unknown := []string{}, []string{}
	for _, id := range ids {
		switch {
		case s.company.byID[id] == nil:
			unknown = append(unknown, id)
		case !slices.Contains(known, id):
			known = append(known, id)
		}
	}
	for _, id := range known {
		s.sayAsApp(robotSession{appConversation(id), []string{id}}, msgtype, content, Mentions{}, "")
	}
	write(w, http.StatusOK, jsonType, encodeJSON(map[string]any{
		"processQueryKey": randomHex(16), "invalidStaffIdList": unknown, "flowControlledStaffIdList": []string{},
	}))
}

// groupSend is the app robot's message to its group.
func (s *Sandbox) groupSend(w http.ResponseWriter, r *http.Request, c call) {
	body, ok := s.openRobotCall(w, r, c)
	if !ok {
		return
	}
	switch body.text("openConversationId") {
	case "":
		writeNew(w, http.StatusBadRequest, "miss.openConversationId", "缺少openConversationId")
		return
	case appConversation(""):
	default:
		writeNew(w, http.StatusBadRequest, "invalid.openConversationId", "openConversationId不合法")
		return
	}
	msgtype, content, no := templateMessage(body.text("msgKey"), body.text("msgParam"))
	if no != "" {
		writeNew(w, http.StatusBadRequest, no, "消息参数不合法")
		return
	}
	s.sayAsApp(robotSession{conversation: appConversation(""), toUserIDs: []string{}}, msgtype, content, Mentions{}, "")
	write(w, http.StatusOK, jsonType, encodeJSON(map[string]any{"processQueryKey": randomHex(16)}))
}

// openRobotCall checks what both calls have in common: the token and the robot.
func (s *Sandbox) openRobotCall(w http.ResponseWriter, r *http.Request, c call) (object, bool) {
	token := r.Header.Get("x-acs-dingtalk-access-token")
	switch {
	case r.Method != http.MethodPost:
		s.unknownPath(w, r, c)
		return nil, false
	case token == "":
		writeNew(w, http.StatusBadRequest, "AuthenticationFailed.MissingParameter", "缺少参数：x-acs-dingtalk-access-token")
		return nil, false
	case !s.tokens.valid(s.Now(), token):
		writeNew(w, http.StatusBadRequest, "InvalidAuthentication", "不合法的access_token")
		return nil, false
	}
	body := readObject(r)
	switch code := body.text("robotCode"); code {
	case "":
		writeNew(w, http.StatusBadRequest, "invalidParameter.robotCode.empty", "robotCode不能为空")
		return nil, false
	case s.creds.DingTalk.RobotCode:
		return body, true
	default:
		writeNew(w, http.StatusBadRequest, "invalidParameter.robotCode.notExsit", "robotCode不存在")
		return nil, false
	}
}

// templateMessage turns msgKey and msgParam, JSON inside JSON, into what the chats
// keep: the webhook's own form where there is one, else the parameters as they
// are under the key. no is the platform's code for what does not hold.
func templateMessage(key, param string) (msgtype string, body json.RawMessage, no string) {
	if key == "" {
		return "", nil, "invalidParameter.msgKey.empty"
	}
	var fields map[string]any
	if json.Unmarshal([]byte(param), &fields) != nil || fields == nil {
		return "", nil, "invalidParameter.msgParam.invalid"
	}
	t, ok := templates[key]
	if !ok {
		return "", nil, "invalidParameter.msgKey.invalid"
	}
	for _, name := range t.fields {
		if fields[name] == nil || fields[name] == "" {
			return "", nil, "invalidParameter.msgParam.invalid"
		}
	}
	for name, values := range t.values {
		if value, _ := fields[name].(string); !slices.Contains(values, value) {
			return "", nil, "invalidParameter.msgParam.invalid"
		}
	}
	if t.check == nil {
		return key, encodeJSON(fields), ""
	}
	if t.msgtype == "actionCard" {
		fields = actionCardOf(key, fields)
	}
	if t.check(fields) != "" {
		return "", nil, "invalidParameter.msgParam.invalid"
	}
	return t.msgtype, encodeJSON(fields), ""
}

// template is what a msgKey stands for: the fields that msgParam must have, and where a webhook's message
// of the same kind exists, its msgtype and how that is checked.
type template struct {
	fields  []string
	msgtype string
	check   func(map[string]any) string
	// values are those that a field may have.
	values map[string][]string
}

// templates by msgKey (protocols.md §2.4).
var templates = map[string]template{
	"sampleText":        {msgtype: "text", check: checkText},
	"sampleMarkdown":    {msgtype: "markdown", check: checkMarkdown},
	"sampleLink":        {msgtype: "link", check: checkLink},
	"sampleActionCard":  {fields: []string{"singleTitle", "singleURL"}, msgtype: "actionCard", check: checkActionCard},
	"sampleActionCard2": {fields: buttonFields("action", "URL", 2), msgtype: "actionCard", check: checkActionCard},
	"sampleActionCard3": {fields: buttonFields("action", "URL", 3), msgtype: "actionCard", check: checkActionCard},
	"sampleActionCard4": {fields: buttonFields("action", "URL", 4), msgtype: "actionCard", check: checkActionCard},
	"sampleActionCard5": {fields: buttonFields("action", "URL", 5), msgtype: "actionCard", check: checkActionCard},
	"sampleActionCard6": {fields: buttonFields("button", "Url", 2), msgtype: "actionCard", check: checkActionCard},
	"sampleImageMsg":    {fields: []string{"photoURL"}},
	"sampleAudio":       {fields: []string{"mediaId", "duration"}},
	"sampleFile": {
		fields: []string{"mediaId", "fileName"}, values: map[string][]string{"fileType": {"xlsx", "pdf", "zip", "rar", "doc", "docx"}},
	},
	"sampleVideo": {
		fields: []string{"duration", "videoMediaId", "picMediaId"}, values: map[string][]string{"videoType": {"mp4"}},
	},
}

func buttonFields(prefix, address string, count int) []string {
	var names []string
	for n := 1; n <= count; n++ {
		names = append(names, fmt.Sprintf("%sTitle%d", prefix, n), fmt.Sprintf("%s%s%d", prefix, address, n))
	}
	return names
}

// actionCardOf writes the buttons of sampleActionCard2 to 6 as a webhook has them.
func actionCardOf(key string, fields map[string]any) map[string]any {
	if key == "sampleActionCard" {
		return fields
	}
	card := map[string]any{"title": fields["title"], "text": fields["text"], "btnOrientation": "0"}
	title, address := "actionTitle%d", "actionURL%d"
	if key == "sampleActionCard6" {
		card["btnOrientation"] = "1"
		title, address = "buttonTitle%d", "buttonUrl%d"
	}
	buttons := []any{}
	for n := 1; n <= 5; n++ {
		if words, ok := fields[fmt.Sprintf(title, n)]; ok {
			buttons = append(buttons, map[string]any{"title": words, "actionURL": fields[fmt.Sprintf(address, n)]})
		}
	}
	card["btns"] = buttons
	return card
}
