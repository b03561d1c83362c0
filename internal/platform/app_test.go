package platform_test

import (
	"slices"
	"testing"

	"github.com/posthouse/posthouse/internal/platform"
)

func TestAppsAreFoundByWhatNamesThem(t *testing.T) {
	t.Parallel()
	apps, err := platform.NewApps(
		[]platform.DingtalkApp{{Name: "office"}, {Name: "shop"}},
		[]platform.WechatApp{{AppID: "wx1"}, {AppID: "wx2"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := apps.Dingtalk("office"); !ok {
		t.Error("office is there")
	}
	if _, ok := apps.Dingtalk("nobody"); ok {
		t.Error("nobody is not there")
	}
	if app, ok := apps.Wechat("wx2"); !ok || app.AppID != "wx2" {
		t.Errorf("got %v", app)
	}
	if _, ok := apps.Wechat(""); ok {
		t.Error("of two mini-programs none is the only one")
	}
}

func TestTheOnlyMiniProgramNeedsNoName(t *testing.T) {
	t.Parallel()
	apps, err := platform.NewApps(nil, []platform.WechatApp{{AppID: "wx1"}})
	if err != nil {
		t.Fatal(err)
	}
	if app, ok := apps.Wechat(""); !ok || app.AppID != "wx1" {
		t.Errorf("got %v, %v", app, ok)
	}
}

func TestTwoAppsOfOneNameAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := platform.NewApps([]platform.DingtalkApp{{Name: "a"}, {Name: "a"}}, nil); err == nil {
		t.Error("two DingTalk apps of one name")
	}
	if _, err := platform.NewApps(nil, []platform.WechatApp{{AppID: "wx1"}, {AppID: "wx1"}}); err == nil {
		t.Error("two mini-programs of one appid")
	}
}

func TestOwnerKeysAreThoseThatAreSet(t *testing.T) {
	t.Parallel()
	got := platform.DingtalkApp{AppKey: "k", CorpID: "c"}.OwnerKeys()
	if !slices.Equal(got, []string{"k", "c"}) {
		t.Errorf("got %v", got)
	}
}
