package main

import (
	"fmt"
	"os"

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
	Database  string   `help:"Postgres URL; without it SQLite in the data folder. Others can see flags: better in the environment." env:"POSTHOUSE_DATABASE" placeholder:"URL"`
	Keys      []string `help:"Master keys, base64 of 32 bytes, newest first; without them the key file in the data folder. Better in the environment." env:"POSTHOUSE_KEYS" placeholder:"KEY"`
	LogFormat string   `help:"Format of the log on standard error: text or json (default text)." env:"POSTHOUSE_LOG_FORMAT" placeholder:"FORMAT"`
	LogLevel  string   `help:"Least level logged: debug, info, warn or error (default info)." env:"POSTHOUSE_LOG_LEVEL" placeholder:"LEVEL"`
}

// load reads the file and lays flags and environment over it.
func (c common) load(p *program) (settings, error) {
	// Before the file, so that what is wrong with the file is told in the format asked for.
	if _, err := p.logger(c.LogFormat, c.LogLevel); err != nil {
		return settings{}, err
	}
	var out settings
	if c.Config != "" {
		text, err := os.ReadFile(c.Config)
		if err != nil {
			return settings{}, fmt.Errorf("cannot read the configuration file: %w", err)
		}
		if err := decode(text, &out); err != nil {
			return settings{}, fmt.Errorf("%s, %w", c.Config, err)
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
	log, err := p.logger(out.LogFormat, out.LogLevel)
	if err != nil {
		return settings{}, err
	}
	p.warnOfUnknownVariables(log)
	out.Logger = log
	return out, nil
}

func over(field *string, value string) {
	if value != "" {
		*field = value
	}
}
