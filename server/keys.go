package server

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/secret"
)

// What New fails with when the master keys are not there or are none; see Reason.
var (
	errKeysMissing = errs.New(errs.Unavailable, "server.keys_missing", "The key file is missing.")
	errKeysInvalid = errs.New(errs.Unavailable, "server.keys_invalid", "The master keys are not valid.")
)

// keyFile holds the master keys in the data folder, one a line in base64, newest first.
const keyFile = "keys"

// keyRing takes the keys of the configuration, or those of the key file, which is made when there is
// none and nothing has been sealed with it yet.
func keyRing(cfg Config, databaseExists bool) (*secret.Ring, error) {
	if len(cfg.Keys) > 0 {
		lines := make([]string, len(cfg.Keys))
		for i, k := range cfg.Keys {
			lines[i] = k.Reveal()
		}
		return parseKeys(lines, "keys of the configuration")
	}
	path := filepath.Join(cfg.DataDir, keyFile)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && databaseExists:
		return nil, errKeysMissing.WithMessage("The key file %s is missing, but the database beside it holds secrets that only its keys open: put the file back, or set the keys in the configuration.", path)
	case errors.Is(err, fs.ErrNotExist):
		return makeKeyFile(path)
	case err != nil:
		return nil, fmt.Errorf("cannot read the key file: %w", err)
	}
	return parseKeys(strings.Fields(string(text)), path)
}

func makeKeyFile(path string) (*secret.Ring, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the data folder: %w", err)
	}
	key := secret.NewKey()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot make the key file: %w", err)
	}
	_, err = file.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot write the key file: %w", err), os.Remove(path))
	}
	return secret.NewRing(key)
}

func parseKeys(lines []string, from string) (*secret.Ring, error) {
	keys := make([][]byte, len(lines))
	for i, line := range lines {
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != secret.KeySize {
			return nil, errKeysInvalid.WithMessage("%s: key %d is not base64 of %d bytes.", from, i+1, secret.KeySize)
		}
		keys[i] = key
	}
	ring, err := secret.NewRing(keys...)
	if err != nil {
		return nil, errKeysInvalid.WithMessage("%s: %v.", from, err)
	}
	return ring, nil
}
