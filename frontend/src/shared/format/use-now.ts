import { onScopeDispose, readonly, ref } from 'vue'
import { clock } from '../clock'

/** The server's time, renewed every so many milliseconds while the component lives. */
export function useNow(every = 1000) {
  const now = ref(clock.now())
  const timer = setInterval(() => (now.value = clock.now()), every)
  onScopeDispose(() => clearInterval(timer))
  return readonly(now)
}
