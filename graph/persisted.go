package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/posthouse/posthouse/internal/errs"
)

const (
	persistedFor  = 24 * time.Hour
	persistedSize = 16 << 10
)

// Errors of automatic persisted queries. Clients know the first by its message.
var (
	errPersistedUnknown = errs.New(errs.NotFound, "query.persisted_not_found", "PersistedQueryNotFound")
	errPersistedHash    = errs.New(errs.Invalid, "query.persisted_hash_mismatch", "The hash of the persisted query does not belong to the query sent with it.")
)

// persisted fills in the query of an automatic persisted query, or remembers one that came with its
// hash.
func (a *API) persisted(_ context.Context, p *params) error {
	hash, ok := persistedHash(p.Extensions)
	if !ok {
		return nil
	}
	if p.Query == "" {
		query, known := a.persistedMemo.Get(hash)
		if !known {
			return errPersistedUnknown
		}
		p.Query = query.(string)
		return nil
	}
	sum := sha256.Sum256([]byte(p.Query))
	if hex.EncodeToString(sum[:]) != hash {
		return errPersistedHash
	}
	if len(p.Query) <= persistedSize {
		a.persistedMemo.Set(hash, p.Query, persistedFor)
	}
	return nil
}

func persistedHash(extensions map[string]any) (string, bool) {
	entry, ok := extensions["persistedQuery"].(map[string]any)
	if !ok {
		return "", false
	}
	hash, ok := entry["sha256Hash"].(string)
	return hash, ok
}
