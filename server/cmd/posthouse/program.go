package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// program is what the process was given to speak and listen with.
type program struct {
	in       io.Reader
	out, err io.Writer
	// environment is the whole of it, and knownVariables are those that mean something here.
	environment    []string
	knownVariables map[string]bool
	// log is set when the log was asked for in JSON; then failures go there as well, so that whoever
	// reads standard error finds nothing else.
	log *slog.Logger
}

// fail tells the last error.
func (p *program) fail(err error) {
	if p.log != nil {
		p.log.Error("posthouse failed", "error", err)
		return
	}
	fmt.Fprintln(p.err, "posthouse:", err)
}

// logger makes the log on standard error.
func (p *program) logger(format, level string) (*slog.Logger, error) {
	least := slog.LevelInfo
	if level != "" {
		if err := least.UnmarshalText([]byte(level)); err != nil {
			return nil, fmt.Errorf("log level %q is none of debug, info, warn, error", level)
		}
	}
	options := &slog.HandlerOptions{Level: least}
	switch format {
	case "", "text":
		p.log = nil
		return slog.New(slog.NewTextHandler(p.err, options)), nil
	case "json":
		p.log = slog.New(slog.NewJSONHandler(p.err, options))
		return p.log, nil
	}
	return nil, fmt.Errorf("log format %q is neither text nor json", format)
}

// prefix begins the names of all our environment variables; those of the tests are none of a
// command's business.
const (
	prefix     = "POSTHOUSE_"
	testPrefix = "POSTHOUSE_TEST_"
)

// warnOfUnknownVariables finds misspelled ones, which would otherwise do nothing in silence.
func (p *program) warnOfUnknownVariables(log *slog.Logger) {
	for _, entry := range p.environment {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, prefix) && !strings.HasPrefix(name, testPrefix) && !p.knownVariables[name] {
			log.Warn("unknown environment variable; is it misspelled?", "name", name)
		}
	}
}
