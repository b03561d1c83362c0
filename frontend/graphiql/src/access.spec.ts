import { describe, expect, it } from 'vitest'
import { Access, cleanToken, headersOf, tokenIn } from './access'

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

describe('access', () => {
  const tab = JSON.stringify({ accessToken: 'of the tab', refreshToken: 'never used' })

  it('prefers what was pasted, then the sign-in of the tab', () => {
    const access = new Access(memory({ 'posthouse.tokens': tab }))
    expect(access.current()).toEqual({ source: 'tab', token: 'of the tab' })
    access.use('Bearer mine')
    expect(access.current()).toEqual({ source: 'pasted', token: 'mine' })
    access.forget()
    expect(access.current()).toEqual({ source: 'tab', token: 'of the tab' })
  })

  it.each(['', 'null', '{}', '{"accessToken":1}', '{', '[]'])('takes %j for nobody', (stored) => {
    expect(new Access(memory({ 'posthouse.tokens': stored })).current()).toEqual({ source: 'none', token: '' })
  })

  it('tells listeners of changes only', () => {
    const storage = memory()
    const access = new Access(storage)
    let told = 0
    const stop = access.subscribe(() => told++)
    access.refresh()
    expect(told).toBe(0)
    storage.setItem('posthouse.tokens', tab)
    access.refresh()
    access.refresh()
    expect(told).toBe(1)
    stop()
    access.use('x')
    expect(told).toBe(1)
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
