package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/posthouse/posthouse/server"
)

// Defaults of the command line.
const (
	defaultListen        = "127.0.0.1:8080"
	defaultSandboxListen = "127.0.0.1:8090"
)

// settings is the configuration file: the server's own configuration and what only the command knows.
type settings struct {
	server.Config `yaml:",inline"`
	Sandbox       bool   `yaml:"sandbox"`
	SandboxListen string `yaml:"sandbox_listen"`
	LogFormat     string `yaml:"log_format"`
	LogLevel      string `yaml:"log_level"`
}

// common are the flags of every command that opens the database. Empty means not given.
type common struct {
	Config    string   `help:"Configuration file (YAML)." env:"POSTHOUSE_CONFIG" placeholder:"FILE"`
	Data      string   `help:"Folder of the database and the key file (default data)." env:"POSTHOUSE_DATA" placeholder:"DIR"`
	Database  string   `help:"Postgres URL; without it SQLite in the data folder." env:"POSTHOUSE_DATABASE" placeholder:"URL"`
	Keys      []string `help:"Master keys, base64 of 32 bytes, newest first; without them the key file in the data folder." env:"POSTHOUSE_KEYS" placeholder:"KEY"`
	LogFormat string   `help:"Format of the log on standard error: text or json (default text)." env:"POSTHOUSE_LOG_FORMAT" placeholder:"FORMAT"`
	LogLevel  string   `help:"Least level logged: debug, info, warn or error (default info)." env:"POSTHOUSE_LOG_LEVEL" placeholder:"LEVEL"`
}

// load reads the file and lays flags and environment over it.
func (c common) load(s streams) (settings, error) {
	var out settings
	if c.Config != "" {
		text, err := os.ReadFile(c.Config)
		if err != nil {
			return settings{}, fmt.Errorf("cannot read the configuration file: %w", err)
		}
		if err := decode(text, &out); err != nil {
			return settings{}, fmt.Errorf("%s: %w", c.Config, err)
		}
	}
	over(&out.DataDir, c.Data)
	over(&out.LogFormat, c.LogFormat)
	over(&out.LogLevel, c.LogLevel)
	if c.Database != "" {
		out.Database = server.NewSecret(c.Database)
	}
	if len(c.Keys) > 0 {
		out.Keys = nil
		for _, k := range c.Keys {
			out.Keys = append(out.Keys, server.NewSecret(k))
		}
	}
	log, err := logger(s.err, out.LogFormat, out.LogLevel)
	out.Logger = log
	return out, err
}

// decode refuses keys that nobody knows. Its errors name line and column but show nothing of the file,
// which may hold secrets.
func decode(text []byte, into *settings) error {
	err := yaml.NewDecoder(bytes.NewReader(text), yaml.DisallowUnknownField()).Decode(into)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	return errors.New(strings.TrimSpace(yaml.FormatError(err, false, false)))
}

func over(field *string, value string) {
	if value != "" {
		*field = value
	}
}

func logger(w io.Writer, format, level string) (*slog.Logger, error) {
	least := slog.LevelInfo
	if level != "" {
		if err := least.UnmarshalText([]byte(level)); err != nil {
			return nil, fmt.Errorf("log level %q is none of debug, info, warn, error", level)
		}
	}
	options := &slog.HandlerOptions{Level: least}
	switch format {
	case "", "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("log format %q is neither text nor json", format)
}
