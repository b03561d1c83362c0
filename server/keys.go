package server

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/secret"
	"github.com/posthouse/posthouse/internal/store"
)

// keyFile holds the master keys in the data folder, one a line in base64, newest first.
const keyFile = "keys"

// keyNote is the note in the database by which keys are recognised: a fixed text, sealed.
const keyNote = "keys"

// What New fails with when the master keys are gone, or are none or others; see Reason.
var (
	keysMissing = errs.New(errs.Unavailable, "server.keys_missing", "The key file is missing.")
	keysInvalid = errs.New(errs.Unavailable, "server.keys_invalid", "The master keys are not the right ones.")
)

// keys are the master keys and where they came from.
type keys struct {
	ring *secret.Ring
	from string
	// made says that this start has made them.
	made bool
}

// findKeys takes the keys of the configuration, or those of the key file, which is made when there is
// none and nothing has been sealed with it yet.
func findKeys(cfg Config, databaseExists bool) (keys, error) {
	if len(cfg.Keys) > 0 {
		lines := make([]string, len(cfg.Keys))
		for i, k := range cfg.Keys {
			lines[i] = k.Reveal()
		}
		ring, err := parseKeys(lines, "keys")
		return keys{ring: ring, from: "the configuration"}, err
	}
	if info, err := os.Stat(cfg.DataDir); err == nil && !info.IsDir() {
		return keys{}, fmt.Errorf("the data folder %s is not a folder; name another one", cfg.DataDir)
	}
	path := filepath.Join(cfg.DataDir, keyFile)
	_, err := os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return keys{}, fmt.Errorf("cannot look into the data folder: %w", err)
	}
	if missing && databaseExists {
		return keys{}, errKeysMissing(path)
	}
	if missing {
		if err := makeKeyFile(path); err != nil {
			return keys{}, err
		}
	}
	ring, err := readKeyFile(path, cfg.Logger)
	return keys{ring: ring, from: path, made: missing}, err
}

func errKeysMissing(path string) error {
	return keysMissing.WithMessage("the key file %s is missing, but the database holds secrets that only its keys open: put the file back, or set the keys in the configuration", path)
}

func readKeyFile(path string, log *slog.Logger) (*secret.Ring, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the key file; the user that runs Posthouse must be able to: %w", err)
	}
	if info, err := os.Stat(path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		log.Warn("others on this machine may read the key file; chmod 600 it", "file", path)
	}
	ring, err := parseKeys(strings.Fields(string(text)), path)
	if err != nil {
		return nil, keysInvalid.WithMessage("%v", err)
	}
	return ring, nil
}

// makeKeyFile puts the file there whole or not at all, and on the disk before anything is sealed with
// its key. Of two processes that make it at once one succeeds, and both read the same afterwards.
func makeKeyFile(path string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("cannot make the data folder%s: %w", writeHint(err), err)
	}
	draft, err := os.CreateTemp(folder, keyFile+".*") // for its owner alone
	if err != nil {
		return fmt.Errorf("cannot make the key file%s: %w", writeHint(err), err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.WriteString(base64.StdEncoding.EncodeToString(secret.NewKey()) + "\n")
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return fmt.Errorf("cannot write the key file: %w", err)
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("cannot make the key file%s: %w", writeHint(err), err)
	}
	syncFolder(folder)
	return nil
}

func writeHint(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return " (give the user that runs Posthouse the right to write to the folder, or name another one)"
	}
	return ""
}

// syncFolder makes a new name in the folder survive a power cut, on systems where that can be asked for.
func syncFolder(folder string) {
	if dir, err := os.Open(folder); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
}

func parseKeys(lines []string, from string) (*secret.Ring, error) {
	master := make([][]byte, len(lines))
	for i, line := range lines {
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != secret.KeySize {
			return nil, fmt.Errorf("%s: key %d is not base64 of %d bytes", from, i+1, secret.KeySize)
		}
		master[i] = key
	}
	ring, err := secret.NewRing(master...)
	if err != nil {
		return nil, fmt.Errorf("%s: there is no key in it; put the file back as it was, from a backup", from)
	}
	return ring, nil
}

// fits refuses keys that the database was not made with: every robot, session and code would fail with
// them, one by one. When only an older key of the ring opens the note, it is sealed anew with the newest,
// so that the older one can be taken away later.
func (k keys) fits(ctx context.Context, db *store.DB) error {
	const text = "posthouse"
	note, err := db.KeepNote(ctx, keyNote, k.ring.Seal(keyNote, keyNote, []byte(text)))
	if err != nil {
		return err
	}
	found, err := k.ring.Open(keyNote, keyNote, note)
	switch {
	case (err != nil || string(found) != text) && k.made:
		return errors.Join(errKeysMissing(k.from), os.Remove(k.from))
	case err != nil || string(found) != text:
		return keysInvalid.WithMessage("the keys of %s are not those with which this database was made: put the right ones back, or add the older key behind the new one", k.from)
	case k.ring.IsNewest(note):
		return nil
	}
	return db.ReplaceNote(ctx, keyNote, k.ring.Seal(keyNote, keyNote, []byte(text)))
}
