import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isUnreachable, Local } from './errors'
import { listen, patience, post } from './transport'

const heard: string[] = []
listen({ reached: () => heard.push('reached'), unreachable: () => heard.push('unreachable') })

/** A server that takes the request and says nothing, as one that is frozen does. */
const silent = vi.fn(
  (_: string, init: RequestInit) =>
    new Promise<Response>((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))),
)

beforeEach(() => {
  vi.useFakeTimers()
  heard.length = 0
  silent.mockClear()
})
afterEach(() => void vi.useRealTimers())

describe('a request that nothing answers', () => {
  it('is given up after a while, counts as unreachable and is not repeated', async () => {
    vi.stubGlobal('fetch', silent)
    const failed = post('{}', null, 'en').catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(patience - 1)
    expect(heard).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    const error = await failed
    expect(error).toMatchObject({ reason: Local.timeout })
    expect(isUnreachable(error)).toBe(true)
    expect(heard).toEqual(['unreachable'])
    await vi.advanceTimersByTimeAsync(10 * patience)
    expect(silent).toHaveBeenCalledOnce()
  })

  it('is given up when the answer began and does not end', async () => {
    vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
      const text = () => new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))))
      return Promise.resolve({ text, headers: new Headers(), status: 200 })
    })
    const failed = post('{}', null, 'en').catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(patience + 1)
    expect(heard).toEqual([]) // something comes, slowly
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await failed).toMatchObject({ reason: Local.timeout })
  })

  it('that the page itself gave up says nothing about the server', async () => {
    vi.stubGlobal('fetch', silent)
    const page = new AbortController()
    const failed = post('{}', null, 'en', page.signal).catch((error: unknown) => error)
    page.abort()
    expect(await failed).toMatchObject({ name: 'AbortError' })
    expect(heard).toEqual([])
  })
})
