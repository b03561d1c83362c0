//go:build desktop

package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/wailsapp/wails/v2/pkg/menu"
	"github.com/wailsapp/wails/v2/pkg/menu/keys"
	wails "github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/posthouse/posthouse/desktop/internal/shell"
)

// window is the shell's Window by means of the library. Its methods wait until there is one.
type window struct {
	shell *shell.Shell
	ready chan struct{}
	ctx   context.Context
}

func (w *window) start(ctx context.Context) {
	w.ctx = ctx
	close(w.ready)
}

func (w *window) use() context.Context {
	<-w.ready
	return w.ctx
}

// ShowShell implements shell.Window.
func (w *window) ShowShell() { wails.WindowReloadApp(w.use()) }

// Script implements shell.Window.
func (w *window) Script(text string) { wails.WindowExecJS(w.use(), text) }

// SetTitle implements shell.Window.
func (w *window) SetTitle(title string) { wails.WindowSetTitle(w.use(), title) }

// SaveAs implements shell.Window.
func (w *window) SaveAs(title, name, filter, extension string) (string, error) {
	return wails.SaveFileDialog(w.use(), wails.SaveDialogOptions{
		Title: title, DefaultFilename: name, DefaultDirectory: savingFolder(), CanCreateDirectories: true,
		Filters: []wails.FileFilter{{DisplayName: filter, Pattern: "*." + extension}},
	})
}

// savingFolder is where people look for what they have saved; empty leaves it to the system.
func savingFolder() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	for _, folder := range []string{filepath.Join(home, "Downloads"), filepath.Join(home, "下载"), home} {
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			return folder
		}
	}
	return ""
}

// Tell implements shell.Window.
func (w *window) Tell(tone shell.Tone, title, text string) {
	kind := wails.InfoDialog
	switch tone {
	case shell.Warning:
		kind = wails.WarningDialog
	case shell.Failure:
		kind = wails.ErrorDialog
	}
	_, _ = wails.MessageDialog(w.use(), wails.MessageDialogOptions{Type: kind, Title: title, Message: literal(text)})
}

// Ask implements shell.Window.
func (w *window) Ask(title, question string) bool {
	answer, err := wails.MessageDialog(w.use(), wails.MessageDialogOptions{
		Type: wails.QuestionDialog, Title: title, Message: literal(question), DefaultButton: "No",
	})
	return err == nil && answer == "Yes"
}

// literal keeps a text as it is where the library takes it for a format.
func literal(text string) string {
	if runtime.GOOS == "linux" {
		return strings.ReplaceAll(text, "%", "%%")
	}
	return text
}

// plainAddress writes what the library refuses in an address in the other way that means the same.
var plainAddress = strings.NewReplacer(";", "%3B", "|", "%7C", "$", "%24", "<", "%3C", ">", "%3E", "*", "%2A", "{", "%7B", "}", "%7D",
	"[", "%5B", "]", "%5D", "(", "%28", ")", "%29", "~", "%7E", "!", "%21")

// OpenOutside implements shell.Window.
func (w *window) OpenOutside(address string) {
	wails.BrowserOpenURL(w.use(), plainAddress.Replace(address))
}

// ToggleFullScreen implements shell.Window.
func (w *window) ToggleFullScreen() {
	if wails.WindowIsFullscreen(w.use()) {
		wails.WindowUnfullscreen(w.ctx)
	} else {
		wails.WindowFullscreen(w.ctx)
	}
}

// Quit implements shell.Window.
func (w *window) Quit() { wails.Quit(w.use()) }

// raise brings the window forward, for somebody has started the program again.
func (w *window) raise() {
	wails.WindowUnminimise(w.use())
	wails.WindowShow(w.ctx)
}

func (w *window) restorePlace() {
	screens := nativeScreens(w.use())
	last := w.shell.Settings().Window
	if len(screens) == 0 {
		return // the system's choice is better than a guess
	}
	nativeMove(w.ctx, shell.Fit(last, screens).Rect)
	if last.Maximised {
		wails.WindowMaximise(w.ctx)
	}
}

func (w *window) rememberPlace() {
	if wails.WindowIsMinimised(w.use()) || wails.WindowIsFullscreen(w.ctx) {
		return
	}
	rect, ok := nativePlace(w.ctx)
	if ok {
		w.shell.RememberPlace(shell.Place{Rect: rect, Maximised: wails.WindowIsMaximised(w.ctx)})
	}
}

// nativeMenu turns the shell's menu into the library's.
func nativeMenu(items []shell.MenuItem) *menu.Menu {
	out := menu.NewMenu()
	if runtime.GOOS == "darwin" {
		out.Append(menu.AppMenu())
	}
	for _, top := range items {
		sub := out.AddSubmenu(top.Label)
		for _, item := range top.Items {
			if item.Label == "" {
				sub.AddSeparator()
				continue
			}
			shortcut, err := keys.Parse(item.Key)
			if err != nil {
				shortcut = nil // there is none
			}
			sub.AddText(item.Label, shortcut, func(*menu.CallbackData) { item.Do() })
		}
	}
	if runtime.GOOS == "darwin" {
		out.Append(menu.EditMenu())
	}
	return out
}

func webviewFolder(dir string) string { return filepath.Join(dir, "webview") }
