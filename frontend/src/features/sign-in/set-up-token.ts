/**
 * The one-time token of the set-up link, `…/setup#token=…`. It is taken out of the address at once, so
 * that it stands neither in the history nor in a picture of the screen; a reload finds it in the tab.
 */
export function takeToken(window: { location: Location; history: History; sessionStorage: Storage }): string {
  const key = 'posthouse.set-up'
  const given = new URLSearchParams(window.location.hash.slice(1)).get('token')
  try {
    if (!given) return window.sessionStorage.getItem(key) ?? ''
    window.sessionStorage.setItem(key, given)
  } catch {
    // Storage is forbidden: the token lives until the page is left.
  }
  window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search)
  return given ?? ''
}
