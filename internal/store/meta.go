package store

import "context"

// meta keeps short notes about the database itself.
type meta struct{ find, keep, replace *query }

func newMeta(db *DB) meta {
	return meta{
		find: db.reads("find note", `SELECT value FROM meta WHERE name = $1`),
		// The update changes nothing; it makes the row that is there be returned.
		keep: db.writes("keep note", `
			INSERT INTO meta (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = meta.value RETURNING value`),
		replace: db.writes("replace note", `UPDATE meta SET value = $2 WHERE name = $1`),
	}
}

// KeepNote stores a note about the database under a name, unless there is one already, and gives the
// one that is there now.
func (db *DB) KeepNote(ctx context.Context, name, note string) (string, error) {
	// As a rule it is there, and then nothing need be written.
	kept, there, err := first(ctx, db.meta.find, value[string], name)
	if err == nil && !there {
		kept, _, err = first(ctx, db.meta.keep, value[string], name, note)
	}
	return kept, err
}

// ReplaceNote replaces a note that is there.
func (db *DB) ReplaceNote(ctx context.Context, name, note string) error {
	_, err := db.meta.replace.exec(ctx, name, note)
	return err
}
