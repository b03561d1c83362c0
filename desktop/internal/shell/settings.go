package shell

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/posthouse/posthouse/desktop/internal/backend"
)

// settingsName is the file of the settings in the program's folder.
const settingsName = "window.json"

// maxRecent is how many addresses are offered again.
const maxRecent = 8

// Settings are what is remembered from one start to the next. There are no secrets among them.
type Settings struct {
	// Mode is what was open last; empty before the first choice.
	Mode backend.Mode `json:"mode,omitempty"`
	// Address of the server, in Remote mode; Plain that it is used though it is not encrypted.
	Address string   `json:"address,omitempty"`
	Plain   bool     `json:"plain,omitempty"`
	Recent  []string `json:"recent,omitempty"`
	// Language is zh-CN or en; empty for that of the system.
	Language string `json:"language,omitempty"`
	// Port of the door, so that the page finds its own settings again.
	Port int `json:"port,omitempty"`
	// Zoom of the page in per cent; 0 is 100.
	Zoom   int   `json:"zoom,omitempty"`
	Window Place `json:"window"`
}

// remembering gives the settings after an address was opened.
func (s Settings) remembering(address string, plain bool) Settings {
	s.Mode, s.Address, s.Plain = backend.Remote, address, plain
	recent := slices.DeleteFunc(slices.Clone(s.Recent), func(a string) bool { return a == address })
	recent = slices.Insert(recent, 0, address)
	s.Recent = recent[:min(len(recent), maxRecent)]
	return s
}

// loadSettings gives what the folder holds. A file that is missing or damaged is no settings: nothing in
// it is worth a program that does not start. The error is for the log.
func loadSettings(dir string) (Settings, error) {
	text, err := os.ReadFile(filepath.Join(dir, settingsName))
	if errors.Is(err, fs.ErrNotExist) {
		return Settings{}, nil
	}
	if err != nil {
		return Settings{}, err
	}
	var s Settings
	if err := json.Unmarshal(text, &s); err != nil {
		return Settings{}, fmt.Errorf("%s: %w", settingsName, err)
	}
	return s.checked(), nil
}

// checked drops what makes no sense; somebody may have edited the file.
func (s Settings) checked() Settings {
	if !s.Mode.Valid() {
		s.Mode = ""
	}
	if _, err := backend.ParseAddress(s.Address); err != nil {
		s.Address, s.Plain = "", false
		if s.Mode == backend.Remote {
			s.Mode = ""
		}
	}
	s.Recent = slices.DeleteFunc(s.Recent, func(a string) bool {
		_, err := backend.ParseAddress(a)
		return err != nil
	})
	s.Recent = s.Recent[:min(len(s.Recent), maxRecent)]
	if s.Language != "" && !slices.Contains(Languages(), s.Language) {
		s.Language = ""
	}
	if s.Port < 1024 || s.Port > 65535 {
		s.Port = 0
	}
	if s.Zoom != 0 {
		s.Zoom = min(max(s.Zoom, minZoom), maxZoom)
	}
	return s
}

// save replaces the file at once: a program that ends in the middle leaves the old one.
func (s Settings) save(dir string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, "."+settingsName+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), filepath.Join(dir, settingsName))
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
