package store

import (
	"errors"
	"os"
	"path/filepath"
)

// lockName is the file whose lock says that a server uses the folder. It stays behind empty; only the
// lock counts, and that ends with the process.
const lockName = "posthouse.lock"

// errHeld is what tryLock gives when another process has the lock.
var errHeld = errors.New("the lock is held")

// lockFolder takes the lock beside the database file, without waiting.
func lockFolder(path string) (unlock func() error, err error) {
	name := filepath.Join(filepath.Dir(path), lockName)
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := tryLock(file); err != nil {
		err = errors.Join(err, file.Close())
		if errors.Is(err, errHeld) {
			return nil, ErrLocked.WithMessage("Another Posthouse is using the folder %s. Stop it first, or name another folder.", filepath.Dir(path)).WithCause(err)
		}
		return nil, err
	}
	return file.Close, nil // closing gives the lock up
}
