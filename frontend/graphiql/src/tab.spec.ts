import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const entries = new Map<string, string>()
const now = Date.parse('2026-03-09T08:00:00Z')

beforeEach(() => {
  vi.useFakeTimers({ now })
  // The runtime's own timeouts know nothing of the clock of the spec.
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((time) => {
    const watched = new AbortController()
    setTimeout(() => watched.abort(new DOMException('', 'TimeoutError')), time)
    return watched.signal
  })
  vi.stubGlobal('location', new URL('http://127.0.0.1/graphiql'))
  vi.stubGlobal('BroadcastChannel', undefined)
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
  })
})
afterEach(() => {
  vi.clearAllTimers()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

it('waits 15 seconds at most for new tokens, and keeps the old ones', async () => {
  const kept = JSON.stringify({ accessToken: 'a', refreshToken: 'r', retryKey: 'k', family: 'f', generation: 1, expiresAt: now, renewAt: now })
  entries.set('posthouse.tokens', kept)
  vi.stubGlobal('fetch', (_: string, { signal }: RequestInit) => new Promise((_, fail) => signal?.addEventListener('abort', () => fail(signal.reason))))
  const { openTab } = await import('./tab')
  let outcome = ''
  openTab(() => undefined)
    .token()
    .catch((error: Error) => (outcome = error.name))
  await vi.advanceTimersByTimeAsync(14_900)
  expect(outcome).toBe('')
  await vi.advanceTimersByTimeAsync(200)
  expect(outcome).toBe('TimeoutError')
  expect(entries.get('posthouse.tokens')).toBe(kept)
})
