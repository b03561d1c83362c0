import { effectScope, nextTick, ref, shallowRef } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, Local, Reason } from '@/shared/api/errors'
import type { FeedState } from '@/shared/live/feed'
import type { EventRow } from './tail'

const ask = vi.hoisted(() => vi.fn())
const feed = vi.hoisted(() => ({ current: null as never as FakeFeed }))
vi.mock('@/shared/api/client', () => ({ ask }))
vi.mock('@/shared/live/use-feed', () => ({ useFeed: (options: { onItems: FakeFeed['give'] }) => (feed.current = new FakeFeed(options.onItems)) }))

class FakeFeed {
  state = ref<FeedState>('stopped')
  error = shallowRef(null)
  started: (string | null)[] = []
  constructor(readonly give: (events: EventRow[]) => void) {}
  start = (after: string | null) => void this.started.push(after)
  stopped = 0
  stop = () => void this.stopped++
  cursor = () => this.started.at(-1) ?? null
}

const { useEvents } = await import('./use-events')

const event = (id: string): EventRow => ({ id, cursor: `c-${id}`, app: 'a', type: 't', corpId: null, occurredAt: null, receivedAt: '', payloadBytes: 1 })
const page = (ids: string[], hasNextPage = false) => ({
  recentCallbackEvents: { nodes: ids.map(event), newest: 'c-end', pageInfo: { hasNextPage, endCursor: null } },
})
const shown = (events: ReturnType<typeof useEvents>) => Array.from({ length: events.tail.view.count }, (_, at) => events.tail.at(at)?.key)

async function begin() {
  const events = effectScope().run(() => useEvents(() => null))!
  await vi.waitFor(() => expect(events.loading.value).toBe(false))
  return events
}

beforeEach(() => void ask.mockReset())

describe('the event log', () => {
  it.each([[['3', '2', '1']], [[]]])('goes live where the log ended when it was read, with %j in it', async (ids) => {
    ask.mockResolvedValue(page(ids))
    const events = await begin()
    expect(shown(events)).toEqual(ids)
    expect(feed.current.started).toEqual(['c-end'])
    feed.current.give([event('4')])
    expect(shown(events)).toEqual(['4', ...ids])
  })

  it('asks for older events below the oldest', async () => {
    ask.mockResolvedValueOnce(page(['3', '2'], true)).mockResolvedValueOnce(page(['1']))
    const events = await begin()
    await events.older()
    expect(ask.mock.calls[1]?.[1]).toMatchObject({ after: 'c-2' })
    expect(shown(events)).toEqual(['3', '2', '1'])
    await events.older()
    expect(ask).toHaveBeenCalledTimes(2) // there are none
  })

  it('is read to its beginning and back, while the feed rests, and goes live again where it ends', async () => {
    const log = Array.from({ length: 12_000 }, (_, n) => String(n)) // oldest first
    ask.mockImplementation((document: { definitions: { name: { value: string } }[] }, { first, after }: { first: number; after: string | null }) => {
      const forth = document.definitions[0]?.name.value === 'NewerCallbackEvents'
      const order = forth ? log : log.toReversed()
      const begin = after === null ? 0 : order.indexOf(after.slice(2)) + 1
      const answer = page(order.slice(begin, begin + first), begin + first < order.length).recentCallbackEvents
      return Promise.resolve({ recentCallbackEvents: answer, callbackEventLog: answer })
    })
    const events = await begin()
    while (events.hasOlder.value) {
      await events.older()
      expect(events.tail.view.count).toBeLessThanOrEqual(5_000)
    }
    expect(events.tail.oldest?.id).toBe('0')
    expect(events.tail.view.history).toBe(true)
    expect(feed.current.stopped).toBeGreaterThan(1)
    expect(feed.current.started).toHaveLength(1)

    while (events.tail.view.history) await events.newer()
    expect(shown(events)).toEqual(log.slice(-events.tail.view.count).reverse()) // without a gap
    expect(events.hasOlder.value).toBe(true)
    expect(feed.current.started).toEqual(['c-end', 'c-end'])
    feed.current.give([event('new')])
    expect(shown(events)[0]).toBe('new')

    await events.oldest()
    expect(events.tail.oldest?.id).toBe('0')
    expect(events.hasOlder.value).toBe(false)
    expect(events.tail.view.history).toBe(true)
    await events.start()
    expect(events.tail.view.history).toBe(false)
    expect(shown(events)[0]).toBe('11999')
  })

  it('shows what went wrong, and begins anew when asked to', async () => {
    ask.mockRejectedValueOnce(new Error('x')).mockResolvedValueOnce(page(['1']))
    const events = await begin()
    expect(events.error.value).not.toBeNull()
    await events.start()
    expect(events.error.value).toBeNull()
    expect(shown(events)).toEqual(['1'])
  })

  it.each([
    [Reason.cursorInvalid, { code: 'INVALID_INPUT' }],
    ['authz.forbidden', { code: 'FORBIDDEN' }],
    ['rate.limited', { code: 'RATE_LIMITED', retryAfter: 20 }],
  ])('tells why it cannot be read on (%s), asks no more by itself, and begins anew when asked to', async (reason, more) => {
    ask.mockResolvedValueOnce(page(['3'], true)).mockRejectedValueOnce(new ApiError('no', { reason, ...more }))
    const events = await begin()
    await events.older()
    expect(events.refusal.value?.reason).toBe(reason)
    expect(shown(events)).toEqual(['3'])
    await events.older()
    expect(ask).toHaveBeenCalledTimes(2)
    ask.mockResolvedValueOnce(page(['4', '3']))
    await events.start()
    expect(events.refusal.value).toBeNull()
    expect(shown(events)).toEqual(['4', '3'])
  })

  it('reads on by itself after a lost connection, which the banner tells of', async () => {
    ask.mockResolvedValueOnce(page(['3'], true)).mockRejectedValueOnce(new ApiError('', { reason: Local.unreachable })).mockResolvedValueOnce(page(['2']))
    const events = await begin()
    await events.older()
    expect(events.refusal.value).toBeNull()
    await events.older()
    expect(shown(events)).toEqual(['3', '2'])
  })

  it('does not mix the answers of two filters', async () => {
    let late!: (answer: unknown) => void
    ask.mockReturnValueOnce(new Promise((resolve) => (late = resolve))).mockResolvedValueOnce(page(['9']))
    const events = effectScope().run(() => useEvents(() => null))!
    await events.start()
    late(page(['1']))
    await nextTick()
    expect(shown(events)).toEqual(['9'])
  })
})
