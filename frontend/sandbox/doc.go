// Package sandbox holds the built page of the sandbox, so that a Go program carries it inside. It owns the
// build only: the sources are frontend/src/sandbox, beside those of the admin app whose kit they share, and
// serving the page is left to server/sandbox (its Config.Page).
//
// The page holds only relative URLs ("./assets/…", "api/…") and lives at /sandbox/ of the simulator.
package sandbox
