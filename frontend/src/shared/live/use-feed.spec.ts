import { effectScope, nextTick } from 'vue'
import { expect, it, vi } from 'vitest'
import { clock } from '../clock'
import { connection } from './connection'
import type { Notice } from './feed'
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

it('dates what it says by the server’s clock, for the browser’s may be an hour wrong', async () => {
  vi.spyOn(connection, 'check').mockResolvedValue()
  const server = Date.now() - 3_600_000
  clock.observe(new Date(server).toUTCString())
  const notices: Notice[] = []
  const scope = effectScope()
  scope.run(() =>
    useFeed({ document: {} as never, variables: () => ({}), pick: (data) => data as never, onItems: () => {}, onNotice: (notice) => notices.push(notice) }),
  )!.start('c1')
  sinks.at(-1)!.error(closed())
  scope.stop()
  expect(notices).toMatchObject([{ kind: 'lost' }])
  expect(Math.abs(notices[0]!.at - server)).toBeLessThan(5_000)
})
