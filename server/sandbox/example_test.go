package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/posthouse/posthouse/server/sandbox"
)

// A program's own test sends to a robot and reads what arrived in the group.
func Example() {
	box, err := sandbox.New(sandbox.Config{})
	if err != nil {
		panic(err)
	}
	defer box.Close()
	if err := box.AddRobot(sandbox.Robot{Name: "builds", Keywords: []string{"build"}}); err != nil {
		panic(err)
	}
	server := httptest.NewServer(box.Handler())
	defer server.Close()

	robots := box.Credentials().Robots
	webhook := server.URL + "/robot/send?access_token=" + url.QueryEscape(robots[len(robots)-1].AccessToken)
	for _, text := range []string{"build 7 is green", "lunch?"} {
		body := fmt.Sprintf(`{"msgtype":"text","text":{"content":%q}}`, text)
		resp, err := http.Post(webhook, "application/json", strings.NewReader(body))
		if err != nil {
			panic(err)
		}
		_ = resp.Body.Close()
	}
	for _, m := range box.Messages(sandbox.MessageFilter{Robot: "builds"}) {
		fmt.Println(m.Robot, m.Msgtype, string(m.Body))
	}
	// Output:
	// builds text {"content":"build 7 is green"}
}
