package account

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Sizes of what we write into a hash, and of what we accept from one.
const (
	saltSize = 16
	keySize  = 32

	minSaltSize, maxSaltSize = 8, 64
	minKeySize, maxKeySize   = 16, 64
)

// errHash is what a stored hash gives that we cannot have written. It names no part of the hash.
var errHash = errors.New("account: the stored password hash is not an argon2id hash within the limits")

// parameters are argon2id's costs.
type parameters struct {
	memoryKiB uint32
	time      uint32
	threads   uint8
}

// phc is a password hash with what is needed to check one against it.
type phc struct {
	parameters
	salt, key []byte
}

// String writes the PHC form: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func (h phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.memoryKiB, h.time, h.threads, b64.EncodeToString(h.salt), b64.EncodeToString(h.key))
}

// parsePHC reads what String writes and nothing else. Costs above the ceiling are refused: a hash
// that someone planted in the database must not take the machine down.
func parsePHC(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errHash
	}
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return phc{}, errHash
	}
	var h phc
	memory, okM := cost(costs[0], "m=", MaxMemoryKiB)
	passes, okT := cost(costs[1], "t=", MaxTime)
	threads, okP := cost(costs[2], "p=", MaxThreads)
	h.parameters = parameters{memory, passes, uint8(threads)}
	var okSalt, okKey bool
	h.salt, okSalt = bounded(parts[4], minSaltSize, maxSaltSize)
	h.key, okKey = bounded(parts[5], minKeySize, maxKeySize)
	if !okM || !okT || !okP || !okSalt || !okKey || memory < 8*threads {
		return phc{}, errHash
	}
	return h, nil
}

// cost reads "name=number" where number lies between 1 and most and is written in the one usual way.
func cost(s, name string, most uint32) (uint32, bool) {
	digits, ok := strings.CutPrefix(s, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || n < 1 || n > uint64(most) || strconv.FormatUint(n, 10) != digits {
		return 0, false
	}
	return uint32(n), true
}

func bounded(encoded string, least, most int) ([]byte, bool) {
	if base64.RawStdEncoding.DecodedLen(len(encoded)) > most || strings.ContainsAny(encoded, "\r\n") {
		return nil, false
	}
	raw, err := base64.RawStdEncoding.Strict().DecodeString(encoded)
	return raw, err == nil && len(raw) >= least
}
