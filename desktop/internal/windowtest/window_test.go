//go:build xvfb

package windowtest

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestADayWithTheSandbox is the whole way: choose, make the owner, see an event live, export the log, close,
// open again where it was, sign in with the code from the chat, and find the event still there.
func TestADayWithTheSandbox(t *testing.T) {
	d := newDisplay(t)
	p := start(t, d, starting{})
	p.see("打开哪一座驿站？")
	p.focus()
	d.picture(t, "start-zh")
	p.click("button", "打开沙箱")

	p.until(`location.pathname === '/setup' && document.querySelector('input[name=username]')`)
	d.picture(t, "set-up")
	p.typeInto("username", "zhanggui")
	p.typeInto("password", "horses and 7 lanterns")
	p.typeInto("phone", "13800000001")
	p.click("button[type=submit]", "")
	p.until(`location.pathname === '/overview'`)
	p.see("zhanggui")
	p.until(`document.querySelector('main figure svg path') && !document.querySelector('main .loading')`)
	d.picture(t, "overview")

	p.click("a", "事件")
	p.until(`location.pathname === '/events'`)
	p.see("实时")
	box := p.box()
	box.push("user_add_org", `{"userId":["zhangsan"]}`)
	p.until(`document.querySelector('.event .type')?.innerText === 'user_add_org'`)
	box.push("org_dept_create", `{"deptId":[7]}`)
	p.until(`document.querySelectorAll('.event').length === 2`)
	d.picture(t, "events-live")

	t.Run("nobody else gets in", func(t *testing.T) {
		for _, path := range []string{"/", "/graphql", "/events", "/.desktop/token"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", p.settings().Port, path), nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != http.StatusForbidden {
				t.Errorf("%s was answered %d", path, answer.StatusCode)
			}
		}
	})

	p.press("ctrl+plus", "ctrl+plus")
	p.until(`innerWidth < 1280`)
	p.press("ctrl+0")
	p.until(`innerWidth === 1280`)
	p.press("F10") // a menu takes the keyboard until Escape
	d.picture(t, "menu")
	p.press("Escape")
	p.press("alt+Left")
	p.until(`location.pathname === '/overview'`)
	p.press("alt+Right")
	p.until(`location.pathname === '/events'`)
	p.value(`document.body.insertAdjacentHTML('afterbegin', '<a id="outside" target="_blank" href="https://open.dingtalk.com/document?a=(1)">elsewhere</a>')`)
	p.click("#outside", "elsewhere")
	if address := d.opened(t); address != "https://open.dingtalk.com/document?a=%281%29" {
		t.Errorf("opened outside: %s", address)
	}
	p.press("ctrl+r") // signed in as before
	p.until(`document.querySelectorAll('.event').length === 2`)

	file := filepath.Join(t.TempDir(), "log.jsonl")
	p.press("ctrl+e")
	p.dialog("export-dialog")
	p.press("ctrl+a")
	d.x(t, "xdotool", "type", "--delay", "20", file)
	p.press("Return")
	p.dialog("export-done")
	text, err := os.ReadFile(file)
	if err != nil || strings.Count(string(text), "\n") != 2 || !strings.Contains(string(text), `"org_dept_create"`) {
		t.Fatalf("the export holds %s, %v", text, err)
	}
	p.press("Return")
	p.noDialog()

	if code := launch(t, d, starting{dir: p.dir}).exit(); code != 1 {
		t.Errorf("a second start ended with %d", code)
	}
	p.see("user_add_org")

	d.x(t, "xdotool", "windowsize", "--sync", p.window(), "1100", "700")
	d.x(t, "xdotool", "windowmove", "--sync", p.window(), "200", "120")
	p.until(`innerWidth === 1100`)
	p.press("ctrl+q")
	if code := p.exit(); code != 0 {
		t.Errorf("the program ended with %d", code)
	}
	if s := p.settings(); s.Mode != "sandbox" || s.Window.X != 200 || s.Window.Y != 120 || s.Window.Width != 1100 {
		t.Errorf("settings %+v", s)
	}
	again(t, d, p.dir)
}

// again opens what was open before.
func again(t *testing.T, d *display, dir string) {
	t.Helper()
	p := start(t, d, starting{dir: dir})
	p.until(`document.querySelector('input[name=username]')`)
	if at := p.value(`[screenX, screenY, innerWidth]`); fmt.Sprint(at) != "[200 120 1100]" {
		t.Errorf("the window is at %v", at)
	}
	p.focus()
	p.typeInto("username", "zhanggui")
	p.typeInto("password", "horses and 7 lanterns")
	d.picture(t, "sign-in")
	p.click("button[type=submit]", "")
	p.until(`document.querySelector('input[name=code]')`)
	p.typeInto("code", p.box().code())
	p.until(`location.pathname === '/overview' || document.querySelector('button[type=submit]:not([disabled])')`)
	if p.value(`location.pathname`) != "/overview" {
		p.press("Return")
	}
	p.until(`location.pathname === '/overview'`)
	p.click("a", "事件")
	p.until(`document.querySelectorAll('.event').length === 2`)
	p.box().push("user_leave_org", `{"userId":["lisi"]}`)
	p.until(`document.querySelector('.event .type')?.innerText === 'user_leave_org'`)
	d.picture(t, "events-after-restart")

	p.press("ctrl+o")
	p.see("打开哪一座驿站？")
	p.see("上次")
	d.picture(t, "start-again")
	if code := p.quit(); code != 0 {
		t.Errorf("the program ended with %d", code)
	}
}
