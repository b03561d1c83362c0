package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestCredentialsAreTheSameAtEveryStart(t *testing.T) {
	t.Parallel()
	a, b := newBox(t).Credentials(), newBox(t).Credentials()
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("%+v\n%+v", a, b)
	}
}

func TestCredentialsHaveTheContractsShape(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	answer := read(t, get(s, "/sandbox/api/credentials"))
	for group, fields := range map[string][]string{
		"dingtalk": {"corpId", "appKey", "appSecret", "robotCode", "callbackToken", "callbackAesKey", "loginAppId", "loginAppSecret"},
		"wechat":   {"appId", "appSecret"},
	} {
		object, _ := answer[group].(map[string]any)
		for _, f := range fields {
			if v, _ := object[f].(string); v == "" {
				t.Errorf("%s.%s is missing", group, f)
			}
		}
	}
	robots, _ := json.Marshal(answer["robots"])
	var list []map[string]any
	if err := json.Unmarshal(robots, &list); err != nil || len(list) != 2 {
		t.Fatalf("robots %s: %v", robots, err)
	}
	if list[0]["name"] != "ops" || len(list[0]["keywords"].([]any)) != 0 {
		t.Errorf("first robot %v", list[0])
	}
	if list[1]["name"] != "news" || list[1]["keywords"].([]any)[0] != "Posthouse" {
		t.Errorf("second robot %v", list[1])
	}
	for _, r := range list {
		if len(r["accessToken"].(string)) != 64 || !strings.HasPrefix(r["secret"].(string), "SEC") {
			t.Errorf("robot %v", r)
		}
	}
}

func TestCallbackKeyIsOneThatStrictDecodersRefuse(t *testing.T) {
	t.Parallel()
	key := newBox(t).Credentials().DingTalk.CallbackAESKey
	if len(key) != 43 {
		t.Fatalf("%d characters", len(key))
	}
	if _, err := base64.StdEncoding.Strict().DecodeString(key + "="); err == nil {
		t.Error("its trailing bits are zero")
	}
	if _, err := newCryptor("token", key); err != nil {
		t.Error(err)
	}
}

func TestCompanyIsSeeded(t *testing.T) {
	t.Parallel()
	s := newBox(t)
	var users []User
	if err := json.Unmarshal(get(s, "/sandbox/api/users").Body.Bytes(), &users); err != nil {
		t.Fatal(err)
	}
	if len(users) != 12 || users[0].UserID != "zhangsan" || users[0].Phone != "+8613800000001" ||
		users[1].UserID != "lisi" || users[11].Phone != "+8613800000012" {
		t.Errorf("users %+v", users)
	}
	var departments []Department
	if err := json.Unmarshal(get(s, "/sandbox/api/departments").Body.Bytes(), &departments); err != nil {
		t.Fatal(err)
	}
	levels := map[bool]int{}
	ids := map[int64]bool{}
	for _, d := range departments {
		levels[d.ParentID == 1]++
		ids[d.ID] = true
	}
	if len(departments) != 5 || levels[true] == 0 || levels[false] == 0 {
		t.Errorf("departments %+v", departments)
	}
	for _, u := range users {
		if !ids[u.DeptIDs[0]] {
			t.Errorf("%s is in no department", u.UserID)
		}
	}
}
