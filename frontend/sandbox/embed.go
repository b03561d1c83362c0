package sandbox

import (
	"embed"
	"io/fs"
)

// dist holds the build. The placeholder in it lets this package compile before anything was built.
//
//go:embed all:dist
var dist embed.FS

// FS gives the build: index.html and assets/, beside each file the same one compressed. It is empty when
// this program was compiled before the page was built.
func FS() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a constant and valid
	}
	return sub
}
