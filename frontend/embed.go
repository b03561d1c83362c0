package frontend

import (
	"bytes"
	"embed"
	"io/fs"
	"strings"
)

// dist holds the build. The placeholder in it lets this package compile before anything was built.
//
//go:embed all:dist
var dist embed.FS

// FS gives the build: index.html, assets/ and whatever other entries were built. Files whose names
// begin with a dot are not meant to be served.
func FS() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a constant and valid
	}
	return sub
}

// Built tells whether the admin app was built before this program was compiled.
func Built() bool {
	_, err := fs.Stat(FS(), "index.html")
	return err == nil
}

// Page gives index.html as it must be served for a path of the app, such as "/accounts/42": its
// relative URLs lead back to the app's root. The path is the one below the app's root, so it does not
// matter what a mux or a proxy has stripped.
func Page(index []byte, path string) []byte {
	depth := strings.Count(strings.TrimPrefix(path, "/"), "/")
	if depth == 0 {
		return index
	}
	return bytes.ReplaceAll(index, []byte(`="./`), []byte(`="`+strings.Repeat("../", depth)))
}

// Headers that belong to the page. Scripts come from this server only and never inline; styles may be
// inline because ant-design-vue makes its style sheets while it runs. Nothing is loaded from elsewhere.
func Headers() map[string]string {
	return map[string]string{
		"Content-Security-Policy": strings.Join([]string{
			"default-src 'none'",
			"script-src 'self'",
			"style-src 'self' 'unsafe-inline'",
			"img-src 'self' data:",
			"font-src 'self'",
			"connect-src 'self'",
			"manifest-src 'self'",
			"base-uri 'none'",
			"form-action 'self'",
			"frame-ancestors 'self'",
			"object-src 'none'",
		}, "; "),
		"Referrer-Policy":        "no-referrer",
		"X-Content-Type-Options": "nosniff",
	}
}
