import { mine } from '@/shared/session/mine'

/**
 * The one-time token of the set-up link, `…/setup#token=…`. It is taken out of the address at once, so
 * that it stands neither in the history nor in a picture of the screen; a reload finds it in the tab.
 */
export function takeToken(window: { location: Location; history: History; sessionStorage: Storage }): string {
  const key = `${mine}set-up`
  const given = new URLSearchParams(window.location.hash.slice(1)).get('token')
  try {
    if (!given) return window.sessionStorage.getItem(key) ?? ''
    window.sessionStorage.setItem(key, given)
  } catch {
    // Storage is forbidden: the token lives until the page is left.
  }
  window.history.replaceState(cleaned(window.history.state), '', window.location.pathname + window.location.search)
  return given ?? ''
}

/** The router notes the address in the entry of the history, too. */
function cleaned(state: unknown): unknown {
  if (typeof state !== 'object' || state === null || !('current' in state) || typeof state.current !== 'string') return state
  return { ...state, current: state.current.replace(/#.*/s, '') }
}
