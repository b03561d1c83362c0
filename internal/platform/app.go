package platform

import (
	"fmt"
	"slices"

	"github.com/posthouse/posthouse/internal/secret"
)

// DingtalkApp is one enterprise internal or third-party app.
type DingtalkApp struct {
	// Name is how Posthouse calls it: the {app} of /callbacks/dingtalk/{app}.
	Name string
	// CorpID is the company.
	CorpID string
	// AppKey (Client ID) and AppSecret (Client Secret) are the app's credentials.
	AppKey    string
	AppSecret secret.Text
	// SuiteKey is set for third-party apps only.
	SuiteKey string
	// CallbackToken and CallbackAESKey sign and encrypt event pushes.
	CallbackToken  secret.Text
	CallbackAESKey secret.Text
}

// OwnerKeys are the names under which DingTalk may encrypt pushes to this app: which one depends on
// how the subscription was made (protocols.md §4.3).
func (a DingtalkApp) OwnerKeys() []string {
	return slices.DeleteFunc([]string{a.AppKey, a.CorpID, a.SuiteKey}, func(k string) bool { return k == "" })
}

// WechatApp is one mini-program.
type WechatApp struct {
	Name      string
	AppID     string
	AppSecret secret.Text
}

// Apps are all platform apps of one Posthouse. Immutable, safe for concurrent use.
type Apps struct {
	dingtalk map[string]DingtalkApp
	wechat   []WechatApp
}

// NewApps refuses two DingTalk apps of one name and two mini-programs of one appid.
func NewApps(dingtalk []DingtalkApp, wechat []WechatApp) (*Apps, error) {
	a := &Apps{dingtalk: map[string]DingtalkApp{}}
	for _, app := range dingtalk {
		if _, twice := a.dingtalk[app.Name]; twice {
			return nil, fmt.Errorf("platform: two DingTalk apps are named %q", app.Name)
		}
		a.dingtalk[app.Name] = app
	}
	for _, app := range wechat {
		if _, twice := a.Wechat(app.AppID); twice && app.AppID != "" {
			return nil, fmt.Errorf("platform: two mini-programs have the appid %q", app.AppID)
		}
		a.wechat = append(a.wechat, app)
	}
	return a, nil
}

// Dingtalk finds an app by its name.
func (a *Apps) Dingtalk(name string) (DingtalkApp, bool) {
	app, ok := a.dingtalk[name]
	return app, ok
}

// Wechat finds a mini-program by its appid. An empty appid means the only one there is.
func (a *Apps) Wechat(appID string) (WechatApp, bool) {
	if appID == "" && len(a.wechat) == 1 {
		return a.wechat[0], true
	}
	for _, app := range a.wechat {
		if appID != "" && app.AppID == appID {
			return app, true
		}
	}
	return WechatApp{}, false
}
