package httpapi

import (
	"bytes"
	"net/http"
	"strings"
)

// explorerPath is where GraphiQL is, with and without a slash behind it.
const explorerPath = "/graphiql"

// serveExplorer serves GraphiQL from the binary.
func (a *API) serveExplorer(w http.ResponseWriter, r *http.Request) {
	ui, name := a.cfg.Explorer, strings.TrimPrefix(r.URL.Path, explorerPath)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		a.only(http.MethodGet)(w, r)
	case name == "" || name == "/":
		if !ui.built() {
			serveUnbuilt(w, explorerUnbuilt, true)
			return
		}
		page := ui.page(name)
		if name == "" {
			// Without a slash relative addresses begin one level higher.
			page = bytes.ReplaceAll(page, []byte(`="./`), []byte(`=".`+explorerPath+"/"))
		}
		ui.servePage(w, r, page)
	case ui.built() && ui.serveFile(w, r, name[1:]):
	default:
		a.serveNotFound(w, r)
	}
}
