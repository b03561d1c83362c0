import { onScopeDispose } from 'vue'
import { connection } from './connection'

/** Calls refresh every so many milliseconds while the page is seen and the server is there. */
export function usePolling(refresh: () => void, every: number): void {
  const timer = setInterval(() => {
    if (!document.hidden && connection.state.up) refresh()
  }, every)
  onScopeDispose(() => clearInterval(timer))
}
