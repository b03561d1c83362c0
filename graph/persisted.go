package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
)

const (
	persistedFor  = 24 * time.Hour
	persistedSize = 16 << 10
)

// Errors of automatic persisted queries. Clients know the first by its message, so it is the same in
// every language.
var (
	errPersistedUnknown = errs.New(errs.NotFound, "query.persisted_not_found", "").WithMessage("PersistedQueryNotFound")
	errPersistedHash    = errs.New(errs.Invalid, "query.persisted_hash_mismatch", "The hash of the persisted query does not belong to the query sent with it.")
)

// persisted fills in the query of an automatic persisted query. For a query that came with its hash it
// gives the hash under which to remember it, once it has turned out to be valid.
func (a *API) persisted(p *params) (remember string, err error) {
	hash, ok := persistedHash(p.Extensions)
	if !ok {
		return "", nil
	}
	if p.Query == "" {
		known, _ := a.persistedMemo.Get(hash)
		if p.Query, ok = known.(string); !ok {
			return "", errPersistedUnknown
		}
		return "", nil
	}
	sum := sha256.Sum256([]byte(p.Query))
	if hex.EncodeToString(sum[:]) != hash {
		return "", errPersistedHash
	}
	if len(p.Query) > persistedSize {
		return "", nil
	}
	return hash, nil
}

func persistedHash(extensions map[string]any) (string, bool) {
	entry, ok := extensions["persistedQuery"].(map[string]any)
	if !ok {
		return "", false
	}
	hash, ok := entry["sha256Hash"].(string)
	return hash, ok
}
