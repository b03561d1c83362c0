import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, Local, Reason } from '../api/errors'
import { Refresher } from './refresher'
import { Siblings } from './siblings'
import type { Grant, Tokens } from './tokens'

const start = Date.parse('2026-03-09T08:00:00Z')
const minute = 60_000

function setup(exchange: (tokens: Tokens) => Promise<Grant>) {
  let tokens: Tokens | null = null
  const lost = vi.fn()
  const spy = vi.fn(exchange)
  const refresher = new Refresher({
    store: { load: () => tokens, save: (next) => (tokens = next) },
    siblings: new Siblings({ channel: null, id: 'a', current: () => tokens, adopt: () => {} }),
    now: () => Date.now(),
    exchange: spy,
    lost,
  })
  return { refresher, exchange: spy, lost, tokens: () => tokens }
}

const grant = (name: string, minutes = 15): Grant => ({
  accessToken: `access-${name}`,
  refreshToken: `refresh-${name}`,
  expiresAt: new Date(Date.now() + minutes * minute).toISOString(),
})
const over = () => new ApiError('', { code: 'UNAUTHENTICATED', reason: Reason.sessionReused })
const away = () => new ApiError('', { code: 'UNAVAILABLE', reason: Local.unreachable })

beforeEach(() => vi.useFakeTimers({ now: start }))
afterEach(() => vi.useRealTimers())

describe('the refresher', () => {
  it('gives the token at hand while it is good', async () => {
    const { refresher, exchange } = setup(async () => grant('2'))
    refresher.begin(grant('1'))
    expect(await refresher.token()).toBe('access-1')
    expect(exchange).not.toHaveBeenCalled()
  })

  it('refreshes once, however many ask at the same time', async () => {
    let answer!: (grant: Grant) => void
    const { refresher, exchange } = setup(() => new Promise((resolve) => (answer = resolve)))
    refresher.begin(grant('1', 0.001))
    vi.setSystemTime(start + minute)
    const all = Promise.all(Array.from({ length: 50 }, () => refresher.token()))
    await vi.advanceTimersByTimeAsync(0)
    answer(grant('2'))
    expect(new Set(await all)).toEqual(new Set(['access-2']))
    expect(exchange).toHaveBeenCalledTimes(1)
    expect(exchange).toHaveBeenCalledWith(expect.objectContaining({ refreshToken: 'refresh-1' }))
  })

  it('asks again with the same key when the answer was lost', async () => {
    const asked: Tokens[] = []
    const { refresher } = setup((tokens) => {
      asked.push(tokens)
      return asked.length === 1 ? Promise.reject(away()) : Promise.resolve(grant('2'))
    })
    refresher.begin(grant('1'))
    await expect(refresher.renew('access-1')).rejects.toThrow()
    expect(await refresher.renew('access-1')).toBe('access-2')
    expect(asked.map((one) => one.refreshToken)).toEqual(['refresh-1', 'refresh-1'])
    expect(asked[0]!.retryKey.length).toBeGreaterThanOrEqual(16)
    expect(asked[1]!.retryKey).toBe(asked[0]!.retryKey)
  })

  it('renews before the end by itself, again and again', async () => {
    let n = 1
    const { refresher, exchange } = setup(async () => grant(String(++n)))
    refresher.begin(grant('1'))
    await vi.advanceTimersByTimeAsync(14 * minute + 1000)
    expect(exchange).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(14 * minute + 1000)
    expect(exchange).toHaveBeenCalledTimes(2)
    expect(await refresher.token()).toBe('access-3')
  })

  it('gives the newer token to whoever was refused with an older one', async () => {
    const { refresher, exchange } = setup(async () => grant('2'))
    refresher.begin(grant('1'))
    expect(await refresher.renew('access-1')).toBe('access-2')
    expect(await refresher.renew('access-1')).toBe('access-2')
    expect(exchange).toHaveBeenCalledTimes(1)
  })

  it('goes on with a token that still lives when the server is away, and tries again', async () => {
    let up = false
    const { refresher, exchange } = setup(async () => {
      if (!up) throw away()
      return grant('2')
    })
    refresher.begin(grant('1'))
    await vi.advanceTimersByTimeAsync(14 * minute + 1000)
    expect(exchange).toHaveBeenCalledTimes(1)
    expect(await refresher.token()).toBe('access-1')
    up = true
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await refresher.token()).toBe('access-2')
  })

  it('does not take the server’s absence for the end of the session', async () => {
    const { refresher, lost, tokens } = setup(async () => {
      throw away()
    })
    refresher.begin(grant('1'))
    vi.setSystemTime(start + 20 * minute)
    await expect(refresher.token()).rejects.toMatchObject({ reason: Local.unreachable })
    expect(lost).not.toHaveBeenCalled()
    expect(tokens()).not.toBeNull()
  })

  it('says once that the session is over, and forgets its tokens', async () => {
    const { refresher, lost, tokens } = setup(async () => {
      throw over()
    })
    refresher.begin(grant('1'))
    vi.setSystemTime(start + 20 * minute)
    const results = await Promise.allSettled([refresher.token(), refresher.token(), refresher.token()])
    expect(results.every((result) => result.status === 'rejected')).toBe(true)
    expect(lost).toHaveBeenCalledTimes(1)
    expect(tokens()).toBeNull()
    expect(await refresher.token()).toBeNull()
  })

  it('drops an answer that comes after signing out', async () => {
    let answer!: (grant: Grant) => void
    const { refresher, tokens } = setup(() => new Promise((resolve) => (answer = resolve)))
    refresher.begin(grant('1'))
    const renewal = refresher.renew('access-1')
    await vi.advanceTimersByTimeAsync(0)
    refresher.end()
    answer(grant('2'))
    await renewal
    expect(tokens()).toBeNull()
  })

  it('never hurries, even when the server gives out tokens that are over already', async () => {
    const { refresher, exchange } = setup(async () => grant('2', -60))
    refresher.begin(grant('1', -60))
    await vi.advanceTimersByTimeAsync(minute)
    expect(exchange.mock.calls.length).toBeLessThanOrEqual(12)
  })
})
