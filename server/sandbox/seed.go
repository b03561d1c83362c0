package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Department is one department of the seeded company. The company itself is
// department 1, as on the platform.
type Department struct {
	ID       int64  `json:"deptId"`
	ParentID int64  `json:"parentId"`
	Name     string `json:"name"`
}

// User is one person of the seeded company.
type User struct {
	UserID  string  `json:"userid"`
	UnionID string  `json:"unionid"`
	Name    string  `json:"name"`
	Phone   string  `json:"phone"` // E.164, +8613800000001 and on
	DeptIDs []int64 `json:"deptIds"`
	Title   string  `json:"title"`
}

// Credentials are what a client must be configured with. Its JSON is the answer
// of GET /sandbox/api/credentials.
type Credentials struct {
	DingTalk DingTalkCredentials `json:"dingtalk"`
	Robots   []RobotCredentials  `json:"robots"`
	WeChat   WeChatCredentials   `json:"wechat"`
}

// DingTalkCredentials belong to the one seeded DingTalk app.
type DingTalkCredentials struct {
	CorpID         string `json:"corpId"`
	AppKey         string `json:"appKey"`
	AppSecret      string `json:"appSecret"`
	RobotCode      string `json:"robotCode"`
	CallbackToken  string `json:"callbackToken"`
	CallbackAESKey string `json:"callbackAesKey"`
	LoginAppID     string `json:"loginAppId"`
	LoginAppSecret string `json:"loginAppSecret"`
	// SuiteKey is the owner key of pushes registered with owner suiteKey.
	SuiteKey string `json:"suiteKey"`
}

// RobotCredentials are one group robot's. AccessToken is the query value of its
// webhook; Secret is empty for a robot that does not check signatures.
type RobotCredentials struct {
	Name        string   `json:"name"`
	AccessToken string   `json:"accessToken"`
	Secret      string   `json:"secret"`
	Keywords    []string `json:"keywords"`
}

// WeChatCredentials are the mini-program's.
type WeChatCredentials struct {
	AppID     string `json:"appId"`
	AppSecret string `json:"appSecret"`
}

// seedSecret spells a constant that looks like the platform's own. It depends
// on nothing but its name: a server's stored credentials survive a restart.
func seedSecret(name string) string {
	sum := sha256.Sum256([]byte("posthouse sandbox " + name))
	return hex.EncodeToString(sum[:])
}

func seedCredentials() Credentials {
	return Credentials{
		DingTalk: DingTalkCredentials{
			CorpID:        "ding" + seedSecret("corp")[:32],
			AppKey:        "dingsandboxappkey001",
			AppSecret:     seedSecret("app secret"),
			RobotCode:     "dingsandboxrobot0001",
			CallbackToken: "sandboxCallbackToken0001",
			// 43 characters whose two trailing bits are not zero, as those of
			// most published keys are (protocols.md §4.2): strict base64
			// decoders fail on it.
			CallbackAESKey: "PosthouseSandboxCallbackAesKey0123456789abX",
			LoginAppID:     "dingoasandboxlogin01",
			LoginAppSecret: seedSecret("login app secret"),
			SuiteKey:       "suitesandboxkey00001",
		},
		WeChat: WeChatCredentials{
			AppID:     "wx" + seedSecret("wechat app")[:16],
			AppSecret: seedSecret("wechat app secret")[:32],
		},
	}
}

func seedRobots() []Robot {
	return []Robot{
		{Name: "ops", Title: "值班群", AccessToken: seedSecret("robot ops"), Secret: "SEC" + seedSecret("robot ops secret")},
		{Name: "news", Title: "公告群", AccessToken: seedSecret("robot news"), Secret: "SEC" + seedSecret("robot news secret"), Keywords: []string{"Posthouse"}},
	}
}

// company is the seeded directory. It does not change once built.
type company struct {
	name        string
	departments []Department
	users       []User
	byID        map[string]*User
	byMobile    map[string]*User // eleven digits, without the country code
}

func seedCompany() company {
	c := company{
		name: "驿站科技",
		departments: []Department{
			{ID: 101, ParentID: 1, Name: "产品研发部"},
			{ID: 102, ParentID: 1, Name: "运营部"},
			{ID: 103, ParentID: 1, Name: "综合管理部"},
			{ID: 201, ParentID: 101, Name: "后端组"},
			{ID: 202, ParentID: 101, Name: "前端组"},
		},
		byID:     map[string]*User{},
		byMobile: map[string]*User{},
	}
	people := []struct {
		id, name, title string
		dept            int64
	}{
		{"zhangsan", "张三", "总经理", 103},
		{"lisi", "李四", "研发负责人", 101},
		{"wangwu", "王五", "后端工程师", 201},
		{"zhaoliu", "赵六", "后端工程师", 201},
		{"sunqi", "孙七", "前端工程师", 202},
		{"zhouba", "周八", "前端工程师", 202},
		{"wujiu", "吴九", "产品经理", 101},
		{"zhengshi", "郑十", "运营负责人", 102},
		{"fengyi", "冯一", "运营专员", 102},
		{"chener", "陈二", "运营专员", 102},
		{"chusan", "褚三", "人事", 103},
		{"weisi", "卫四", "财务", 103},
	}
	c.users = make([]User, len(people))
	for i, p := range people {
		mobile := fmt.Sprintf("138%08d", i+1)
		c.users[i] = User{
			UserID: p.id, Name: p.name, Title: p.title, DeptIDs: []int64{p.dept},
			UnionID: seedSecret("unionid " + p.id)[:24],
			Phone:   "+86" + mobile,
		}
		c.byID[p.id] = &c.users[i]
		c.byMobile[mobile] = &c.users[i]
	}
	return c
}
