package server_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/server"
)

func TestKeysThatAreMissingOrNoneHaveReasons(t *testing.T) {
	t.Parallel()
	writing := func(text string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(text), 0o600) }
	}
	for _, c := range []struct {
		damage func(path string) error
		reason string
	}{
		{os.Remove, "server.keys_missing"},
		{writing("none\n"), "server.keys_invalid"},
		{writing(""), "server.keys_invalid"},
		{writing(strings.Repeat("A", 43) + "=\n"), "server.keys_invalid"}, // a key, but another
	} {
		cfg := server.Config{DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
		srv, err := server.New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.Close(); err != nil {
			t.Fatal(err)
		}
		if err := c.damage(filepath.Join(cfg.DataDir, "keys")); err != nil {
			t.Fatal(err)
		}
		if _, err := server.New(t.Context(), cfg); server.Reason(err) != c.reason {
			t.Errorf("%v has the reason %s, want %s", err, server.Reason(err), c.reason)
		}
	}
}
