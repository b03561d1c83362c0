// Package launch reads what the program was started with: flags, the folder of this person, the languages
// of the system, the log. It makes nothing of it; the main does.
package launch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/posthouse/posthouse/desktop/internal/backend"
	"github.com/posthouse/posthouse/desktop/internal/shell"
)

const (
	logName = "posthouse.log"
	// maxLog is when the log of before is put aside, in bytes. Two are kept.
	maxLog = 4 << 20
)

// Options are the flags.
type Options struct {
	// Dir is the folder of everything: settings, log and data.
	Dir string
	// DataDir is another folder for the data of this computer's Posthouse.
	DataDir string
	// First is what to open in place of what was open last.
	First shell.Choice
	// Version asks for the version alone.
	Version bool
}

// ErrHelp is what Parse gives when help was asked for, and shown.
var ErrHelp = flag.ErrHelp

// Parse reads the flags; out gets help and complaints. configDir is os.UserConfigDir.
func Parse(args []string, out io.Writer, configDir func() (string, error)) (Options, error) {
	var o Options
	var remote string
	var plain, local, sandbox bool
	flags := flag.NewFlagSet("posthouse-desktop", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.Dir, "dir", "", "folder of settings, log and data (default: Posthouse in the system's folder for settings)")
	flags.StringVar(&o.DataDir, "data", "", "folder of the data (default: data in the folder above)")
	flags.BoolVar(&local, "local", false, "open the Posthouse of this computer")
	flags.BoolVar(&sandbox, "sandbox", false, "open the sandbox")
	flags.StringVar(&remote, "remote", "", "open the server at this `address`")
	flags.BoolVar(&plain, "plain", false, "with --remote: take an http address, over which passwords can be read on the way")
	flags.BoolVar(&o.Version, "version", false, "show the version")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	given := 0
	for _, choice := range []struct {
		mode backend.Mode
		set  bool
	}{{backend.Local, local}, {backend.Sandbox, sandbox}, {backend.Remote, remote != ""}} {
		if choice.set {
			given++
			o.First.Mode = choice.mode
		}
	}
	if given > 1 {
		return o, errors.New("give one of --local, --sandbox and --remote")
	}
	o.First.Address, o.First.Plain = remote, plain
	err := o.folders(configDir)
	return o, err
}

// folders makes the paths absolute, for the program may be told of later starts from elsewhere.
func (o *Options) folders(configDir func() (string, error)) error {
	if o.Dir == "" {
		config, err := configDir()
		if err != nil {
			return fmt.Errorf("there is no folder for settings; name one with --dir: %w", err)
		}
		o.Dir = filepath.Join(config, "Posthouse")
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return err
	}
	if o.DataDir != "" {
		o.DataDir, err = filepath.Abs(o.DataDir)
	}
	return err
}

// InstanceID names this program with its folder: one window for each folder.
func (o Options) InstanceID() string {
	sum := sha256.Sum256([]byte(o.Dir))
	return "posthouse_" + hex.EncodeToString(sum[:8])
}

// Languages gives the languages that the environment names, the best first.
func Languages(getenv func(string) string) []string {
	var all []string
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if tag := getenv(name); tag != "" {
			// LANGUAGE is a list of better ones, and counts only where some language is set.
			all = append(strings.Split(getenv("LANGUAGE"), ":"), tag)
			break
		}
	}
	return all
}

// OpenLog opens the log of the folder and gives its path. What is logged goes to also too; a log that
// cannot be opened is no reason not to start.
func OpenLog(dir string, also io.Writer) (log *slog.Logger, path string, closeLog func() error) {
	path = filepath.Join(dir, logName)
	file, err := openLogFile(path)
	if err != nil {
		log = slog.New(slog.NewTextHandler(also, nil))
		log.Warn("no log is kept", "error", err)
		return log, "", func() error { return nil }
	}
	// The file first: a program without a console has nothing else.
	return slog.New(slog.NewTextHandler(io.MultiWriter(file, also), nil)), path, file.Close
}

func openLogFile(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}
