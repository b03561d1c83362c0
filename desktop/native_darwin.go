//go:build desktop

package main

import (
	"context"
	"os"
	"strconv"

	wails "github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/posthouse/posthouse/desktop/internal/launch"
	"github.com/posthouse/posthouse/desktop/internal/shell"
)

func checkDisplay() error { return nil }

func systemLanguages() []string { return launch.Languages(os.Getenv) }

// nativeScreens gives none: the library tells how large the screens are, but not where. The window keeps
// its size, and the system places it.
func nativeScreens(context.Context) []shell.Rect { return nil }

func nativePlace(ctx context.Context) (shell.Rect, bool) {
	width, height := wails.WindowGetSize(ctx)
	return shell.Rect{Width: width, Height: height}, true
}

func nativeMove(context.Context, shell.Rect) {}

// Zoom implements shell.Window.
func (w *window) Zoom(percent int) {
	w.Script("document.documentElement.style.zoom = '" + strconv.Itoa(percent) + "%'")
}

// Relabel implements shell.Window.
func (w *window) Relabel() {
	wails.MenuSetApplicationMenu(w.use(), nativeMenu(w.shell.Menu()))
	wails.MenuUpdateApplicationMenu(w.ctx)
}
