package foreign_test

import (
	"strings"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2"
	"github.com/silenceper/wechat/v2/cache"
	"github.com/silenceper/wechat/v2/credential"
	"github.com/silenceper/wechat/v2/miniprogram"
	"github.com/silenceper/wechat/v2/miniprogram/config"

	"github.com/posthouse/posthouse/server/sandbox"
)

func program(box *sandbox.Sandbox, change func(*config.Config)) *miniprogram.MiniProgram {
	app := box.Credentials().WeChat
	cfg := &config.Config{AppID: app.AppID, AppSecret: app.AppSecret, Cache: cache.NewMemory()}
	if change != nil {
		change(cfg)
	}
	return wechat.NewWechat().GetMiniProgram(cfg)
}

func TestWechatSDKSignsIn(t *testing.T) {
	box := newBox(t)
	code, err := box.NewWechatCode(sandbox.WechatPerson{OpenID: "o-somebody", UnionID: "u-somebody"})
	if err != nil {
		t.Fatal(err)
	}
	session, err := program(box, nil).GetAuth().Code2Session(code.Code)
	if err != nil || session.OpenID != "o-somebody" || session.UnionID != "u-somebody" || session.SessionKey == "" {
		t.Errorf("%+v %v", session, err)
	}
	for want, try := range map[string]func() error{
		"errcode=40163": func() error { _, err := program(box, nil).GetAuth().Code2Session(code.Code); return err },
		"errcode=40029": func() error { _, err := program(box, nil).GetAuth().Code2Session("x"); return err },
		"errcode=41008": func() error { _, err := program(box, nil).GetAuth().Code2Session(""); return err },
		"errcode=40013": func() error {
			_, err := program(box, func(c *config.Config) { c.AppID = "wx" }).GetAuth().Code2Session("x")
			return err
		},
		"errcode=40125": func() error {
			_, err := program(box, func(c *config.Config) { c.AppSecret = "x" }).GetAuth().Code2Session("x")
			return err
		},
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestWechatSDKFetchesTokens(t *testing.T) {
	box := newBox(t)
	app := box.Credentials().WeChat
	ordinary := func() string {
		token, err := credential.NewDefaultAccessToken(app.AppID, app.AppSecret, "test", cache.NewMemory()).GetAccessToken()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	stable := func() string {
		token, err := credential.NewStableAccessToken(app.AppID, app.AppSecret, "test", cache.NewMemory()).GetAccessToken()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	if ordinary() == ordinary() {
		t.Error("cgi-bin/token gives the same token twice")
	}
	first := stable()
	if stable() != first {
		t.Error("stable_token gives another token")
	}
	box.Advance(2 * time.Hour)
	if stable() == first {
		t.Error("stable_token gives a token that has ended")
	}
	if token, err := credential.NewDefaultAccessToken(app.AppID, "x", "test", cache.NewMemory()).GetAccessToken(); err == nil {
		t.Errorf("a wrong secret yields %q", token)
	}
}

func TestWechatSDKReadsAPhoneNumber(t *testing.T) {
	box := newBox(t)
	code, err := box.NewWechatCode(sandbox.WechatPerson{Phone: "+8613912345678"})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := program(box, nil).GetAuth().GetPhoneNumber(code.PhoneCode)
	if err != nil || answer.PhoneInfo.PurePhoneNumber != "13912345678" {
		t.Errorf("%+v %v", answer, err)
	}
}
