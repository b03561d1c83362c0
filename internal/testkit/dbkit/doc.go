// Package dbkit gives tests fresh databases: every store test runs on a SQLite file and on Postgres.
//
// Postgres is found through the environment variable POSTHOUSE_TEST_POSTGRES, the URL of a server on
// which databases may be created (postgres://test@127.0.0.1:5432/postgres); `make test` starts one.
// Without it the Postgres half is left out with a loud log line, except under CI=true, where that is a
// failure.
package dbkit
