package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/posthouse/posthouse/internal/store"
	"github.com/posthouse/posthouse/internal/testkit/dbkit"
)

func TestEveryQueryCanBePreparedOnBothEngines(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		if len(db.Queries()) < 50 {
			t.Fatalf("only %d queries are registered", len(db.Queries()))
		}
		names := map[string]bool{}
		bareLimit := regexp.MustCompile(`LIMIT \$`)
		for _, q := range db.Queries() {
			if names[q.Name] {
				t.Errorf("two queries are named %q", q.Name)
			}
			names[q.Name] = true
			if bareLimit.MatchString(q.Text) {
				t.Errorf("%s: SQLite compiles it anew at each run; CAST the parameter of LIMIT", q.Name)
			}
			stmt, err := db.Writer().PrepareContext(t.Context(), q.Text)
			if err != nil {
				t.Errorf("%s: %v", q.Name, err)
				continue
			}
			if err := stmt.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// A query that reads a table from end to end is fast in every test and slow in every company.
func TestNoQueryReadsAWholeTable(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		conn, err := db.Writer().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		explain := explainSQLite
		if db.Engine() == store.Postgres {
			explain = explainPostgres(t, conn)
		}
		for i, q := range db.Queries() {
			for _, step := range explain(t, conn, i, q.Text) {
				if scansTable(step) && !bookkeeping(q.Name, step) {
					t.Errorf("%s: %s", q.Name, step)
				}
			}
		}
	})
}

// bookkeeping recognises the look for rows that point at a parent not there yet, which SQLite plans with
// an insert into the parent and skips as long as no such row has been counted.
func bookkeeping(name, step string) bool {
	return name == "create account" && step == "SCAN sessions" || name == "create robot" && step == "SCAN deliveries"
}

// scansTable recognises the steps that visit every row of a table: "SCAN accounts" on SQLite, where
// "SCAN accounts USING INDEX …" walks an index only as far as its LIMIT asks, and "Seq Scan on" on
// Postgres.
func scansTable(step string) bool {
	step = strings.TrimSpace(step)
	if strings.Contains(step, "Seq Scan on") {
		return true
	}
	scanned, ok := strings.CutPrefix(step, "SCAN ")
	if !ok || strings.Contains(step, " USING ") {
		return false
	}
	switch scanned {
	case "waiting", "w", "recent", "fronts", "ready": // results of a part of the query itself
		return false
	case "events", "delivery_updates": // by position, as far as the LIMIT
		return false
	}
	return !strings.Contains(scanned, "CONSTANT ROW") && !strings.HasPrefix(scanned, "(") && !strings.Contains(scanned, "-ROW")
}

func explainSQLite(t *testing.T, conn *sql.Conn, _ int, text string) []string {
	args := make([]any, parameters(text))
	rows, err := conn.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return steps(t, rows, 4)
}

func explainPostgres(t *testing.T, conn *sql.Conn) func(*testing.T, *sql.Conn, int, string) []string {
	// Small tables are best read whole, so the planner is told not to, if there is any other way.
	for _, set := range []string{"SET enable_seqscan = off", "SET plan_cache_mode = force_generic_plan"} {
		if _, err := conn.ExecContext(t.Context(), set); err != nil {
			t.Fatal(err)
		}
	}
	return func(t *testing.T, conn *sql.Conn, i int, text string) []string {
		if _, err := conn.ExecContext(t.Context(), fmt.Sprintf("PREPARE explained_%d AS %s", i, text)); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		execute := fmt.Sprintf("EXPLAIN EXECUTE explained_%d", i)
		if n := parameters(text); n > 0 {
			execute += "(" + strings.TrimSuffix(strings.Repeat("NULL,", n), ",") + ")"
		}
		rows, err := conn.QueryContext(t.Context(), execute)
		if err != nil {
			t.Fatal(err)
		}
		return steps(t, rows, 1)
	}
}

// steps reads the last of the columns of every row.
func steps(t *testing.T, rows *sql.Rows, columns int) []string {
	t.Helper()
	var all []string
	for rows.Next() {
		var step string
		dest := make([]any, columns)
		for i := range dest {
			dest[i] = new(any)
		}
		dest[columns-1] = &step
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		all = append(all, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func parameters(text string) int {
	most := 0
	for _, found := range regexp.MustCompile(`\$(\d+)`).FindAllStringSubmatch(text, -1) {
		var n int
		if _, err := fmt.Sscan(found[1], &n); err == nil {
			most = max(most, n)
		}
	}
	return most
}

// Postgres guesses 32 bits for a parameter that is compared with a literal, and then refuses times.
func TestNoParameterIsTooNarrowForMilliseconds(t *testing.T) {
	t.Parallel()
	address := dbkit.Postgres(t)
	if address == "" {
		return
	}
	db := dbkit.Open(t, store.Config{DSN: address})
	conn, err := db.Writer().Conn(t.Context())
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, conn.Raw(func(driver any) error {
		for _, q := range db.Queries() {
			described, err := driver.(*stdlib.Conn).Conn().Prepare(t.Context(), q.Name, q.Text)
			if err != nil {
				return err
			}
			for i, oid := range described.ParamOIDs {
				if oid == pgtype.Int4OID || oid == pgtype.Int2OID {
					t.Errorf("%s: parameter %d is narrower than a BIGINT; CAST it", q.Name, i+1)
				}
			}
		}
		return nil
	}))
}

func TestTextThatCannotBeStoredIsNotFoundInsteadOfFailing(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		for _, name := range []string{"a\x00b", "a\xffb", "\x00", strings.Repeat("x", 1<<20)} {
			if _, found, err := db.Accounts().FindByUsername(t.Context(), name); err != nil || found {
				t.Errorf("%.10q: %v, %v", name, found, err)
			}
		}
	})
}

func TestAnEndedContextEndsAQueryAndSaysSo(t *testing.T) {
	t.Parallel()
	dbkit.Each(t, func(t *testing.T, db *store.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := db.Accounts().FindByUsername(ctx, "somebody")
		wantCanceled(t, err)
		_, _, err = db.Limits().Hit(ctx, "rule", "subject", 1)
		wantCanceled(t, err)
		late, cancelLate := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancelLate()
		_, _, err = db.Accounts().FindByUsername(late, "somebody")
		wantReason(t, err, "store.busy")
	})
}
