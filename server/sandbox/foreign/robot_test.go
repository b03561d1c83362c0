package foreign_test

import (
	"strings"
	"testing"
	"time"

	"github.com/CatchZeng/dingtalk/pkg/dingtalk"

	"github.com/posthouse/posthouse/server/sandbox"
)

func client(box *sandbox.Sandbox, robot int) *dingtalk.Client {
	r := box.Credentials().Robots[robot]
	return dingtalk.NewClient(r.AccessToken, r.Secret)
}

func TestRobotSDKSendsAllFiveTypes(t *testing.T) {
	box := newBox(t)
	const address = "https://example.com/"
	for msgtype, message := range map[string]dingtalk.Message{
		"text":       dingtalk.NewTextMessage().SetContent("hello @13800000002").SetAt([]string{"13800000002"}, false),
		"link":       dingtalk.NewLinkMessage().SetLink("title", "text", address, address),
		"markdown":   dingtalk.NewMarkdownMessage().SetMarkdown("title", "# hello"),
		"actionCard": dingtalk.NewActionCardMessage().SetOverallJump("title", "text", "read", address, "0", "0"),
		"feedCard":   dingtalk.NewFeedCardMessage().AppendLink("title", address, address),
	} {
		if _, answer, err := client(box, 0).Send(message); err != nil || answer.ErrCode != 0 || answer.ErrMsg != "ok" {
			t.Errorf("%s: %+v %v", msgtype, answer, err)
			continue
		}
		all := box.Messages(sandbox.MessageFilter{Robot: "ops"})
		last := all[len(all)-1]
		if last.Msgtype != msgtype {
			t.Errorf("%s arrived as %s", msgtype, last.Msgtype)
		}
		if msgtype == "text" && strings.Join(last.Mentions.ShownUserIDs, " ") != "lisi" {
			t.Errorf("mentions %+v", last.Mentions)
		}
	}
	card := dingtalk.NewActionCardMessage().SetIndependentJump("title", "text", []dingtalk.Btn{{Title: "a", ActionURL: address}, {Title: "b", ActionURL: address}}, "1", "0")
	if _, answer, err := client(box, 0).Send(card); err != nil {
		t.Errorf("card with buttons: %+v %v", answer, err)
	}
}

func TestRobotSDKSeesThePlatformsRefusals(t *testing.T) {
	box := newBox(t)
	message := dingtalk.NewTextMessage().SetContent("hello")
	ops := box.Credentials().Robots[0]
	for name, c := range map[string]struct {
		client *dingtalk.Client
		code   int64
	}{
		"unknown token": {dingtalk.NewClient("nobody", ops.Secret), 300001},
		"no secret":     {dingtalk.NewClient(ops.AccessToken, ""), 310000},
		"wrong secret":  {dingtalk.NewClient(ops.AccessToken, "SECwrong"), 310000},
		"no keyword":    {client(box, 1), 310000},
	} {
		if _, answer, err := c.client.Send(message); err == nil || answer.ErrCode != c.code {
			t.Errorf("%s: %+v %v", name, answer, err)
		}
	}
	for range 20 {
		if _, _, err := client(box, 0).Send(message); err != nil {
			t.Fatal(err)
		}
	}
	if _, answer, err := client(box, 0).Send(message); err == nil || answer.ErrCode != 410100 {
		t.Errorf("a 21st message: %+v %v", answer, err)
	}
	// Moved ten minutes on, the SDK's own clock is behind by less than an hour.
	box.Advance(10 * time.Minute)
	if _, _, err := client(box, 0).Send(message); err != nil {
		t.Error(err)
	}
	box.Advance(time.Hour)
	if _, answer, err := client(box, 0).Send(message); err == nil || answer.ErrCode != 310000 {
		t.Errorf("an hour behind: %+v %v", answer, err)
	}
}
