package sandbox

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// controlRoutes are the calls under /sandbox/api/, by name and method
// (contract/sandbox.md).
func (s *Sandbox) controlRoutes() map[string]map[string]controlFunc {
	type methods = map[string]controlFunc
	return map[string]methods{
		"credentials":    {http.MethodGet: func(*http.Request) (any, error) { return s.Credentials(), nil }},
		"messages":       {http.MethodGet: s.controlMessages},
		"conversations":  {http.MethodGet: s.controlConversations},
		"users":          {http.MethodGet: func(*http.Request) (any, error) { return s.company.users, nil }},
		"departments":    {http.MethodGet: func(*http.Request) (any, error) { return s.company.departments, nil }},
		"events":         {http.MethodPost: s.controlPush},
		"callbacks":      {http.MethodGet: s.controlCallback, http.MethodPost: s.controlRegister},
		"wechat/codes":   {http.MethodPost: s.controlWechatCode},
		"clock":          {http.MethodGet: s.controlClock, http.MethodPost: s.controlAdvance},
		"faults":         {http.MethodGet: s.controlFaults, http.MethodPut: s.controlSetFaults, http.MethodDelete: s.controlClearFaults},
		"options":        {http.MethodGet: s.controlOptions, http.MethodPut: s.controlSetOptions},
		"robot-messages": {http.MethodGet: s.controlPersonMessages, http.MethodPost: s.controlSay},
		"robot-callback": {http.MethodGet: s.controlRobotURL, http.MethodPost: s.controlSetRobotURL},
		"robots":         {http.MethodGet: s.controlRobots, http.MethodPost: s.controlAddRobot},
	}
}

func (s *Sandbox) controlMessages(r *http.Request) (any, error) {
	query, err := knownQuery(r.URL, "robot", "user", "since", "limit")
	if err != nil {
		return nil, err
	}
	since, err := wholeNumber(query, "since", math.MaxInt64)
	if err != nil {
		return nil, err
	}
	limit, err := wholeNumber(query, "limit", mostMessages)
	if err != nil {
		return nil, err
	}
	return s.Messages(MessageFilter{
		Robot: query.Get("robot"), UserID: query.Get("user"), Since: since, Limit: int(limit),
	}), nil
}

func knownQuery(u *url.URL, names ...string) (url.Values, error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, invalid(errors.New("the query cannot be read"))
	}
	known := map[string]bool{}
	for _, n := range names {
		known[n] = true
	}
	for n := range query {
		if !known[n] {
			return nil, invalid(fmt.Errorf("unknown query parameter %q", n))
		}
	}
	return query, nil
}

func wholeNumber(query url.Values, name string, most int64) (int64, error) {
	text := query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most {
		return 0, invalid(fmt.Errorf("%s must be a whole number from 0 to %d", name, most))
	}
	return n, nil
}

// conversation is a group chat as the page lists it.
type conversation struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Robot   string   `json:"robot"`
	UserIDs []string `json:"userIds"`
}

func (s *Sandbox) controlConversations(*http.Request) (any, error) {
	members := make([]string, len(s.company.users))
	for i, u := range s.company.users {
		members[i] = u.UserID
	}
	list := []conversation{}
	for _, robot := range s.robots.all() {
		list = append(list, conversation{
			ID: (&groupRobot{Robot: robot}).conversation(), Title: robot.Title, Robot: robot.Name, UserIDs: members,
		})
	}
	return list, nil
}

// eventRequest asks for a push. Wait false answers after the first attempt
// instead of when the retries are over.
type eventRequest struct {
	EventType string         `json:"eventType"`
	Data      map[string]any `json:"data"`
	Wait      *bool          `json:"wait"`
}

func (s *Sandbox) controlPush(r *http.Request) (any, error) {
	var in eventRequest
	if err := decode(r, &in, false); err != nil {
		return nil, err
	}
	push := s.PushEvent
	if in.Wait != nil && !*in.Wait {
		push = s.pushOnce
	}
	result, err := push(r.Context(), in.EventType, in.Data)
	if errors.Is(err, ErrNoCallback) {
		return nil, &controlError{status: http.StatusConflict, code: controlConflict, msg: "no callback address is registered: POST /sandbox/api/callbacks first"}
	}
	return result, err
}

// pushOnce is PushEvent for a caller who does not wait for retries.
func (s *Sandbox) pushOnce(ctx context.Context, eventType string, data map[string]any) (PushResult, error) {
	p, err := s.pusher.begin(ctx, eventType, data)
	if err != nil {
		return PushResult{}, err
	}
	if !isCheck(eventType) && s.pusher.settle(p) {
		s.pusher.repeat(p, 0)
	}
	return p.snapshot(), nil
}

// callbackAnswer never shows the token and the key back.
type callbackAnswer struct {
	Registered bool        `json:"registered"`
	URL        string      `json:"url,omitempty"`
	Owner      string      `json:"owner,omitempty"`
	Casing     string      `json:"casing,omitempty"`
	Check      *PushResult `json:"check,omitempty"`
}

func (s *Sandbox) controlCallback(*http.Request) (any, error) {
	reg := s.pusher.callback.Load()
	if reg == nil {
		return callbackAnswer{}, nil
	}
	return callbackAnswer{Registered: true, URL: reg.URL, Owner: reg.Owner, Casing: reg.Casing}, nil
}

// controlRegister registers the address and pushes check_url to it. Unlike the
// platform it keeps the registration when the check fails, because the server
// may start later; the answer says how the check went.
func (s *Sandbox) controlRegister(r *http.Request) (any, error) {
	var in Callback
	if err := decode(r, &in, false); err != nil {
		return nil, err
	}
	if err := s.SetCallback(in); err != nil {
		return nil, err
	}
	check, err := s.PushEvent(r.Context(), "check_url", nil)
	if err != nil {
		return nil, err
	}
	reg := s.pusher.callback.Load()
	return callbackAnswer{Registered: true, URL: reg.URL, Owner: reg.Owner, Casing: reg.Casing, Check: &check}, nil
}

func (s *Sandbox) controlWechatCode(r *http.Request) (any, error) {
	var in WechatPerson
	if err := decode(r, &in, true); err != nil {
		return nil, err
	}
	return s.NewWechatCode(in)
}

type clockAnswer struct {
	Now           time.Time `json:"now"`
	OffsetSeconds float64   `json:"offsetSeconds"`
	// StartID differs between two starts, whose messages are counted anew.
	StartID string `json:"startId"`
}

func (s *Sandbox) controlClock(*http.Request) (any, error) {
	return clockAnswer{Now: s.Now().UTC(), OffsetSeconds: s.clock.offsetNow().Seconds(), StartID: s.startID}, nil
}

func (s *Sandbox) controlAdvance(r *http.Request) (any, error) {
	var in struct {
		AdvanceSeconds float64 `json:"advanceSeconds"`
	}
	if err := decode(r, &in, false); err != nil {
		return nil, err
	}
	if in.AdvanceSeconds <= 0 || in.AdvanceSeconds > maxAdvance.Seconds() {
		return nil, invalid(fmt.Errorf("advanceSeconds must be more than 0 and at most %.0f: the clock only goes forward", maxAdvance.Seconds()))
	}
	s.Advance(time.Duration(in.AdvanceSeconds * float64(time.Second)))
	return s.controlClock(r)
}

func (s *Sandbox) controlFaults(*http.Request) (any, error) { return s.Faults(), nil }

func (s *Sandbox) controlSetFaults(r *http.Request) (any, error) {
	var in []Fault
	if err := decode(r, &in, false); err != nil {
		return nil, err
	}
	if err := s.SetFaults(in); err != nil {
		return nil, err
	}
	return s.Faults(), nil
}

func (s *Sandbox) controlClearFaults(*http.Request) (any, error) {
	s.ClearFaults()
	return s.Faults(), nil
}

func (s *Sandbox) controlOptions(*http.Request) (any, error) { return s.Options(), nil }

func (s *Sandbox) controlSetOptions(r *http.Request) (any, error) {
	var in Options
	if err := decode(r, &in, false); err != nil {
		return nil, err
	}
	if err := s.SetOptions(in); err != nil {
		return nil, err
	}
	return s.Options(), nil
}

// robotAnswer is a robot with the webhook address to paste elsewhere.
type robotAnswer struct {
	Robot
	Webhook string `json:"webhook"`
}

func (s *Sandbox) controlRobots(r *http.Request) (any, error) {
	base := s.base(r)
	list := []robotAnswer{}
	for _, robot := range s.robots.all() {
		list = append(list, robotAnswer{
			Robot: robot, Webhook: base + robotSendPath + "?access_token=" + url.QueryEscape(robot.AccessToken),
		})
	}
	return list, nil
}

// base is how the caller reaches the sandbox.
func (s *Sandbox) base(r *http.Request) string {
	if s.cfg.BaseURL != "" {
		return s.cfg.BaseURL
	}
	return "http://" + r.Host // checkLocal has seen to it that this is loopback
}

func (s *Sandbox) controlPersonMessages(r *http.Request) (any, error) {
	query, err := knownQuery(r.URL, "since")
	if err != nil {
		return nil, err
	}
	since, err := wholeNumber(query, "since", math.MaxInt64)
	if err != nil {
		return nil, err
	}
	return s.PersonMessages(since), nil
}

func (s *Sandbox) controlSay(r *http.Request) (any, error) {
	var in struct {
		Text             string `json:"text"`
		UserID           string `json:"userId"`
		ConversationType string `json:"conversationType"`
		RobotCode        string `json:"robotCode"`
	}
	if err := decode(r, &in, false); err != nil {
		return nil, err
	}
	if in.RobotCode != "" && in.RobotCode != s.creds.DingTalk.RobotCode {
		return nil, invalid(fmt.Errorf("robotCode %q: there is no such app robot", in.RobotCode))
	}
	return s.SayToRobot(r.Context(), in.UserID, in.Text, in.ConversationType, s.base(r))
}

type robotURL struct {
	URL string `json:"url"`
}

func (s *Sandbox) controlRobotURL(*http.Request) (any, error) { return robotURL{s.RobotURL()}, nil }

func (s *Sandbox) controlSetRobotURL(r *http.Request) (any, error) {
	var in robotURL
	if err := decode(r, &in, false); err != nil {
		return nil, err
	}
	if err := s.SetRobotURL(in.URL); err != nil {
		return nil, err
	}
	return s.controlRobotURL(r)
}

func (s *Sandbox) controlAddRobot(r *http.Request) (any, error) {
	var in Robot
	if err := decode(r, &in, false); err != nil {
		return nil, err
	}
	if err := s.AddRobot(in); err != nil {
		return nil, err
	}
	return s.controlRobots(r)
}
