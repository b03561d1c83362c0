package graphiql

import (
	"embed"
	"io/fs"
	"strings"
)

// dist holds the build. The placeholder in it lets this package compile before anything was built.
//
//go:embed all:dist
var dist embed.FS

// FS gives the build: index.html, and assets/ in compressed form only. Files whose names begin with a dot
// are not meant to be served.
func FS() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a constant and valid
	}
	return sub
}

// Headers belong to everything that is served of it. Scripts come from this server only and never inline;
// styles may be inline because the editor makes its own while it runs, and its fonts may be data.
func Headers() map[string]string {
	return map[string]string{
		"Content-Security-Policy": strings.Join([]string{
			"default-src 'none'",
			"script-src 'self'",
			"style-src 'self' 'unsafe-inline'",
			"worker-src 'self' blob:",
			"img-src 'self' data:",
			"font-src 'self' data:",
			"connect-src 'self'",
			"base-uri 'none'",
			"form-action 'none'",
			"frame-ancestors 'self'",
			"object-src 'none'",
		}, "; "),
		"Referrer-Policy":        "no-referrer",
		"X-Content-Type-Options": "nosniff",
	}
}
