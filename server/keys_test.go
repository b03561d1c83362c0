package server_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/posthouse/posthouse/server"
)

func TestKeysThatAreMissingOrNoneHaveReasons(t *testing.T) {
	t.Parallel()
	for reason, damage := range map[string]func(path string) error{
		"server.keys_missing": os.Remove,
		"server.keys_invalid": func(path string) error { return os.WriteFile(path, []byte("none\n"), 0o600) },
	} {
		cfg := server.Config{DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
		srv, err := server.New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.Close(); err != nil {
			t.Fatal(err)
		}
		if err := damage(filepath.Join(cfg.DataDir, "keys")); err != nil {
			t.Fatal(err)
		}
		if _, err := server.New(t.Context(), cfg); server.Reason(err) != reason {
			t.Errorf("%v has the reason %s, want %s", err, server.Reason(err), reason)
		}
	}
}
