package server_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/server"
)

func TestASandboxAndRealWorkNeverShareADatabase(t *testing.T) {
	t.Parallel()
	for _, sandboxFirst := range []bool{true, false} {
		dir := t.TempDir()
		quiet := slog.New(slog.DiscardHandler)
		open := func(sandbox bool) error {
			srv, err := server.New(t.Context(), server.Config{DataDir: dir, Logger: quiet, Sandbox: sandbox})
			if err == nil {
				err = srv.Close()
			}
			return err
		}
		if err := open(sandboxFirst); err != nil {
			t.Fatal(err)
		}
		if err := open(!sandboxFirst); err == nil || !strings.Contains(err.Error(), "--data") {
			t.Errorf("opened the other way: %v", err)
		}
		if err := open(sandboxFirst); err != nil {
			t.Errorf("opened the same way again: %v", err)
		}
	}
}

func TestRobotsOfTheConfigurationAreThereFromTheFirstStart(t *testing.T) {
	t.Parallel()
	cfg := server.Config{
		DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler),
		Robots: []server.NewRobot{{Name: "ops", Webhook: server.NewSecret("a-token-of-a-robot")}},
	}
	for start := range 2 {
		srv, err := server.New(t.Context(), cfg)
		if err != nil {
			t.Fatalf("start %d: %v", start+1, err)
		}
		other := server.NewRobot{Name: "other", Webhook: server.NewSecret("a-token-of-a-robot")}
		if err := srv.EnsureRobot(t.Context(), other); server.Reason(err) != "robot.webhook_taken" {
			t.Errorf("start %d: the robot is not there: %v", start+1, err)
		}
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSettingsThatLockEverybodyOutAreSaidAtStart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*server.Config)
		says   string
	}{
		"codes wanted, no way to send them": {func(*server.Config) {}, "no way of delivering codes"},
		"the robot does not exist":          {func(c *server.Config) { c.OTP.GroupRobot = "ops" }, "does not exist"},
		"password only":                     {func(c *server.Config) { c.Login.Factors = []string{"PASSWORD"} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			cfg := server.Config{DataDir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))}
			c.change(&cfg)
			srv, err := server.New(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := srv.Close(); err != nil {
				t.Error(err)
			}
			if said := log.String(); (c.says == "") != (said == "") || !strings.Contains(said, c.says) {
				t.Errorf("said %q", said)
			}
		})
	}
}
