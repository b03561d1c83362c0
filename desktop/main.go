//go:build desktop

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/logger"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/windows"

	"github.com/posthouse/posthouse/desktop/internal/launch"
	"github.com/posthouse/posthouse/desktop/internal/shell"
)

// Set by the linker.
var (
	version = "dev"
	commit  = ""
)

//go:embed icon.png
var icon []byte

// windowClass is the name of the window for the window system.
const windowClass = "PosthouseWindow"

func main() {
	o, err := launch.Parse(os.Args[1:], os.Stderr, os.UserConfigDir)
	switch {
	case errors.Is(err, launch.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "posthouse-desktop:", err)
		os.Exit(2)
	case o.Version:
		fmt.Println("Posthouse 驿站", versionText())
		return
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "posthouse-desktop:", err)
		os.Exit(1)
	}
}

func versionText() string {
	if commit == "" {
		return version
	}
	return version + " (" + commit + ")"
}

func run(o launch.Options) error {
	if err := checkDisplay(); err != nil {
		return err
	}
	log, logFile, closeLog := launch.OpenLog(o.Dir, os.Stderr)
	defer func() { _ = closeLog() }()
	w := &window{ready: make(chan struct{})}
	cfg := shell.Config{
		Dir: o.Dir, DataDir: o.DataDir, First: o.First, SystemLanguages: systemLanguages(), Version: versionText(),
		LogFile: logFile, Window: w, Logger: log,
	}
	probe := addProbe(&cfg, w)
	s := shell.New(cfg)
	w.shell = s
	log.Info("starting", "version", versionText(), "folder", o.Dir)
	var placed sync.Once
	place := shell.Fit(s.Settings().Window, nil)
	return wails.Run(&options.App{
		Title: s.Title(), Width: place.Width, Height: place.Height, MinWidth: shell.MinWidth, MinHeight: shell.MinHeight,
		BackgroundColour: options.NewRGB(0xf4, 0xf6, 0xf3),
		AssetServer:      &assetserver.Options{Handler: probe(s.Handler())},
		Menu:             nativeMenu(s.Menu()),
		Logger:           wailsLog{log}, LogLevel: logger.WARNING, LogLevelProduction: logger.WARNING,
		EnableDefaultContextMenu: true,
		SingleInstanceLock:       &options.SingleInstanceLock{UniqueId: o.InstanceID(), OnSecondInstanceLaunch: func(options.SecondInstanceData) { w.raise() }},
		OnStartup:                w.start,
		OnDomReady: func(context.Context) {
			placed.Do(w.restorePlace)
			s.PageLoaded()
		},
		OnBeforeClose: func(context.Context) bool {
			w.rememberPlace()
			return false
		},
		OnShutdown: func(context.Context) {
			s.Close()
			log.Info("stopped")
		},
		Linux:   &linux.Options{Icon: icon, ProgramName: "posthouse", WebviewGpuPolicy: linux.WebviewGpuPolicyNever},
		Windows: &windows.Options{Theme: windows.SystemDefault, WindowClassName: windowClass, WebviewUserDataPath: webviewFolder(o.Dir), IsZoomControlEnabled: true},
	})
}

// wailsLog lets the library speak through our log.
type wailsLog struct{ log *slog.Logger }

func (l wailsLog) Print(message string)   { l.log.Info(message) }
func (l wailsLog) Trace(message string)   { l.log.Debug(message) }
func (l wailsLog) Debug(message string)   { l.log.Debug(message) }
func (l wailsLog) Info(message string)    { l.log.Info(message) }
func (l wailsLog) Warning(message string) { l.log.Warn(message) }
func (l wailsLog) Error(message string)   { l.log.Error(message) }
func (l wailsLog) Fatal(message string)   { l.log.Error(message) }
