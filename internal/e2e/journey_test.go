package e2e

import (
	"encoding/json"
	"testing"
)

// The operations of the contract that the tests send.
const (
	registerOp = `mutation($input: RegisterInput!) { register(input: $input) { session { accessToken refreshToken expiresAt } account { id username phone } } }`
	otpOp      = `mutation($input: RequestOtpInput!) { requestOtp(input: $input) { challengeId channel destination expiresAt resendAt } }`
	loginOp    = `mutation($input: LoginInput!) { login(input: $input) { session { accessToken refreshToken expiresAt } account { id username } } }`
	wechatOp   = `mutation($input: WechatLoginInput!) { wechatLogin(input: $input) { session { skey expiresAt } account { id } created } }`
	refreshOp  = `mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { session { accessToken refreshToken } } }`
	logoutOp   = `mutation { logout { ok } }`
	viewerOp   = `{ viewer { id username phone roles identities { provider subject } sessions(first: 10) { nodes { id current } } } }`
	robotsOp   = `{ robots(first: 50) { nodes { id name keywords hasSecret } pageInfo { hasNextPage endCursor } } }`
	addRobotOp = `mutation($input: CreateRobotInput!) { createRobot(input: $input) { robot { id name } } }`
	sayOp      = `mutation($input: BroadcastInput!) { broadcast(input: $input) { broadcast { id status deliveries(first: 50) { nodes { id } } } } }`
	saidOp     = `query($id: ID!) { node(id: $id) { ... on Broadcast { status deliveries(first: 50) { nodes { status attempts { outcome platformCode platformMessage remedy } } } } } }`
	logOp      = `query($filter: CallbackEventFilter, $first: Int, $after: String) { callbackEventLog(filter: $filter, first: $first, after: $after) { nodes { cursor id type payload } pageInfo { hasNextPage endCursor } } }`
	eventsOp   = `subscription($filter: CallbackEventFilter, $after: String) { callbackEvents(filter: $filter, after: $after) { __typename ... on CallbackEvent { cursor id type payload } ... on FeedLagged { cursor } ... on FeedReset { cursor } } }`
	updatesOp  = `subscription($after: String) { deliveryUpdates(after: $after) { __typename ... on DeliveryUpdate { cursor status delivery { id status } } ... on FeedLagged { cursor } ... on FeedReset { cursor } } }`
)

// tokens are a session's.
type tokens struct{ AccessToken, RefreshToken string }

func (s tokens) hush() tokens {
	secret("an access token", s.AccessToken)
	secret("a refresh token", s.RefreshToken)
	return s
}

// register makes an account over the API.
func (c client) register(t testing.TB, username, password, phone string) tokens {
	t.Helper()
	secret("the password of "+username, password)
	var out struct{ Register struct{ Session tokens } }
	c.ask(t, registerOp, vars{"input": vars{"username": username, "password": password, "phone": phone}}, &out)
	return out.Register.Session.hush()
}

// signIn signs in with the password alone.
func (c client) signIn(t testing.TB, username, password string) client {
	t.Helper()
	var out struct{ Login struct{ Session tokens } }
	c.ask(t, loginOp, vars{"input": vars{"username": username, "password": password}}, &out)
	return c.as(out.Login.Session.hush().AccessToken)
}

// requestOtp asks for a code and gives the challenge's id.
func (c client) requestOtp(t testing.TB, username string) string {
	t.Helper()
	var out struct{ RequestOtp struct{ ChallengeID string } }
	c.ask(t, otpOp, vars{"input": vars{"username": username}}, &out)
	return out.RequestOtp.ChallengeID
}

// addRobot adds a robot and gives its id.
func (c client) addRobot(t testing.TB, name, token, secretText string) string {
	t.Helper()
	secret("the token of robot "+name, token)
	secret("the secret of robot "+name, secretText)
	input := vars{"name": name, "webhook": token}
	if secretText != "" {
		input["secret"] = secretText
	}
	var out struct {
		CreateRobot struct{ Robot struct{ ID string } }
	}
	c.ask(t, addRobotOp, vars{"input": input}, &out)
	return out.CreateRobot.Robot.ID
}

// robotID finds a robot by name.
func (c client) robotID(t testing.TB, name string) string {
	t.Helper()
	var out struct {
		Robots struct{ Nodes []struct{ ID, Name string } }
	}
	c.ask(t, robotsOp, nil, &out)
	for _, r := range out.Robots.Nodes {
		if r.Name == name {
			return r.ID
		}
	}
	t.Fatalf("no robot %s among %+v", name, out.Robots.Nodes)
	return ""
}

// text is the input of a broadcast of plain text.
func text(content, key string, robots ...string) vars {
	input := vars{"robotIds": robots, "message": vars{"text": vars{"content": content}}}
	if key != "" {
		input["idempotencyKey"] = key
	}
	return vars{"input": input}
}

// say broadcasts and gives the broadcast's id.
func (c client) say(t testing.TB, content string, robots ...string) string {
	t.Helper()
	var out struct {
		Broadcast struct{ Broadcast struct{ ID string } }
	}
	c.ask(t, sayOp, text(content, "", robots...), &out)
	return out.Broadcast.Broadcast.ID
}

// said is how far a broadcast has come.
type said struct {
	Status     string
	Deliveries struct {
		Nodes []struct {
			Status   string
			Attempts []struct{ Outcome, PlatformCode, PlatformMessage, Remedy string }
		}
	}
}

func (c client) said(t testing.TB, id string) said {
	t.Helper()
	var out struct{ Node said }
	c.ask(t, saidOp, vars{"id": id}, &out)
	return out.Node
}

// outcomes are those of all attempts, oldest first.
func (s said) outcomes() []string {
	var all []string
	for _, d := range s.Deliveries.Nodes {
		for _, a := range d.Attempts {
			all = append(all, a.Outcome)
		}
	}
	return all
}

// logged is an event of the log or of a subscription.
type logged struct {
	Typename string `json:"__typename"`
	Cursor   string
	ID       string
	Type     string
	Payload  json.RawMessage
}

// eventID is the platform's own id of the event, in either casing.
func (l logged) eventID(t testing.TB) string {
	t.Helper()
	var p struct {
		EventID string `json:"eventId"`
	}
	check(t, json.Unmarshal(l.Payload, &p))
	return p.EventID
}

// ids are the platform's own ids of events, in their order.
func ids(t testing.TB, events []logged) []string {
	t.Helper()
	all := make([]string, len(events))
	for i, e := range events {
		all[i] = e.eventID(t)
	}
	return all
}

// eventLog reads the whole log.
func (c client) eventLog(t testing.TB) []logged {
	t.Helper()
	var all []logged
	variables := vars{"first": 100}
	for {
		var out struct {
			CallbackEventLog struct {
				Nodes    []logged
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
			}
		}
		c.ask(t, logOp, variables, &out)
		all = append(all, out.CallbackEventLog.Nodes...)
		if !out.CallbackEventLog.PageInfo.HasNextPage {
			return all
		}
		variables["after"] = out.CallbackEventLog.PageInfo.EndCursor
	}
}
