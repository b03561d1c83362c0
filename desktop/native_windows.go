//go:build desktop

package main

import (
	"context"
	"os"
	"strconv"
	"unsafe"

	wails "github.com/wailsapp/wails/v2/pkg/runtime"
	"golang.org/x/sys/windows"

	"github.com/posthouse/posthouse/desktop/internal/launch"
	"github.com/posthouse/posthouse/desktop/internal/shell"
)

// Windows tells where the screens are, which the library does not. Everything here is in the pixels of
// the desktop, so that places and screens fit together whatever the scale of each screen is.

var (
	user32              = windows.NewLazySystemDLL("user32.dll")
	findWindow          = user32.NewProc("FindWindowW")
	getWindowRect       = user32.NewProc("GetWindowRect")
	setWindowPos        = user32.NewProc("SetWindowPos")
	enumDisplayMonitors = user32.NewProc("EnumDisplayMonitors")
	getMonitorInfo      = user32.NewProc("GetMonitorInfoW")
)

const (
	monitorPrimary = 1
	posNoZOrder    = 0x4
	posNoActivate  = 0x10
)

type rect struct{ left, top, right, bottom int32 }

func (r rect) toShell() shell.Rect {
	return shell.Rect{X: int(r.left), Y: int(r.top), Width: int(r.right - r.left), Height: int(r.bottom - r.top)}
}

type monitorInfo struct {
	size    uint32
	monitor rect
	work    rect
	flags   uint32
}

func checkDisplay() error { return nil }

func systemLanguages() []string {
	tags, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil {
		return launch.Languages(os.Getenv)
	}
	return tags
}

func mainWindow() uintptr {
	class, err := windows.UTF16PtrFromString(windowClass)
	if err != nil {
		return 0
	}
	handle, _, _ := findWindow.Call(uintptr(unsafe.Pointer(class)), 0)
	return handle
}

func nativeScreens(context.Context) []shell.Rect {
	var all []shell.Rect
	each := windows.NewCallback(func(monitor, _, _, _ uintptr) uintptr {
		info := monitorInfo{size: uint32(unsafe.Sizeof(monitorInfo{}))}
		if ok, _, _ := getMonitorInfo.Call(monitor, uintptr(unsafe.Pointer(&info))); ok == 0 {
			return 1
		}
		if info.flags&monitorPrimary != 0 {
			all = append([]shell.Rect{info.work.toShell()}, all...)
		} else {
			all = append(all, info.work.toShell())
		}
		return 1
	})
	_, _, _ = enumDisplayMonitors.Call(0, 0, each, 0)
	return all
}

func nativePlace(context.Context) (shell.Rect, bool) {
	var r rect
	ok, _, _ := getWindowRect.Call(mainWindow(), uintptr(unsafe.Pointer(&r)))
	return r.toShell(), ok != 0
}

func nativeMove(_ context.Context, r shell.Rect) {
	_, _, _ = setWindowPos.Call(mainWindow(), 0, uintptr(r.X), uintptr(r.Y), uintptr(r.Width), uintptr(r.Height), posNoZOrder|posNoActivate)
}

// Zoom implements shell.Window.
func (w *window) Zoom(percent int) {
	w.Script("document.documentElement.style.zoom = '" + strconv.Itoa(percent) + "%'")
}

// Relabel implements shell.Window.
func (w *window) Relabel() {
	wails.MenuSetApplicationMenu(w.use(), nativeMenu(w.shell.Menu()))
	wails.MenuUpdateApplicationMenu(w.ctx)
}
