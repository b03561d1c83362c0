import { ref, shallowRef } from 'vue'
import { isSignedOut, toApiError, type ApiError } from './errors'

/**
 * Something a person sets off: runs once at a time and keeps what went wrong for the page. Gives the
 * result, or undefined when it failed or was already running.
 */
export function useAction<A extends unknown[], R>(act: (...args: A) => Promise<R>) {
  const busy = ref(false)
  const error = shallowRef<ApiError | null>(null)

  async function start(...args: A): Promise<R | undefined> {
    if (busy.value) return undefined
    busy.value = true
    error.value = null
    try {
      return await act(...args)
    } catch (cause) {
      const failure = toApiError(cause)
      // The sign-in that opens over the page says it all.
      if (!isSignedOut(failure)) error.value = failure
      return undefined
    } finally {
      busy.value = false
    }
  }

  return { busy, error, start }
}
