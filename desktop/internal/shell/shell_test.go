package shell_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/desktop/internal/backend"
	"github.com/posthouse/posthouse/desktop/internal/guard"
	"github.com/posthouse/posthouse/desktop/internal/shell"
)

func TestTheFirstStartAsks(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	page := o.page(t)
	for _, want := range []string{`data-view="start"`, `lang="en"`, `data-mode="local"`, `data-mode="remote"`, `data-mode="sandbox"`, "v1.2.3", filepath.Join(o.dir, "data")} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if o.Title() != "Posthouse 驿站" {
		t.Errorf("title %q", o.Title())
	}
}

func TestWhatWasOpenIsOpenedAgain(t *testing.T) {
	t.Parallel()
	server := elsewhere(t, nil)
	first := open(t, nil)
	if _, problem := first.Open(remote(server.URL)); problem != nil {
		t.Fatal(problem)
	}
	host := strings.TrimPrefix(server.URL, "http://")
	if want := host + " · Posthouse"; first.Title() != want || first.window.last(&first.window.titles) != want {
		t.Errorf("title %q, want %q", first.Title(), want)
	}
	first.RememberPlace(shell.Place{Rect: shell.Rect{X: 7, Y: 8, Width: 900, Height: 700}})
	port := first.Settings().Port
	first.Close()

	second := open(t, func(cfg *shell.Config) { cfg.Dir = first.dir })
	if page := second.page(t); !strings.Contains(page, `data-view="opening"`) || !strings.Contains(page, server.URL) {
		t.Errorf("the second start shows %.400s", page)
	}
	if got := second.Settings(); got.Window.X != 7 || got.Port != port || !slices.Contains(got.Recent, server.URL+"/") {
		t.Errorf("settings %+v", got)
	}
	// The page asks for it without naming it.
	answer := second.post(t, "/open", map[string]string{})
	if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), "http://127.0.0.1:") {
		t.Errorf("opened again: %d %s", answer.Code, answer.Body)
	}
	if second.Settings().Port != port {
		t.Errorf("port %d, before %d", second.Settings().Port, port)
	}
}

func TestAMaximisedWindowKeepsThePlaceItHadBefore(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	o.RememberPlace(place(7, 8, 900, 700))
	o.RememberPlace(shell.Place{Rect: shell.Rect{Width: 1920, Height: 1080}, Maximised: true})
	want := place(7, 8, 900, 700)
	want.Maximised = true
	if got := o.Settings().Window; got != want {
		t.Errorf("%+v", got)
	}
}

func TestAFlagBeatsWhatWasOpen(t *testing.T) {
	t.Parallel()
	o := open(t, func(cfg *shell.Config) { cfg.First = shell.Choice{Mode: backend.Sandbox} })
	if page := o.page(t); !strings.Contains(page, `data-view="opening"`) || !strings.Contains(page, "Opening Sandbox…") {
		t.Errorf("it shows %.600s", page)
	}
}

func TestLocalIsServedAndItsFolderLocked(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	client, origin := o.enter(t, shell.Choice{Mode: backend.Local})
	if status, body := ask(t, client, http.MethodGet, origin+"/readyz", ""); status != http.StatusOK || !strings.Contains(body, "ready") {
		t.Errorf("readyz: %d %s", status, body)
	}
	if o.Title() != "This computer · Posthouse" {
		t.Errorf("title %q", o.Title())
	}

	other := open(t, func(cfg *shell.Config) { cfg.DataDir = filepath.Join(o.dir, "data") })
	_, problem := other.Open(shell.Choice{Mode: backend.Local})
	if problem == nil || problem.Kind != backend.DataLocked {
		t.Fatalf("the second window: %v", problem)
	}
	page := other.page(t)
	for _, want := range []string{`data-view="problem"`, "The data folder is in use", "posthouse serve", filepath.Join(o.dir, "data")} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}

	o.Switch()
	<-o.window.shown
	if answer := other.post(t, "/open", map[string]string{}); !strings.Contains(answer.Body.String(), "http://127.0.0.1:") {
		t.Errorf("after the first was closed: %s", answer.Body)
	}
}

func TestTheSandboxHasAFolderAndAPageOfItsOwn(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	client, origin := o.enter(t, shell.Choice{Mode: backend.Sandbox})
	status, body := ask(t, client, http.MethodPost, origin+"/sandbox/api/events", `{"eventType":"user_add_org","data":{}}`)
	if status != http.StatusOK || !strings.Contains(body, `"delivered":true`) {
		t.Errorf("an event pushed through the door: %d %s", status, body)
	}
	if _, err := os.Stat(filepath.Join(o.dir, "data")); err == nil {
		t.Error("the sandbox touched the folder of this computer's Posthouse")
	}
}

func TestWhatFailsWhileRunningIsShown(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	o.enter(t, shell.Choice{Mode: backend.Local})
	shell.Fail(o.Shell)
	<-o.window.shown
	page := o.page(t)
	if !strings.Contains(page, "The posthouse stopped unexpectedly") {
		t.Errorf("it shows %.600s", page)
	}
	if o.Title() != "Posthouse 驿站" {
		t.Errorf("title %q", o.Title())
	}
	if _, problem := o.Open(shell.Choice{Mode: backend.Local}); problem != nil {
		t.Errorf("trying again: %v", problem)
	}
}

func TestOpeningCanBeGivenUp(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	hanging := elsewhere(t, nil)
	hanging.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	o := open(t, nil)
	done := make(chan *backend.Problem, 1)
	go func() {
		_, problem := o.Open(remote(hanging.URL))
		done <- problem
	}()
	<-asked
	o.Choose()
	if problem := <-done; problem != nil {
		t.Errorf("giving up was taken for a failure: %v", problem)
	}
	if page := o.page(t); !strings.Contains(page, `data-view="start"`) {
		t.Errorf("it shows %.400s", page)
	}
}

func TestAServerThatWentAwayIsToldOnItsOwnPage(t *testing.T) {
	t.Parallel()
	server := elsewhere(t, nil)
	o := open(t, nil)
	client, origin := o.enter(t, remote(server.URL))
	server.Close()
	status, body := ask(t, client, http.MethodGet, origin+"/", "")
	if status != http.StatusBadGateway || !strings.Contains(body, "The server is not running") || !strings.Contains(body, `data-gone`) {
		t.Errorf("%d %.600s", status, body)
	}
	if keyMeta.FindStringSubmatch(body)[1] != "" {
		t.Error("the shell's key stands in a page of another origin")
	}
	for _, name := range []string{"shell.css", "shell.js", "icon.svg"} {
		if status, _ := ask(t, client, http.MethodGet, origin+"/.desktop/"+name, ""); status != http.StatusOK {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := ask(t, client, http.MethodPost, origin+"/.desktop/choose", "{}"); status != http.StatusNoContent {
		t.Errorf("choosing another: %d", status)
	}
	<-o.window.shown
	if page := o.page(t); !strings.Contains(page, `data-view="start"`) {
		t.Errorf("it shows %.400s", page)
	}
}

func TestAddressesAreCorrectedBesideTheField(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	o.post(t, "/open", remote("<script>alert(1)</script>"))
	page := o.page(t)
	if !strings.Contains(page, "Enter the address of a server") || !strings.Contains(page, `data-view="start"`) || strings.Contains(page, "<script>alert") {
		t.Errorf("it shows %.2000s", page)
	}
	o.post(t, "/open", remote("http://posthouse.example.com"))
	if page := o.page(t); !strings.Contains(page, `name="plain"`) || !strings.Contains(page, `value="http://posthouse.example.com"`) {
		t.Errorf("it shows %.2000s", page)
	}
	if got := o.Settings(); got.Mode != "" || got.Address != "" {
		t.Errorf("what failed is remembered: %+v", got)
	}
}

func TestOnlyThePageItselfCanChangeThings(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	for _, path := range []string{"/open", "/choose", "/language", "/quit"} {
		for _, key := range []string{"", "x"} {
			status := postWith(t, o, path, key)
			if status != http.StatusForbidden {
				t.Errorf("POST %s with the key %q: %d", path, key, status)
			}
		}
	}
	if len(o.window.quit) > 0 {
		t.Error("it quit")
	}
	if o.post(t, "/quit", struct{}{}).Code != http.StatusNoContent || len(o.window.quit) != 1 {
		t.Error("the page cannot quit")
	}
	if o.post(t, "/open", map[string]string{"mode": "everything"}).Code != http.StatusBadRequest {
		t.Error("an unknown mode was taken")
	}
}

func TestLanguagesChangeTogether(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	if label := o.Menu()[0].Items[0].Label; label != "Open Another…" {
		t.Errorf("menu: %s", label)
	}
	o.post(t, "/language", map[string]string{"language": "zh-CN"})
	if label := o.Menu()[0].Items[0].Label; label != "打开其他驿站…" || o.window.relabels != 1 {
		t.Errorf("menu: %s, relabelled %d times", label, o.window.relabels)
	}
	if page := o.page(t); !strings.Contains(page, `lang="zh-CN"`) || !strings.Contains(page, "打开哪一座驿站？") {
		t.Errorf("page: %.400s", page)
	}
	o.post(t, "/language", map[string]string{"language": "tlh"})
	if o.Language() != shell.Chinese {
		t.Errorf("language %s", o.Language())
	}
	again := open(t, func(cfg *shell.Config) { cfg.Dir = o.dir })
	if again.Language() != shell.Chinese {
		t.Error("the language is forgotten")
	}
	again.enter(t, remote(elsewhere(t, nil).URL))
	again.ChooseLanguage(shell.English)
	if script := again.window.last(&again.window.scripts); !strings.Contains(script, `localStorage.setItem("posthouse.language", "en")`) {
		t.Errorf("the page is told %s", script)
	}
}

func TestThePageBeginsInTheWindowsLanguage(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	client, origin := o.enter(t, remote(elsewhere(t, nil).URL))
	if _, script := ask(t, client, http.MethodGet, origin+"/.desktop/enter.js", ""); !strings.Contains(script, `localStorage.setItem("posthouse.language", "en")`) {
		t.Errorf("enter.js: %s", script)
	}
}

func TestDamagedSettingsAreForgotten(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no JSON":   `{"mode": "loc`,
		"nonsense":  `{"mode":"moon","address":"javascript:alert(1)","recent":["::","a.example"],"language":"tlh","port":80,"zoom":9000}`,
		"no server": `{"mode":"remote","address":""}`,
	} {
		o := open(t, func(cfg *shell.Config) {
			if err := os.WriteFile(settingsFile(cfg.Dir), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		})
		got := o.Settings()
		if got.Mode != "" || got.Address != "" || got.Language != "" || got.Port != 0 || got.Zoom > 200 || slices.Contains(got.Recent, "::") {
			t.Errorf("%s: %+v", name, got)
		}
		if page := o.page(t); !strings.Contains(page, `data-view="start"`) {
			t.Errorf("%s shows %.300s", name, page)
		}
	}
}

func TestThePortOfLastTimeMayBeTaken(t *testing.T) {
	t.Parallel()
	taken, err := guard.Open(t.Context(), guard.Config{Handler: http.NotFoundHandler()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	o := open(t, nil)
	shell.UsePort(o.Shell, taken.Port())
	o.enter(t, remote(elsewhere(t, nil).URL))
	if got := o.Settings().Port; got == taken.Port() || got == 0 {
		t.Errorf("port %d", got)
	}
}

func TestMenuItemsWorkInEveryState(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	press := func(label string) {
		t.Helper()
		for _, top := range o.Menu() {
			for _, item := range top.Items {
				if item.Label == label {
					item.Do()
					return
				}
			}
		}
		t.Fatalf("no item %s", label)
	}
	press("GraphiQL")
	if got := o.window.last(&o.window.told); got != "Open a posthouse first." {
		t.Errorf("told %q", got)
	}
	press("About Posthouse")
	if got := o.window.last(&o.window.told); !strings.Contains(got, "v1.2.3") || !strings.Contains(got, "nothing is open") {
		t.Errorf("told %q", got)
	}
	o.enter(t, remote(elsewhere(t, nil).URL))
	press("GraphiQL")
	if got := o.window.last(&o.window.scripts); got != `location.assign("/graphiql")` {
		t.Errorf("script %q", got)
	}
	press("Sandbox Page")
	if got := o.window.last(&o.window.told); !strings.Contains(got, "only while the sandbox is open") {
		t.Errorf("told %q", got)
	}
	press("Zoom In")
	press("Zoom In")
	if o.Zoom() != 120 || o.window.zoom != 120 {
		t.Errorf("zoom %d", o.Zoom())
	}
	for range 20 {
		press("Zoom Out")
	}
	if o.Zoom() != 50 {
		t.Errorf("zoom %d", o.Zoom())
	}
	o.PageLoaded()
	press("Actual Size")
	if o.Zoom() != 100 || o.window.zoom != 100 {
		t.Errorf("zoom %d", o.Zoom())
	}
	press("Quit")
	if len(o.window.quit) != 1 {
		t.Error("it does not quit")
	}
}

func TestLinksToOtherPlacesOpenOutside(t *testing.T) {
	t.Parallel()
	o := open(t, nil)
	o.PageLoaded()
	if len(o.window.scripts) != 0 {
		t.Error("a script runs in the shell's own page")
	}
	client, origin := o.enter(t, remote(elsewhere(t, nil).URL))
	o.PageLoaded()
	if got := o.window.last(&o.window.scripts); !strings.Contains(got, "/.desktop/open") {
		t.Errorf("script %q", got)
	}
	for address, status := range map[string]int{
		"https://open.dingtalk.com/document?a=1#b": http.StatusNoContent,
		"file:///etc/passwd":                       http.StatusBadRequest,
		"javascript:alert(1)":                      http.StatusBadRequest,
		"https://a.example/`id`":                   http.StatusBadRequest,
		"https://user:pass@a.example/":             http.StatusBadRequest,
		"":                                         http.StatusBadRequest,
	} {
		if got, _ := ask(t, client, http.MethodPost, origin+"/.desktop/open", `{"address":"`+address+`"}`); got != status {
			t.Errorf("%s: %d", address, got)
		}
	}
	if !slices.Equal(o.window.outside, []string{"https://open.dingtalk.com/document?a=1#b"}) {
		t.Errorf("opened %v", o.window.outside)
	}
}
