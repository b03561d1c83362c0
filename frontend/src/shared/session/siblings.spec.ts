import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Siblings, type Channel } from './siblings'
import type { Tokens } from './tokens'

const tokens = (generation: number, family = 'f'): Tokens => ({
  accessToken: `access-${generation}`,
  refreshToken: `refresh-${generation}`,
  expiresAt: 0,
  renewAt: 0,
  family,
  generation,
  retryKey: `key-${generation}`,
})

/** Tabs that hear each other, as BroadcastChannel lets them: later, and never themselves. */
function tabs(count: number, families: string[] = []) {
  const channels: Channel[] = []
  const kept: Tokens[] = []
  const all = Array.from({ length: count }, (_, index) => {
    const channel: Channel = {
      onmessage: null,
      postMessage: (message) => {
        for (const other of channels) if (other !== channel) setTimeout(() => other.onmessage?.({ data: structuredClone(message) } as MessageEvent))
      },
    }
    channels.push(channel)
    kept.push(tokens(1, families[index] ?? 'f'))
    return new Siblings({
      channel,
      id: String(index),
      current: () => kept[index]!,
      adopt: (next) => (kept[index] = next),
      answerWithin: 20,
      patience: 500,
    })
  })
  return { all, kept }
}

/** Lets the clock run until a promise is settled. */
async function soon<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined) // whoever awaits the result hears of it
  await vi.advanceTimersByTimeAsync(1_000)
  return promise
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('tabs of one session', () => {
  it('use a refresh token once between them, when both want to at the same time', async () => {
    const { all, kept } = tabs(2)
    const refresh = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return tokens(2)
    })
    const results = await soon(Promise.all(all.map((tab, index) => tab.take(kept[index]!, refresh))))
    expect(refresh).toHaveBeenCalledTimes(1)
    expect(results.map((one) => one.generation)).toEqual([2, 2])
  })

  it('hear of each refresh', async () => {
    const { all, kept } = tabs(3)
    await soon(all[0]!.take(kept[0]!, async () => tokens(2)))
    expect(kept[2]!.generation).toBe(2)
  })

  it('take over what another has already', async () => {
    const { all, kept } = tabs(2)
    kept[1] = tokens(5)
    const refresh = vi.fn(async () => tokens(2))
    expect((await soon(all[0]!.take(kept[0]!, refresh))).generation).toBe(5)
    expect(refresh).not.toHaveBeenCalled()
  })

  it('leave other sessions alone', async () => {
    const { all, kept } = tabs(2, ['f', 'g'])
    kept[1] = tokens(9, 'g')
    const refresh = vi.fn(async () => tokens(2))
    await soon(all[0]!.take(kept[0]!, refresh))
    expect(refresh).toHaveBeenCalledTimes(1)
    expect(kept[1]).toEqual(tokens(9, 'g'))
  })

  it('let the next one try when a refresh fails', async () => {
    const { all, kept } = tabs(2)
    await expect(soon(all[0]!.take(kept[0]!, () => Promise.reject(new Error('away'))))).rejects.toThrow('away')
    expect((await soon(all[1]!.take(kept[1]!, async () => tokens(2)))).generation).toBe(2)
  })
})
