import { describe, expect, it } from 'vitest'
import { Access, cleanToken, headersOf, tokenIn } from './access'
import type { Tab } from './tab'

function memory(entries: Record<string, string> = {}) {
  const map = new Map(Object.entries(entries))
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  }
}

describe('a pasted token', () => {
  it.each([
    [' abc ', 'abc'],
    ['Bearer abc', 'abc'],
    ['Authorization: Bearer abc', 'abc'],
    ['skey: phs_1', 'phs_1'],
    ['"abc"', 'abc'],
    ['', ''],
  ])('%j is %j', (text, token) => expect(cleanToken(text)).toBe(token))

  it('travels in the header of its kind', () => {
    expect(headersOf('')).toEqual({})
    expect(headersOf('abc')).toEqual({ authorization: 'Bearer abc' })
    expect(headersOf('phs_1')).toEqual({ skey: 'phs_1' })
  })
})

/** A tab of the admin app in which somebody is signed in, or nobody. */
function tabWith(accessToken: string | null) {
  const tab = { renewals: 0, changed: () => {}, set: (_: string | null) => {}, open: (_: () => void): Tab => ({ tokens: () => null, token: async () => null }) }
  const tokens = () => (accessToken ? { accessToken, refreshToken: 'r', expiresAt: 0, renewAt: 0, family: 'f', generation: 1, retryKey: 'k' } : null)
  tab.set = (next) => {
    accessToken = next
    tab.changed()
  }
  tab.open = (changed) => {
    tab.changed = changed
    return {
      tokens,
      token: async () => {
        tab.renewals++
        tab.set('renewed')
        return accessToken
      },
    }
  }
  return tab
}

describe('access', () => {
  it('prefers what was pasted, then the sign-in of the tab', () => {
    const access = new Access(memory(), tabWith('of the tab').open)
    expect(access.current()).toMatchObject({ source: 'tab', token: 'of the tab' })
    access.use('Bearer mine')
    expect(access.current()).toMatchObject({ source: 'pasted', token: 'mine' })
    access.forget()
    expect(access.current()).toMatchObject({ source: 'tab', token: 'of the tab' })
  })

  it('is nobody’s where nobody is signed in', () => {
    expect(new Access(memory(), tabWith(null).open).current()).toMatchObject({ source: 'none', token: '' })
  })

  it('sends the newest token of the tab, and stays the same person’s', async () => {
    const tab = tabWith('old')
    const access = new Access(memory(), tab.open)
    const { owner } = access.current()
    expect(await access.token()).toBe('renewed')
    expect(access.current()).toMatchObject({ source: 'tab', token: 'renewed', owner })
  })

  it('does not renew what was pasted', async () => {
    const tab = tabWith('of the tab')
    const access = new Access(memory(), tab.open)
    access.use('mine')
    expect(await access.token()).toBe('mine')
    expect(tab.renewals).toBe(0)
  })

  it('tells listeners of changes only, the end of the session among them', () => {
    const tab = tabWith('a')
    const access = new Access(memory(), tab.open)
    let told = 0
    const stop = access.subscribe(() => told++)
    tab.set('a')
    expect(told).toBe(0)
    tab.set('b')
    tab.set('b')
    expect(told).toBe(1)
    tab.set(null)
    expect(told).toBe(2)
    expect(access.current().source).toBe('none')
    stop()
    access.use('x')
    expect(told).toBe(2)
  })
})

describe('a token in an answer', () => {
  it.each([
    [{ data: { login: { session: { accessToken: 'a' } } } }, 'a'],
    [{ data: { w: { session: { skey: 's' } } } }, 's'],
    [{ data: { viewer: { id: '1' } } }, ''],
    [{ data: { login: null }, errors: [{}] }, ''],
    [{ data: null }, ''],
    [null, ''],
    ['text', ''],
  ])('%j holds %j', (answer, token) => expect(tokenIn(answer)).toBe(token))
})
