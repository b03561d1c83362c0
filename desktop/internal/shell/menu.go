package shell

import "github.com/posthouse/posthouse/desktop/internal/backend"

// Zoom of the page, in per cent.
const (
	minZoom, maxZoom = 50, 200
	zoomStep         = 10
)

// MenuItem is one entry of the menu. An item without label is a line between others.
type MenuItem struct {
	Label string
	// Key is the shortcut, such as "cmdorctrl+e"; empty for none.
	Key   string
	Items []MenuItem
	// Do is what choosing it does; nil for what holds Items.
	Do func()
}

// Menu gives the menu in the present language. Every item works in every state and says so when it has
// nothing to work on: not every system lets a menu change while the window is open.
func (s *Shell) Menu() []MenuItem {
	t := textsOf(s.Language())
	item := func(key, shortcut string, do func()) MenuItem {
		return MenuItem{Label: t.say("menu." + key), Key: shortcut, Do: do}
	}
	choice := func(tag, name string) MenuItem {
		return MenuItem{Label: name, Do: func() { s.ChooseLanguage(tag) }}
	}
	script := func(text string) func() { return func() { s.window.Script(text) } }
	return []MenuItem{
		{Label: t.say("menu.house"), Items: []MenuItem{
			item("switch", "cmdorctrl+o", s.Switch),
			item("export", "cmdorctrl+e", s.Export),
			{},
			item("quit", "cmdorctrl+q", s.window.Quit),
		}},
		{Label: t.say("menu.view"), Items: []MenuItem{
			item("back", "optionoralt+left", script("history.back()")),
			item("forward", "optionoralt+right", script("history.forward()")),
			item("reload", "cmdorctrl+r", script("location.reload()")),
			{},
			item("zoom_in", "cmdorctrl+plus", func() { s.zoomBy(zoomStep) }),
			item("zoom_out", "cmdorctrl+-", func() { s.zoomBy(-zoomStep) }),
			item("zoom_reset", "cmdorctrl+0", func() { s.zoomBy(0) }),
			{},
			item("full_screen", "f11", s.window.ToggleFullScreen),
		}},
		{Label: t.say("menu.tools"), Items: []MenuItem{
			item("graphiql", "", func() { s.visit("/graphiql", false) }),
			item("sandbox", "", func() { s.visit("/sandbox/", true) }),
		}},
		{Label: t.say("menu.language"), Items: []MenuItem{choice(Chinese, "简体中文"), choice(English, "English")}},
		{Label: t.say("menu.help"), Items: []MenuItem{item("about", "", s.about)}},
	}
}

// visit goes to a page of what is open.
func (s *Shell) visit(path string, sandboxOnly bool) {
	open, t := s.opened(), textsOf(s.Language())
	switch {
	case sandboxOnly && (open == nil || open.mode != backend.Sandbox):
		s.window.Tell(Info, t.say("app.name"), t.say("sandbox.closed"))
	case open == nil:
		s.window.Tell(Info, t.say("app.name"), t.say("tools.closed"))
	default:
		s.window.Script("location.assign(" + quoted(path) + ")")
	}
}

// zoomBy changes the zoom, or takes it back when step is 0.
func (s *Shell) zoomBy(step int) {
	s.change(func(set *Settings) {
		if step == 0 {
			set.Zoom = 0
			return
		}
		set.Zoom = min(max(set.zoom()+step, minZoom), maxZoom)
	})
	s.window.Zoom(s.Zoom())
}

func (s Settings) zoom() int {
	if s.Zoom == 0 {
		return 100
	}
	return s.Zoom
}

func (s *Shell) about() {
	t := textsOf(s.Language())
	mode, place := t.say("about.nothing"), ""
	if open := s.opened(); open != nil {
		mode, place = t.say("mode."+string(open.mode)), open.backend.Place()
	}
	s.window.Tell(Info, t.say("about.title"), t.say("about.text", "version", s.cfg.Version, "mode", mode, "place", place, "log", s.cfg.LogFile))
}
