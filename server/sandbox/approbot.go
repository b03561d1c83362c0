package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// AppRobot is the name under which the app's own robot speaks: Message.Robot of
// what it says.
const AppRobot = "app"

// Kinds of conversation (protocols.md §2.2).
const (
	ConversationPrivate = "1"
	ConversationGroup   = "2"
)

const (
	// sessionLife is how long a sessionWebhook may be used (protocols.md §2.2).
	sessionLife  = 90 * time.Minute
	mostSessions = 10_000
	mostSaid     = 10_000
	mostSaidText = 5_000 // characters
	// robotDeadline bounds a call of the app robot's address. No source names the
	// platform's own.
	robotDeadline = 5 * time.Second
)

// PersonMessage is something a person said to the app robot.
type PersonMessage struct {
	// ID grows by one with every such message and starts anew with the sandbox.
	ID     int64     `json:"id"`
	At     time.Time `json:"at"`
	UserID string    `json:"userId"`
	// ConversationType is "1" in private and "2" in the app robot's group.
	ConversationType string `json:"conversationType"`
	Conversation     string `json:"conversation"`
	Text             string `json:"text"`
	MsgID            string `json:"msgId"`
}

// RobotPush says how the app robot's address took a message.
type RobotPush struct {
	MsgID string `json:"msgId"`
	// SessionWebhook answers into the conversation for 90 minutes.
	SessionWebhook string `json:"sessionWebhook"`
	// Status is the HTTP status of the address's answer; 0 when there was none.
	Status int `json:"status"`
	// Reason says why there was none.
	Reason string `json:"reason,omitempty"`
	// BodyReply tells that a message in the answer's body went into the
	// conversation, which today's platform may not do (protocols.md §2.3).
	BodyReply bool `json:"bodyReply,omitempty"`
}

// robotSession is where a sessionWebhook answers to.
type robotSession struct {
	conversation string
	toUserIDs    []string
}

// appRobotBox holds what people said to the app robot and who may answer.
type appRobotBox struct {
	mu       sync.Mutex
	url      string
	last     int64
	said     []PersonMessage // oldest first
	sessions *expiring[string, robotSession]
}

func newAppRobotBox() *appRobotBox {
	return &appRobotBox{sessions: newExpiring[string, robotSession](sessionLife, mostSessions)}
}

// SetRobotURL says where messages to the app robot are sent from now on
// (protocols.md §2.1); empty ends that. It fails when the address is none of
// the web.
func (s *Sandbox) SetRobotURL(address string) error {
	if address != "" {
		u, err := url.Parse(address)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.Fragment != "" {
			return errors.New("sandbox: url: must be an absolute http or https address")
		}
	}
	s.appRobot.mu.Lock()
	defer s.appRobot.mu.Unlock()
	s.appRobot.url = address
	return nil
}

// RobotURL is the address of SetRobotURL.
func (s *Sandbox) RobotURL() string {
	s.appRobot.mu.Lock()
	defer s.appRobot.mu.Unlock()
	return s.appRobot.url
}

// PersonMessages returns what people said to the app robot after the message of
// that id, oldest first: at most the newest 10,000.
func (s *Sandbox) PersonMessages(since int64) []PersonMessage {
	s.appRobot.mu.Lock()
	defer s.appRobot.mu.Unlock()
	found := []PersonMessage{}
	for _, m := range s.appRobot.said {
		if m.ID > since {
			found = append(found, m)
		}
	}
	return found
}

// SayToRobot makes a person say something to the app robot, in private or in its
// group, and sends it to the robot's address. That is done once: the platform
// does not repeat such messages. base is how the sandbox is reached, for the
// sessionWebhook. A message that no address takes is not an error.
func (s *Sandbox) SayToRobot(ctx context.Context, userID, text, conversationType, base string) (RobotPush, error) {
	user := s.company.byID[userID]
	switch {
	case user == nil:
		return RobotPush{}, fmt.Errorf("sandbox: userId %q: nobody of this company", userID)
	case strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > mostSaidText:
		return RobotPush{}, fmt.Errorf("sandbox: text: 1 to %d characters", mostSaidText)
	case conversationType != ConversationPrivate && conversationType != ConversationGroup:
		return RobotPush{}, errors.New(`sandbox: conversationType: must be "1" (private) or "2" (group)`)
	}
	now := s.Now()
	session := robotSession{conversation: appConversation(""), toUserIDs: []string{}}
	if conversationType == ConversationPrivate {
		session = robotSession{conversation: appConversation(userID), toUserIDs: []string{userID}}
	}
	key := randomHex(16)
	m := PersonMessage{
		At: now.UTC(), UserID: userID, ConversationType: conversationType, Conversation: session.conversation,
		Text: text, MsgID: "msg" + randomHex(12) + "==",
	}
	address := s.appRobot.add(now, m, key, session)
	push := RobotPush{MsgID: m.MsgID, SessionWebhook: base + sessionSendPath + "?session=" + key}
	if address == "" {
		push.Reason = "no address is registered"
		return push, nil
	}
	answer, status, err := s.sendToRobot(ctx, address, s.inbound(m, user, push.SessionWebhook))
	push.Status = status
	if err != nil {
		push.Reason = err.Error()
		return push, nil
	}
	if reply, no := parseRobotBody(answer); no == nil {
		s.sayAsApp(session, reply.msgtype, reply.body, reply.at, reply.text)
		push.BodyReply = true
	}
	return push, nil
}

// appConversation is the id of a person's private chat with the app robot;
// without a person, of its group.
func appConversation(userID string) string {
	if userID == "" {
		return "cid-" + AppRobot
	}
	return "cid-" + AppRobot + "-" + userID
}

// add keeps a message and its session, and gives the address to send it to.
func (b *appRobotBox) add(now time.Time, m PersonMessage, key string, session robotSession) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	m.ID = b.last
	b.said = append(b.said, m)
	if len(b.said) > mostSaid {
		b.said = append([]PersonMessage(nil), b.said[len(b.said)-mostSaid/2:]...)
	}
	b.sessions.put(now, key, session)
	return b.url
}

func (b *appRobotBox) session(now time.Time, key string) (robotSession, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sessions.get(now, key)
}

// inbound is the body that the platform sends (protocols.md §2.2).
func (s *Sandbox) inbound(m PersonMessage, user *User, webhook string) []byte {
	const bot = "$:LWCP_v1:$sandboxbot"
	content, title := m.Text, ""
	atUsers := []map[string]string{}
	if m.ConversationType == ConversationGroup {
		content, title = " "+m.Text, appGroupTitle // what is left of the removed @robot
		atUsers = append(atUsers, map[string]string{"dingtalkId": bot})
	}
	body := map[string]any{
		"msgId": m.MsgID, "msgtype": "text", "text": map[string]string{"content": content}, "createAt": m.At.UnixMilli(),
		"conversationId": m.Conversation, "conversationType": m.ConversationType,
		"senderId": "$:LWCP_v1:$" + seedSecret("sender " + user.UserID)[:16], "senderStaffId": user.UserID, "senderNick": user.Name,
		"senderCorpId": s.creds.DingTalk.CorpID, "senderPlatform": "Mac", "isAdmin": false,
		"chatbotCorpId": s.creds.DingTalk.CorpID, "chatbotUserId": bot, "robotCode": s.creds.DingTalk.RobotCode,
		"isInAtList": m.ConversationType == ConversationGroup, "atUsers": atUsers,
		"sessionWebhook": webhook, "sessionWebhookExpiredTime": m.At.Add(sessionLife).UnixMilli(),
	}
	if title != "" {
		body["conversationTitle"] = title
	}
	return encodeJSON(body)
}

// sendToRobot posts a message to the robot's address, signed in its headers
// (protocols.md §2.1).
func (s *Sandbox) sendToRobot(ctx context.Context, address string, body []byte) ([]byte, int, error) {
	ctx, cancel := context.WithTimeout(ctx, robotDeadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, 0, errors.New("the registered address cannot be called")
	}
	timestamp := strconv.FormatInt(s.Now().UnixMilli(), 10)
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("timestamp", timestamp)
	request.Header.Set("sign", robotSign(timestamp, s.creds.DingTalk.AppSecret))
	resp, err := s.pusher.client.Do(request)
	if err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, 0, fmt.Errorf("no answer within %d ms", robotDeadline.Milliseconds())
		}
		var inURL *url.Error
		if errors.As(err, &inURL) {
			err = inURL.Err // without the address, whose query may be anything
		}
		return nil, 0, fmt.Errorf("the address does not answer: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return nil, resp.StatusCode, errors.New("the answer cannot be read")
	}
	return answer, resp.StatusCode, nil
}
