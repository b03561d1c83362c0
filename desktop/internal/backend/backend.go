package backend

import (
	"context"
	"net/http"
)

// Mode is which kind of Posthouse the window shows.
type Mode string

// The modes.
const (
	// Local runs a Posthouse inside this program.
	Local Mode = "local"
	// Sandbox is Local against a DingTalk and a WeChat inside this program, with a folder of its own.
	Sandbox Mode = "sandbox"
	// Remote shows a Posthouse elsewhere.
	Remote Mode = "remote"
)

// Valid tells whether m is one of the modes.
func (m Mode) Valid() bool { return m == Local || m == Sandbox || m == Remote }

// Backend is what the window shows.
type Backend interface {
	// Handler serves the page and everything it asks for.
	Handler() http.Handler
	// Introduce tells a sandbox where its pushes are taken; called once, before Run. callback gives the
	// address for an app.
	Introduce(ctx context.Context, callback func(app string) string) error
	// Run does what the backend does besides serving, until ctx ends or it fails.
	Run(ctx context.Context) error
	// Close releases everything; it may be called instead of Run.
	Close() error
	// FirstPage is the path with which to begin: "/", or where the first owner is made. It may hold a
	// secret.
	FirstPage(ctx context.Context) (string, error)
	// Place is the folder or the address, for people to read.
	Place() string
}
