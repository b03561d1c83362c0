package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"

	"github.com/posthouse/posthouse/server"
	"github.com/posthouse/posthouse/server/sandbox"
)

func TestAHouseWithoutAnOwnerIsSetUpWithTheLink(t *testing.T) {
	t.Parallel()
	o := openOffice(t, func(c *server.Config) { c.Login.RegistrationClosed = true })
	const house = `{ house { version sandbox registrationOpen needsOwner factors codesDelivered } }`
	if got := fmt.Sprint(o.nobody().must(house, nil)); got != "map[house:map[codesDelivered:true factors:[PASSWORD] needsOwner:true registrationOpen:false sandbox:true version:v9.9.9]]" {
		t.Errorf("got %s", got)
	}
	first, _, err := o.srv.SetUpPath(t.Context())
	if err != nil || !strings.HasPrefix(first.Reveal(), "/setup#token=") {
		t.Fatal(first.Reveal(), err)
	}
	owner := o.owner()
	if got := owner.must(`{ viewer { username phone roles suspendedAt } }`, nil); fmt.Sprint(got) != "map[viewer:map[phone:+8613900000000 roles:[OWNER] suspendedAt:<nil> username:boss]]" {
		t.Errorf("got %v", got)
	}
	_, used, _ := strings.Cut(first.Reveal(), "#token=")
	o.nobody().refused("setup.done", setUpOwner, vars{"input": vars{"token": used, "username": "other", "password": passphrase, "phone": "13900000001"}})
	if got := o.nobody().must(house, nil); got["house"].(vars)["needsOwner"] != false {
		t.Errorf("got %v", got)
	}
	if path, needed, err := o.srv.SetUpPath(t.Context()); needed || err != nil || path.Reveal() != "" {
		t.Errorf("got %q %v %v", path.Reveal(), needed, err)
	}
	if strings.Contains(o.log.String(), used) || strings.Contains(o.log.String(), passphrase) {
		t.Error("a secret was logged")
	}
}

const (
	search  = `query($query: String, $first: Int, $after: String) { accounts(query: $query, first: $first, after: $after) { nodes { id username suspendedAt sessions { nodes { id current endedAt } } identities { provider } } pageInfo { hasNextPage endCursor } } }`
	suspend = `mutation($input: SuspendAccountInput!) { suspendAccount(input: $input) { account { id suspendedAt } } }`
	restore = `mutation($input: RestoreAccountInput!) { restoreAccount(input: $input) { account { id suspendedAt } } }`
	endOne  = `mutation($input: EndSessionInput!) { endSession(input: $input) { session { id endedAt current } } }`
)

func TestAccountsAreSearchedAndPaged(t *testing.T) {
	t.Parallel()
	o := openOffice(t, nil)
	owner := o.owner()
	for i := range 5 {
		o.member(fmt.Sprintf("Zhang%d", i), fmt.Sprintf("1380000000%d", i), "MEMBER")
	}
	member := o.member("li", "13700000000", "MEMBER")
	member.refused("authz.forbidden", search, nil)
	o.nobody().refused("session.missing", search, nil)
	var names []any
	after := any(nil)
	for {
		page := owner.must(search, vars{"query": "ZHANG", "first": 2, "after": after})
		for _, n := range at(t, page, "accounts.nodes").([]any) {
			names = append(names, n.(vars)["username"])
		}
		if at(t, page, "accounts.pageInfo.hasNextPage") == false {
			break
		}
		after = at(t, page, "accounts.pageInfo.endCursor")
	}
	if fmt.Sprint(names) != "[Zhang0 Zhang1 Zhang2 Zhang3 Zhang4]" {
		t.Errorf("got %v", names)
	}
	if got := at(t, owner.must(search, vars{"query": "137"}), "accounts.nodes.0.username"); got != "li" {
		t.Errorf("by phone: %v", got)
	}
	if got := at(t, owner.must(search, nil), "accounts.nodes").([]any); len(got) != 7 || got[0].(vars)["username"] != "li" {
		t.Errorf("all: %v", got)
	}
	owner.refused("page.cursor_invalid", search, vars{"query": "zhang", "after": "garbage"})
}

func TestASuspendedAccountIsOutAtOnceAndItsSocketClosed(t *testing.T) {
	t.Parallel()
	o := openOffice(t, nil)
	owner, member := o.owner(), o.member("li", "13700000000", "MEMBER")
	socket := member.socket()
	done := owner.must(suspend, vars{"input": vars{"accountId": member.id}})
	if at(t, done, "suspendAccount.account.suspendedAt") == nil {
		t.Errorf("got %v", done)
	}
	if _, _, err := socket.Read(t.Context()); websocket.CloseStatus(err) != 4403 {
		t.Errorf("the socket ended with %v", err)
	}
	member.refused("session.expired", `{ viewer { id } }`, nil)
	o.nobody().refused("account.suspended", `mutation($input: LoginInput!) { login(input: $input) { account { id } } }`,
		vars{"input": vars{"username": "li", "password": passphrase}})
	if back := owner.must(restore, vars{"input": vars{"accountId": member.id}}); at(t, back, "restoreAccount.account.suspendedAt") != nil {
		t.Errorf("got %v", back)
	}
	o.nobody().must(`mutation($input: LoginInput!) { login(input: $input) { account { id } } }`, vars{"input": vars{"username": "li", "password": passphrase}})
}

func TestAdministratorsDoNotTouchOwnersAndNobodyShutsHimselfOut(t *testing.T) {
	t.Parallel()
	o := openOffice(t, nil)
	owner, admin := o.owner(), o.member("adm", "13600000000", "ADMIN")
	session := text(t, owner.must(`{ viewer { sessions { nodes { id } } } }`, nil), "viewer.sessions.nodes.0.id")
	admin.refused("authz.forbidden", suspend, vars{"input": vars{"accountId": owner.id}})
	admin.refused("authz.forbidden", restore, vars{"input": vars{"accountId": owner.id}})
	admin.refused("authz.forbidden", endOne, vars{"input": vars{"sessionId": session}})
	admin.refused("account.suspend_self", suspend, vars{"input": vars{"accountId": admin.id}})
	owner.refused("account.suspend_self", suspend, vars{"input": vars{"accountId": owner.id}})
	owner.refused("account.not_found", suspend, vars{"input": vars{"accountId": "acct_00000000000000000000000000"}})
	second := o.member("second", "13600000001", "OWNER")
	owner.must(suspend, vars{"input": vars{"accountId": second.id}})
	owner.must(`{ viewer { id } }`, nil)
}

func TestSessionsAreEndedByTheirOwnersAndByAdministrators(t *testing.T) {
	t.Parallel()
	o := openOffice(t, nil)
	owner, member, other := o.owner(), o.member("li", "13700000000", "MEMBER"), o.member("wu", "13700000001", "MEMBER")
	ownSession := func(p person) string {
		return text(t, p.must(`{ viewer { sessions { nodes { id } } } }`, nil), "viewer.sessions.nodes.0.id")
	}
	other.refused("session.not_found", endOne, vars{"input": vars{"sessionId": ownSession(member)}})
	ended := owner.must(endOne, vars{"input": vars{"sessionId": ownSession(member)}})
	if at(t, ended, "endSession.session.endedAt") == nil || at(t, ended, "endSession.session.current") != false {
		t.Errorf("got %v", ended)
	}
	member.refused("session.expired", `{ viewer { id } }`, nil)
	other.must(endOne, vars{"input": vars{"sessionId": ownSession(other)}})
	other.refused("session.expired", `{ viewer { id } }`, nil)
}

const (
	createRobot = `mutation($input: CreateRobotInput!) { createRobot(input: $input) { robot { id budget { used limit } } } }`
	updateRobot = `mutation($input: UpdateRobotInput!) { updateRobot(input: $input) { robot { id name keywords hasSecret } } }`
	deleteRobot = `mutation($input: DeleteRobotInput!) { deleteRobot(input: $input) { robotId } }`
	testRobot   = `mutation($input: TestRobotInput!) { testRobot(input: $input) { broadcast { id author { username } message { text { content } } } } }`
	broadcasts  = `{ broadcasts(first: 10) { nodes { id status author { username } message { text { content } markdown { title } actionCard { single { title } buttons { title } horizontal } } mentions { phones userIds all } deliveries { nodes { id status robot { name } attempts { outcome platformMessage } } } } pageInfo { hasNextPage } } }`
)

func TestARobotIsTriedChangedAndDeletedAndItsHistoryStays(t *testing.T) {
	t.Parallel()
	o := openOffice(t, nil)
	owner := o.owner()
	news := robotNamed(t, o.box, "news")
	made := owner.must(createRobot, vars{"input": vars{"name": "news", "webhook": news.AccessToken, "secret": "SECwrong", "keywords": news.Keywords}})
	robot := text(t, made, "createRobot.robot.id")
	o.member("li", "13700000000", "MEMBER").refused("authz.forbidden", updateRobot, vars{"input": vars{"robotId": robot}})

	// The signing secret is wrong: the test fails, and someone should look.
	owner.must(testRobot, vars{"input": vars{"robotId": robot}})
	owner.eventually(broadcasts, nil, func(d map[string]any) bool { return at(t, d, "broadcasts.nodes.0.status") == "FAILED" })
	look := owner.must(`{ attention(language: EN) { kind message remedy count robot { name budget { used limit } } delivery { attempts { platformCode } } } }`, nil)
	if at(t, look, "attention.0.kind") != "DELIVERY_FAILED" || at(t, look, "attention.0.robot.name") != "news" || at(t, look, "attention.0.remedy") == nil ||
		at(t, look, "attention.0.robot.budget.used") != 1.0 || at(t, look, "attention.0.robot.budget.limit") != 20.0 {
		t.Errorf("got %v", look)
	}

	changed := owner.must(updateRobot, vars{"input": vars{"robotId": robot, "name": "news 2", "secret": news.Secret}})
	if got := fmt.Sprint(at(t, changed, "updateRobot.robot")); !strings.Contains(got, "hasSecret:true") || !strings.Contains(got, "name:news 2") || !strings.Contains(got, "Posthouse") {
		t.Errorf("got %s", got)
	}
	owner.must(testRobot, vars{"input": vars{"robotId": robot, "language": "ZH_CN"}})
	owner.eventually(broadcasts, nil, func(d map[string]any) bool { return at(t, d, "broadcasts.nodes.0.status") == "SENT" })
	said := o.box.Messages(sandbox.MessageFilter{Robot: "news"})
	if len(said) != 1 || !strings.Contains(string(said[0].Body), "Posthouse") || !strings.Contains(string(said[0].Body), "测试消息") {
		t.Errorf("the chat shows %+v", said)
	}

	later := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	owner.must(`mutation($input: BroadcastInput!) { broadcast(input: $input) { broadcast { id } } }`, vars{"input": vars{
		"robotIds": []string{robot}, "sendAt": later, "mentions": vars{"phones": []string{"13800000001"}},
		"message": vars{"actionCard": vars{"title": "t", "text": "Posthouse", "buttons": []vars{{"title": "a", "url": "https://example.com"}, {"title": "b", "url": "https://example.com"}}}},
	}})
	owner.must(deleteRobot, vars{"input": vars{"robotId": robot}})
	owner.refused("robot.not_found", deleteRobot, vars{"input": vars{"robotId": robot}})
	owner.refused("robot.not_found", testRobot, vars{"input": vars{"robotId": robot}})
	history := owner.must(broadcasts, nil)
	newest := at(t, history, "broadcasts.nodes.0").(vars)
	if newest["status"] != "FAILED" || at(t, newest, "deliveries.nodes.0.robot") != nil || at(t, newest, "author.username") != "boss" ||
		!strings.Contains(text(t, newest, "deliveries.nodes.0.attempts.0.platformMessage"), "deleted") ||
		fmt.Sprint(newest["mentions"]) != "map[all:false phones:[13800000001] userIds:[]]" || at(t, newest, "message.text") != nil ||
		fmt.Sprint(at(t, newest, "message.actionCard")) != "map[buttons:[map[title:a] map[title:b]] horizontal:false single:<nil>]" {
		t.Errorf("got %v", newest)
	}
	if at(t, history, "broadcasts.nodes.1.status") != "SENT" || at(t, history, "broadcasts.nodes.1.deliveries.nodes.0.robot") != nil {
		t.Errorf("got %v", at(t, history, "broadcasts.nodes.1"))
	}
	if got := owner.must(`{ attention { kind } }`, nil); len(got["attention"].([]any)) != 0 {
		t.Errorf("a deleted robot still wants attention: %v", got)
	}
	if strings.Contains(o.log.String(), news.Secret) || strings.Contains(o.log.String(), news.AccessToken) {
		t.Error("a secret was logged")
	}
}

func TestTheRobotThatSendsLoginCodesIsNeitherRenamedNorDeleted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		factors []string
		refused bool
	}{"codes are wanted": {nil, true}, "a password is enough": {[]string{"PASSWORD"}, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := openOffice(t, func(cfg *server.Config) {
				cfg.Login.Factors, cfg.OTP.GroupRobot = c.factors, "ops"
			})
			owner, ops := o.owner(), robotNamed(t, o.box, "ops")
			made := owner.must(createRobot, vars{"input": vars{"name": "ops", "webhook": ops.AccessToken, "secret": ops.Secret, "keywords": ops.Keywords}})
			robot := text(t, made, "createRobot.robot.id")
			owner.must(updateRobot, vars{"input": vars{"robotId": robot, "name": "ops", "keywords": []string{"k"}}})
			rename, remove := vars{"input": vars{"robotId": robot, "name": "值班机器人"}}, vars{"input": vars{"robotId": robot}}
			if c.refused {
				owner.refused("robot.sends_codes", updateRobot, rename)
				owner.refused("robot.sends_codes", deleteRobot, remove)
				o.nobody().must(`mutation { requestOtp(input: {username: "boss"}) { challengeId } }`, nil)
				return
			}
			owner.must(updateRobot, rename)
			owner.must(deleteRobot, remove)
		})
	}
}

func TestTheHouseTellsWhetherCodesReachAnybody(t *testing.T) {
	t.Parallel()
	const delivered = `{ house { codesDelivered } }`
	for name, robot := range map[string]string{"no robot is named": "", "the robot is not there": "nobody"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := openOffice(t, func(cfg *server.Config) { cfg.Login.Factors, cfg.OTP.GroupRobot = nil, robot })
			owner := o.owner()
			if at(t, o.nobody().must(delivered, nil), "house.codesDelivered") != false {
				t.Error("it is said that codes are delivered")
			}
			look := owner.must(`{ attention(language: EN) { kind message remedy } }`, nil)
			if at(t, look, "attention.0.kind") != "NO_OTP_CHANNEL" || !strings.Contains(text(t, look, "attention.0.message"), robot) ||
				!strings.Contains(text(t, look, "attention.0.remedy"), "otp.group_robot") {
				t.Errorf("got %v", look)
			}
			if robot == "" {
				return
			}
			owner.must(createRobot, vars{"input": vars{"name": robot, "webhook": robotNamed(t, o.box, "ops").AccessToken}})
			if ok, err := o.srv.CodesDelivered(t.Context()); !ok || err != nil {
				t.Errorf("with the robot: %v, %v", ok, err)
			}
			if at(t, o.nobody().must(delivered, nil), "house.codesDelivered") != true {
				t.Error("it is said that codes are not delivered, with the robot")
			}
		})
	}
}

func robotNamed(t *testing.T, box *sandbox.Sandbox, name string) sandbox.Robot {
	t.Helper()
	for _, r := range box.Credentials().Robots {
		if r.Name == name {
			return sandbox.Robot{Name: r.Name, AccessToken: r.AccessToken, Secret: r.Secret, Keywords: r.Keywords}
		}
	}
	t.Fatal("the sandbox has no robot " + name)
	return sandbox.Robot{}
}

func TestEventsAreCountedReadBackwardsAndOpenedOneByOne(t *testing.T) {
	t.Parallel()
	o := openOffice(t, nil)
	owner := o.owner()
	begin := time.Now().UTC().Truncate(15 * time.Minute)
	now := text(t, owner.must(`{ recentCallbackEvents { nodes { id } newest } }`, nil), "recentCallbackEvents.newest")
	for i := range 3 {
		result, err := o.box.PushEvent(t.Context(), "user_add_org", map[string]any{"UserId": []string{fmt.Sprint("u", i)}, "note": strings.Repeat("长", 1000*i)})
		if err != nil || !result.Delivered {
			t.Fatalf("%+v, %v", result, err)
		}
	}
	const recent = `query($first: Int, $after: String) { recentCallbackEvents(first: $first, after: $after) { nodes { id cursor payloadBytes } pageInfo { hasNextPage endCursor } } }`
	page := owner.must(recent, vars{"first": 2})
	if at(t, page, "recentCallbackEvents.pageInfo.hasNextPage") != true || at(t, page, "recentCallbackEvents.nodes.0.payloadBytes").(float64) < 6000 {
		t.Errorf("got %v", page)
	}
	rest := owner.must(recent, vars{"first": 2, "after": at(t, page, "recentCallbackEvents.pageInfo.endCursor")})
	if len(at(t, rest, "recentCallbackEvents.nodes").([]any)) != 1 || at(t, rest, "recentCallbackEvents.pageInfo.hasNextPage") != false {
		t.Errorf("got %v", rest)
	}
	since := owner.must(`query($after: String) { callbackEventLog(after: $after) { nodes { id } newest } }`, vars{"after": now})
	if len(at(t, since, "callbackEventLog.nodes").([]any)) != 3 || at(t, since, "callbackEventLog.newest") != at(t, page, "recentCallbackEvents.nodes.0.cursor") {
		t.Errorf("since the log was empty: %v", since)
	}
	newest := text(t, page, "recentCallbackEvents.nodes.0.id")
	whole := owner.must(`query($id: ID!) { node(id: $id) { id ... on CallbackEvent { payload payloadBytes cursor } } }`, vars{"id": newest})
	if at(t, whole, "node.cursor") != at(t, page, "recentCallbackEvents.nodes.0.cursor") || !strings.Contains(fmt.Sprint(at(t, whole, "node.payload")), "长长") {
		t.Errorf("got %.200v", whole)
	}
	fragments := owner.must(`{ recentCallbackEvents(first: 1) { ...page } } fragment page on CallbackEventConnection { ... on CallbackEventConnection { nodes { ...event } } } fragment event on CallbackEvent { payload }`, nil)
	if !strings.Contains(fmt.Sprint(at(t, fragments, "recentCallbackEvents.nodes.0.payload")), "长长") {
		t.Errorf("asked for by fragments the payload is %.200v", fragments)
	}

	counted := owner.must(`query($from: Time!, $to: Time!) { activity(from: $from, to: $to, bucket: HOUR) { at events deliveriesSent deliveriesFailed signIns } }`,
		vars{"from": begin.Format(time.RFC3339), "to": begin.Add(90 * time.Minute).Format(time.RFC3339)})
	buckets := counted["activity"].([]any)
	total, signIns := 0.0, 0.0
	for _, b := range buckets {
		total += b.(vars)["events"].(float64)
		signIns += b.(vars)["signIns"].(float64)
	}
	if len(buckets) != 2 || total != 3 || signIns != 1 {
		t.Errorf("got %v", counted)
	}
	owner.refused("overview.range_invalid", `{ activity(from: "2026-01-01T00:00:00Z", to: "2036-01-01T00:00:00Z", bucket: DAY) { at } }`, nil)

	member := o.member("li", "13700000000", "MEMBER")
	for _, query := range []string{
		`{ recentCallbackEvents { nodes { id } } }`, `{ broadcasts { nodes { id } } }`, `{ attention { kind } }`,
		`{ activity(from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", bucket: DAY) { at } }`,
	} {
		member.refused("authz.forbidden", query, nil)
	}
	if got := member.must(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": newest}); got["node"] != nil {
		t.Errorf("a member got %v", got)
	}
}

func TestAnEmbeddingProgramMayBringAnAppOfItsOwn(t *testing.T) {
	t.Parallel()
	o := openOffice(t, func(c *server.Config) {
		c.UI = fstest.MapFS{"index.html": {Data: []byte(`<script src="./assets/own.js"></script>`)}, "assets/own.js": {Data: []byte("own")}}
	})
	if !o.srv.HasUI() {
		t.Error("it is not seen")
	}
	mux := http.NewServeMux()
	mux.Handle("/posthouse/", http.StripPrefix("/posthouse", o.srv.Handler()))
	get := func(path string) (int, string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for path, want := range map[string]string{
		"/posthouse/": `src="./assets/own.js"`, "/posthouse/accounts/42": `src="../assets/own.js"`, "/posthouse/assets/own.js": "own",
	} {
		if code, body := get(path); code != 200 || !strings.Contains(body, want) {
			t.Errorf("%s gave %d %s", path, code, body)
		}
	}
	if code, _ := get("/posthouse/assets/other.js"); code != 404 {
		t.Errorf("an unknown file gave %d", code)
	}
}

func TestAnAppThatCannotBeReadIsNoApp(t *testing.T) {
	t.Parallel()
	o := openOffice(t, func(c *server.Config) { c.UI = fstest.MapFS{} })
	if o.srv.HasUI() {
		t.Error("an empty build is taken for an app")
	}
}
