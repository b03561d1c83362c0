import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFeed, type FeedItem, type Notice } from './feed'

interface Opened {
  after: string | null
  sink: { next(item: FeedItem): void; error(cause: unknown): void; complete(): void }
  closed: boolean
}

const event = (cursor: string): FeedItem => ({ __typename: 'CallbackEvent', cursor })
const closed = (code = 1006) => Object.assign(new Event('close'), { code, wasClean: false, reason: '' })
const refusal = (code: string, reason: string, retryAfter?: number) => [{ message: 'x', extensions: { code, reason, retryAfter } }]

function setup(renew: () => Promise<unknown> = async () => {}) {
  const opened: Opened[] = []
  const items: string[] = []
  const notices: Notice['kind'][] = []
  const frames: (() => void)[] = []
  const spy = vi.fn(renew)
  const feed = createFeed<FeedItem>({
    open: (after, sink) => {
      const one: Opened = { after, sink, closed: false }
      opened.push(one)
      return () => (one.closed = true)
    },
    onItems: (batch) => items.push(...batch.map((item) => item.cursor)),
    onNotice: (notice) => notices.push(notice.kind),
    renew: spy,
    now: () => Date.now(),
    frame: (flush) => {
      frames.push(flush)
      return () => frames.splice(frames.indexOf(flush), 1)
    },
  })
  return { feed, opened, items, notices, renew: spy, draw: () => frames.splice(0).forEach((flush) => flush()), last: () => opened.at(-1)! }
}

beforeEach(() => vi.useFakeTimers({ now: 0 }))
afterEach(() => vi.useRealTimers())

describe('a feed', () => {
  it('begins after the given cursor and hands over a frame’s worth at a time', () => {
    const { feed, last, items, draw } = setup()
    feed.start('c0')
    expect(last().after).toBe('c0')
    last().sink.next(event('c1'))
    last().sink.next(event('c2'))
    expect(items).toEqual([])
    draw()
    expect(items).toEqual(['c1', 'c2'])
    expect(feed.state.value).toBe('live')
  })

  it.each([
    ['ten times a second however much comes', 16, 10],
    ['once a second where nothing is drawn', 1e9, 1],
  ])('hands over %s', async (_, frameEvery, times) => {
    vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw, frameEvery))
    vi.stubGlobal('cancelAnimationFrame', clearTimeout)
    const batches: number[] = []
    let sink!: Opened['sink']
    const feed = createFeed<FeedItem>({
      open: (_, given) => {
        sink = given
        return () => {}
      },
      onItems: (batch) => batches.push(batch.length),
      onNotice: () => {},
      renew: async () => {},
      now: () => 0,
    })
    feed.start(null)
    for (let n = 1; n <= 500; n++) {
      sink.next(event(`c${n}`))
      await vi.advanceTimersByTimeAsync(2)
    }
    expect(batches.length).toBeGreaterThanOrEqual(Math.max(1, times - 3))
    expect(batches.length).toBeLessThanOrEqual(times)
    feed.stop()
    vi.unstubAllGlobals()
  })

  it('resumes after the last cursor when the connection is lost, and says so', async () => {
    const { feed, opened, last, items, notices } = setup()
    feed.start(null)
    last().sink.next(event('c1'))
    last().sink.next(event('c2'))
    last().sink.error(closed())
    expect(items).toEqual(['c1', 'c2']) // nothing waits for a frame that may not come
    expect(feed.state.value).toBe('waiting')
    await vi.advanceTimersByTimeAsync(20_000)
    expect(opened.map((one) => one.after)).toEqual([null, 'c2'])
    last().sink.next(event('c3'))
    expect(notices).toEqual(['lost', 'resumed'])
    expect(feed.state.value).toBe('live')
  })

  it('keeps its cursor through many failures and waits longer each time', async () => {
    const { feed, opened, last, notices } = setup()
    feed.start('c7')
    for (let n = 0; n < 6; n++) {
      last().sink.error(closed())
      await vi.advanceTimersByTimeAsync(15_000)
    }
    expect(opened).toHaveLength(7)
    expect(new Set(opened.map((one) => one.after))).toEqual(new Set(['c7']))
    expect(notices).toEqual(['lost'])
  })

  it('resumes where the server says when it read too slowly', async () => {
    const { feed, opened, last, notices } = setup()
    feed.start('c0')
    last().sink.next(event('c1'))
    last().sink.next({ __typename: 'FeedLagged', cursor: 'c1' })
    last().sink.complete()
    await vi.advanceTimersByTimeAsync(1)
    expect(opened.map((one) => one.after)).toEqual(['c0', 'c1'])
    expect(notices).toEqual(['lagged'])
  })

  it('goes on after a reset', () => {
    const { feed, last, items, notices, draw } = setup()
    feed.start('ancient')
    last().sink.next({ __typename: 'FeedReset', cursor: 'c100' })
    last().sink.next(event('c101'))
    draw()
    expect(notices).toEqual(['reset'])
    expect(items).toEqual(['c101'])
    expect(feed.cursor()).toBe('c101')
  })

  it('puts the notice between what came before and after', () => {
    const order: string[] = []
    let sink!: Opened['sink']
    const feed = createFeed<FeedItem>({
      open: (_, given) => {
        sink = given
        return () => {}
      },
      onItems: (batch) => order.push(...batch.map((item) => item.cursor)),
      onNotice: (notice) => order.push(notice.kind),
      renew: async () => {},
      now: () => Date.now(),
      frame: () => () => {},
    })
    feed.start(null)
    sink.next(event('c1'))
    sink.next({ __typename: 'FeedReset', cursor: 'c5' })
    expect(order).toEqual(['c1', 'reset'])
  })

  it('does not hear a subscription it has left', () => {
    const { feed, opened, items, draw } = setup()
    feed.start('a')
    feed.start('b')
    expect(opened[0]!.closed).toBe(true)
    opened[0]!.sink.next(event('old'))
    opened[0]!.sink.error(closed())
    opened[1]!.sink.next(event('new'))
    draw()
    expect(items).toEqual(['new'])
    expect(opened).toHaveLength(2)
    feed.stop()
    opened[1]!.sink.next(event('late'))
    draw()
    expect(items).toEqual(['new'])
  })

  it('fetches a new token when the session has expired, whether an error or the socket says so', async () => {
    for (const cause of [refusal('UNAUTHENTICATED', 'session.expired'), closed(4403)]) {
      const { feed, opened, last, renew } = setup()
      feed.start('c1')
      last().sink.error(cause)
      await vi.advanceTimersByTimeAsync(0)
      expect(renew).toHaveBeenCalledOnce()
      expect(opened.map((one) => one.after)).toEqual(['c1', 'c1'])
    }
  })

  it('stops when the session is over, and begins at the same place after signing in', async () => {
    const { feed, last } = setup(() => Promise.reject(refusal('UNAUTHENTICATED', 'session.reused')))
    feed.start('c1')
    last().sink.error(closed(4403))
    await vi.advanceTimersByTimeAsync(0)
    expect(feed.state.value).toBe('stopped')
    expect(feed.error.value?.reason).toBe('session.reused')
    feed.start(feed.cursor())
    expect(last().after).toBe('c1')
    expect(feed.error.value).toBeNull()
  })

  it('does not renew for ever', async () => {
    const { feed, opened, last, renew } = setup()
    feed.start(null)
    for (let n = 0; n < 10 && feed.state.value !== 'stopped'; n++) {
      last().sink.error(closed(4403))
      await vi.advanceTimersByTimeAsync(0)
    }
    expect(renew).toHaveBeenCalledTimes(2)
    expect(opened).toHaveLength(3)
  })

  it('stops at a refusal that repeating cannot help', () => {
    const { feed, last, notices } = setup()
    feed.start(null)
    last().sink.error(refusal('FORBIDDEN', 'authz.forbidden'))
    expect(feed.state.value).toBe('stopped')
    expect(feed.error.value?.code).toBe('FORBIDDEN')
    expect(notices).toEqual([])
  })

  it('waits as long as a limit asks', async () => {
    const { feed, opened, last } = setup()
    feed.start(null)
    last().sink.error(refusal('RATE_LIMITED', 'rate.subscriptions', 30))
    await vi.advanceTimersByTimeAsync(29_000)
    expect(opened).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1_500)
    expect(opened).toHaveLength(2)
  })

  it('hurries when the server is known to be back', async () => {
    const { feed, opened, last } = setup()
    feed.start('c1')
    for (let n = 0; n < 5; n++) {
      last().sink.error(closed())
      feed.hurry()
    }
    expect(opened).toHaveLength(6)
  })

  it('is live after a silence, since nothing acknowledges a subscription', async () => {
    const { feed } = setup()
    feed.start(null)
    expect(feed.state.value).toBe('connecting')
    feed.connected()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(feed.state.value).toBe('live')
  })
})
