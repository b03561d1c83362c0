import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { groupOf, privateOf } from './chat/chats'
import type { RobotSaid } from './types'

// A sandbox behind fetch: what it holds, and whether it is there.
let answers: Record<string, unknown>
let there: boolean
let frozen: boolean
let asked: string[]

const said = (id: number, robot: string): RobotSaid => ({
  id,
  at: '2026-03-09T06:00:00Z',
  robot,
  conversation: `cid-${robot}`,
  toUserIds: [],
  msgtype: 'text',
  body: { content: `said ${id}` },
  mentions: { atMobiles: [], atUserIds: [], isAtAll: false, notifiedUserIds: [], shownUserIds: [] },
})

function begin(startId: string, messages: RobotSaid[]): void {
  answers = {
    clock: { now: '2026-03-09T06:00:00Z', offsetSeconds: 0, startId },
    faults: [],
    conversations: [
      { id: 'cid-ops', title: '值班群', robot: 'ops', userIds: [] },
      { id: 'cid-news', title: '公告群', robot: 'news', userIds: [] },
    ],
    users: [{ userid: 'lisi', name: '李四', phone: '+8613800000002', title: '' }],
    callbacks: { registered: false },
    'robot-callback': { url: `http://127.0.0.1/${startId}` },
    credentials: { dingtalk: {}, robots: [], wechat: {} },
    messages,
    'robot-messages': [],
  }
}

async function fakeFetch(url: string, { signal }: RequestInit): Promise<Response> {
  if (frozen) return new Promise((_, fail) => signal?.addEventListener('abort', () => fail(signal.reason)))
  if (!there) throw new TypeError('refused')
  const { pathname, searchParams } = new URL(url)
  const name = pathname.replace(/^.*\/api\//, '')
  asked.push(name)
  const since = Number(searchParams.get('since') ?? 0)
  const answer = answers[name]
  return new Response(JSON.stringify(Array.isArray(answer) && searchParams.has('since') ? (answer as RobotSaid[]).filter((one) => one.id > since) : answer))
}

async function start() {
  vi.resetModules()
  const { watchWorld, world } = await import('./world')
  watchWorld()
  await vi.advanceTimersByTimeAsync(0)
  return world
}

const lines = (world: Awaited<ReturnType<typeof start>>) => world.chat.value?.entries.map((one) => one.key).join()
const unread = (world: Awaited<ReturnType<typeof start>>) => Object.fromEntries(world.chats.value.map((chat) => [chat.id, world.unread(chat)]))

describe('the world of the sandbox', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('fetch', vi.fn(fakeFetch))
    // The browser's own timeouts know nothing of the clock of the spec.
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((time) => {
      const watched = new AbortController()
      setTimeout(() => watched.abort(new DOMException('', 'TimeoutError')), time)
      return watched.signal
    })
    there = true
    frozen = false
    asked = []
    begin('one', [said(1, 'ops'), said(2, 'news')])
  })
  afterEach(() => {
    vi.clearAllTimers()
    vi.useRealTimers()
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })

  it('counts as unread what comes to other chats while one looks', async () => {
    const world = await start()
    expect(world.contact.ready).toBe(true)
    expect(lines(world)).toBe('r1')
    expect(unread(world)).toEqual({ 'group:ops': 0, 'group:news': 0, 'group:app': 0 })
    answers.messages = [said(1, 'ops'), said(2, 'news'), said(3, 'news'), said(4, 'ops'), said(5, 'news')]
    await vi.advanceTimersByTimeAsync(1_000)
    expect(unread(world)).toEqual({ 'group:ops': 0, 'group:news': 2, 'group:app': 0 })
    world.choose(groupOf('news'))
    expect(unread(world)).toEqual({ 'group:ops': 0, 'group:news': 0, 'group:app': 0 })
    expect(lines(world)).toBe('r2,r3,r5')
    world.choose(groupOf('ops'))
    expect(unread(world)).toEqual({ 'group:ops': 0, 'group:news': 0, 'group:app': 0 })
    world.begin('lisi')
    expect(world.chat.value?.id).toBe(privateOf('app', 'lisi'))
  })

  it('replaces nothing that has not changed', async () => {
    const world = await start()
    const before = [world.groups.value, world.people.value, world.faults.value, world.chats.value]
    await vi.advanceTimersByTimeAsync(12_000)
    expect([world.groups.value, world.people.value, world.faults.value, world.chats.value].every((one, index) => one === before[index])).toBe(true)
    expect(asked.filter((name) => name === 'users').length).toBeLessThan(5)
  })

  it('begins anew with a sandbox that was started anew', async () => {
    const world = await start()
    begin('two', [said(1, 'news')])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(world.chats.value.flatMap((chat) => chat.entries.map((one) => `${chat.robot} ${one.key}`))).toEqual(['news r1'])
    expect(unread(world)['group:news']).toBe(1)
    expect(world.robotAddress.value).toBe('http://127.0.0.1/two')
  })

  it('says that the sandbox is gone, keeps what was there, and goes on', async () => {
    const world = await start()
    there = false
    await vi.advanceTimersByTimeAsync(1_000)
    expect(world.contact.up).toBe(false)
    expect(world.contact.error?.reason).toBe('network.unreachable')
    expect(lines(world)).toBe('r1')
    there = true
    await vi.advanceTimersByTimeAsync(16_000)
    expect(world.contact.up).toBe(true)
    expect(world.contact.error).toBeNull()
  })

  it('says that a sandbox that hangs is gone, and goes on', async () => {
    const world = await start()
    frozen = true
    await vi.advanceTimersByTimeAsync(11_100)
    expect(world.contact.up).toBe(false)
    expect(world.contact.error?.reason).toBe('network.timeout')
    frozen = false
    await vi.advanceTimersByTimeAsync(16_000)
    expect(world.contact.up).toBe(true)
  })

  it('waits longer for what is done than for a look', async () => {
    const { ask, send } = await import('./api')
    frozen = true
    const looked = expect(ask('clock')).rejects.toMatchObject({ reason: 'network.timeout' })
    let done = ''
    send('POST', 'robot-messages', {}).catch((error: { reason: string }) => (done = error.reason))
    await vi.advanceTimersByTimeAsync(59_000)
    await looked
    expect(done).toBe('')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(done).toBe('network.timeout')
  })
})
