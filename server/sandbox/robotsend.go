package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

const (
	robotSendPath = "/robot/send"
	// mostRobotBody is the platform's limit on a body, in bytes (protocols.md §1.6).
	mostRobotBody = 20_000
	// mostRobotRead is what is read of a body to judge it; beyond, it is too
	// long whatever it says.
	mostRobotRead = 1 << 20
)

// refusal is an answer of DingTalk's old host other than ok.
type refusal struct {
	code int
	msg  string
}

func (s *Sandbox) robotSend(w http.ResponseWriter, r *http.Request, c call) {
	opts := s.options.get()
	if no := s.acceptRobotMessage(r, c, opts); no != nil {
		writeOld(w, opts, no.code, no.msg)
		return
	}
	writeOld(w, opts, codeOK, "ok")
}

// acceptRobotMessage checks in the order of protocols.md §1.3: token, sign and
// timestamp, IP, body, msgtype, keyword, size, rate. The method comes before
// everything, the Content-Type just before the body it describes, and required
// fields belong to the msgtype.
func (s *Sandbox) acceptRobotMessage(r *http.Request, c call, opts Options) *refusal {
	if r.Method != http.MethodPost {
		return &refusal{codeNotPost, "需要POST请求"}
	}
	query := r.URL.Query()
	token := query.Get("access_token")
	if token == "" {
		return &refusal{codeParameter, "缺少参数 access_token"}
	}
	robot := s.robots.find(token)
	if robot == nil {
		return &refusal{opts.UnknownTokenCode, "token is not exist"}
	}
	now := s.Now()
	if robot.Secret != "" {
		if no := checkRobotSign(query, robot.Secret, now, opts.RefusalText); no != nil {
			return no
		}
	}
	if no := robot.checkIP(r.RemoteAddr, opts.RefusalText); no != nil {
		return no
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return &refusal{codeContentType, errcodeText(codeContentType)}
	}
	body, no := readRobotBody(r.Body, opts)
	if no != nil {
		return no
	}
	msg, no := parseRobotBody(body)
	if no != nil {
		return no
	}
	if len(robot.Keywords) > 0 && !msg.containsAny(robot.Keywords) {
		return refuse310000(opts.RefusalText, reasonKeyword, "")
	}
	if len(body) > mostRobotBody {
		return tooLong(opts)
	}
	if !robot.admit(now, opts.RobotPerMinute) {
		return &refusal{opts.ThrottleCode, errcodeText(opts.ThrottleCode)}
	}
	s.deliver(robot, msg, now, c.duplicate)
	return nil
}

// deliver puts the message into the chat, unless its msgUuid was there before.
func (s *Sandbox) deliver(robot *groupRobot, msg robotMessage, now time.Time, twice bool) {
	if msg.uuid != "" && !s.robots.once(now, robot.Name, msg.uuid) {
		return
	}
	m := Message{
		At:           now.UTC(),
		Robot:        robot.Name,
		Conversation: robot.conversation(),
		ToUserIDs:    []string{},
		Msgtype:      msg.msgtype,
		Body:         msg.body,
		Mentions:     s.company.resolve(msg.at, msg.msgtype, msg.text),
		MsgUUID:      msg.uuid,
	}
	s.messages.add(m)
	if twice {
		s.messages.add(m)
	}
}

func readRobotBody(from io.Reader, opts Options) ([]byte, *refusal) {
	var buf bytes.Buffer
	_, err := buf.ReadFrom(io.LimitReader(from, mostRobotRead+1))
	var tooLarge *http.MaxBytesError
	switch {
	case buf.Len() > mostRobotRead, errors.As(err, &tooLarge):
		return nil, tooLong(opts)
	case err != nil:
		return nil, &refusal{codeParameter, "缺少参数 json"}
	}
	return buf.Bytes(), nil
}

func tooLong(opts Options) *refusal {
	if opts.RefusalText == RefusalDescription {
		return &refusal{codeTooLong, fmt.Sprintf("description: body 大小不合法;solution:请保持大小在 %dbytes 以内;", mostRobotBody)}
	}
	return &refusal{codeTooLong, errcodeText(codeTooLong)}
}

func (g *groupRobot) checkIP(remote, form string) *refusal {
	if len(g.networks) == 0 {
		return nil
	}
	addr, ok := remoteAddr(remote)
	if ok {
		for _, network := range g.networks {
			if network.Contains(addr) {
				return nil
			}
		}
	}
	shown := "unknown"
	if ok {
		shown = addr.String()
	}
	return refuse310000(form, reasonIP, shown)
}

// remoteAddr reads the address out of http.Request.RemoteAddr; an IPv4 address
// dressed as IPv6 is undressed.
func remoteAddr(remote string) (netip.Addr, bool) {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}, false
	}
	return ap.Addr().Unmap(), true
}

func isJSON(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	return strings.EqualFold(mediaType, "application/json")
}
