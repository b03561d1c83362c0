import { describe, expect, it } from 'vitest'
import { createTokenStore, firstTokens, nextTokens } from './tokens'

const now = Date.parse('2026-03-09T08:00:00Z')
const grant = (minutes: number) => ({ accessToken: 'a', refreshToken: 'r', expiresAt: new Date(now + minutes * 60_000).toISOString() })

function memory(initial: Record<string, string> = {}): Storage {
  const map = new Map(Object.entries(initial))
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  } as unknown as Storage
}

describe('tokens', () => {
  it('are renewed a minute before they end, short ones in their last quarter', () => {
    expect(firstTokens(grant(15), now).renewAt).toBe(now + 14 * 60_000)
    expect(firstTokens(grant(2), now).renewAt).toBe(now + 90_000)
  })

  it('stay in one family as they are renewed', () => {
    const first = firstTokens(grant(15), now)
    const next = nextTokens(first, grant(30), now)
    expect(next.family).toBe(first.family)
    expect(next.generation).toBe(2)
    expect(firstTokens(grant(15), now).family).not.toBe(first.family)
  })

  it('survive a reload of the tab', () => {
    const storage = memory()
    const tokens = firstTokens(grant(15), now)
    createTokenStore(() => storage).save(tokens)
    expect(createTokenStore(() => storage).load()).toEqual(tokens)
    createTokenStore(() => storage).save(null)
    expect(createTokenStore(() => storage).load()).toBeNull()
  })

  it('are none when what was stored is damaged', () => {
    for (const text of ['', '{', '[]', 'null', '{"accessToken":1}', '{"accessToken":"a","refreshToken":"r","expiresAt":"x","family":"f","generation":1,"renewAt":1}']) {
      expect(createTokenStore(() => memory({ 'posthouse.tokens': text })).load()).toBeNull()
    }
  })

  it('live in memory where storage is forbidden', () => {
    const store = createTokenStore(() => {
      throw new DOMException('denied', 'SecurityError')
    })
    const tokens = firstTokens(grant(15), now)
    store.save(tokens)
    expect(store.load()).toEqual(tokens)
  })
})
