import { effectScope, nextTick } from 'vue'
import { expect, it, vi } from 'vitest'
import { connection } from './connection'
import { useFeed } from './use-feed'
import type { Sink } from './socket'

const sinks = vi.hoisted(() => [] as Sink<unknown>[])

vi.mock('./socket', async () => ({
  socketOpen: (await import('vue')).ref(false),
  subscribe: (_document: unknown, _variables: unknown, sink: Sink<unknown>) => {
    sinks.push(sink)
    return () => {}
  },
}))

const closed = () => Object.assign(new Event('close'), { code: 1006, wasClean: false, reason: '' })

it('looks for the server after each failed attempt, since one that is ending may answer the first question', async () => {
  vi.useFakeTimers()
  const check = vi.spyOn(connection, 'check').mockResolvedValue()
  const scope = effectScope()
  const feed = scope.run(() =>
    useFeed({ document: {} as never, variables: () => ({}), pick: (data) => data as never, onItems: () => {} }),
  )!
  feed.start('c1')
  for (let failures = 1; failures <= 3; failures++) {
    await nextTick()
    sinks.at(-1)!.error(closed())
    await nextTick()
    expect(check).toHaveBeenCalledTimes(failures)
    await vi.advanceTimersByTimeAsync(15_000)
  }
  scope.stop()
  vi.useRealTimers()
})
