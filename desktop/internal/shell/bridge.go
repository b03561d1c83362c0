package shell

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// The page in the window is the same as in a browser and knows nothing of this program. The little that
// the two must say to one another goes through scripts that the program runs in the page, and through
// requests to the door, which only the window can make.

const (
	// tokensKey is where the page keeps its tokens, languageKey its language (frontend/src/shared).
	tokensKey   = "posthouse.tokens"
	languageKey = "posthouse.language"
)

// tokenScript lets the page answer with its access token, or an empty one.
func tokenScript(nonce string) string {
	return `(() => {
  let token = ''
  try { token = String(JSON.parse(sessionStorage.getItem(` + quoted(tokensKey) + `)).accessToken || '') } catch (none) {}
  fetch('/.desktop/token', { method: 'POST', body: JSON.stringify({ nonce: ` + quoted(nonce) + `, token }) }).catch(() => {})
})()`
}

// languageScript tells the page the language that was chosen in the menu.
func languageScript(language string) string {
	return `try { localStorage.setItem(` + quoted(languageKey) + `, ` + quoted(language) + `) } catch (forbidden) {}
`
}

// prelude gives the page the window's language unless it has one of its own already.
func (s *Shell) prelude() string {
	key := quoted(languageKey)
	return `try { if (!localStorage.getItem(` + key + `)) localStorage.setItem(` + key + `, ` + quoted(s.Language()) + `) } catch (forbidden) {}`
}

// linkScript makes links that want a new window work in a program that has only one: those that lead
// elsewhere open in the person's browser, the app's own in this window.
const linkScript = `(() => {
  if (window.__posthouseLinks) return
  window.__posthouseLinks = true
  document.addEventListener('click', (event) => {
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement && node.href)
    if (!link || event.defaultPrevented || event.button !== 0) return
    const to = new URL(link.href, location.href)
    const outside = to.origin !== location.origin
    if (!/^https?:$/.test(to.protocol) || link.hasAttribute('download') || (!outside && link.target !== '_blank')) return
    event.preventDefault()
    if (outside) fetch('/.desktop/open', { method: 'POST', body: JSON.stringify({ address: to.href }) }).catch(() => {})
    else location.assign(to.href)
  })
})()`

// PageLoaded is to be called after each page has loaded.
func (s *Shell) PageLoaded() {
	if s.opened() != nil {
		s.window.Script(linkScript)
	}
	if zoom := s.Zoom(); zoom != 100 {
		s.window.Zoom(zoom)
	}
}

// pageHandlers answer the page's requests to the program; the door lets in nobody else's.
func (s *Shell) pageHandlers() map[string]http.Handler {
	all := maps.Clone(s.cfg.Extra)
	if all == nil {
		all = map[string]http.Handler{}
	}
	maps.Copy(all, map[string]http.Handler{
		"POST token": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Nonce, Token string }
			switch {
			case !readBody(w, r, &body):
			case !s.answerToken(body.Nonce, body.Token):
				w.WriteHeader(http.StatusForbidden)
			default:
				w.WriteHeader(http.StatusNoContent)
			}
		}),
		"POST open": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Address string }
			if !readBody(w, r, &body) {
				return
			}
			if !isWebAddress(body.Address) {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			s.window.OpenOutside(body.Address)
			w.WriteHeader(http.StatusNoContent)
		}),
		"POST choose": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			s.tasks.Go(s.Switch) // it waits for this very request to end
		}),
		"GET shell.css": asset("shell.css"),
		"GET shell.js":  asset("shell.js"),
		"GET icon.svg":  asset("icon.svg"),
	})
	return all
}

// isWebAddress keeps what a message or an event may hold from starting a program.
func isWebAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && !strings.ContainsAny(address, "\x00\r\n\"'`\\ ")
}
