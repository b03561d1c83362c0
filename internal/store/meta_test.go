package store_test

import (
	"testing"

	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func TestANoteIsKeptUntilItIsReplaced(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		keep := func(note, there string) {
			t.Helper()
			kept, err := db.KeepNote(t.Context(), "name", note)
			must(t, err)
			want(t, "note", kept, there)
		}
		keep("first", "first")
		keep("second", "first")
		must(t, db.ReplaceNote(t.Context(), "name", "third"))
		keep("fourth", "third")
		must(t, db.ReplaceNote(t.Context(), "other", "nothing"))
		kept, err := db.KeepNote(t.Context(), "other", "own")
		must(t, err)
		want(t, "another name's note", kept, "own")
	})
}
