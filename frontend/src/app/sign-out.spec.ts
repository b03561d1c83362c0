import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ref } from 'vue'
import { ApiError, Local, Reason } from '@/shared/api/errors'

const order: string[] = []
const returns = ref(0)
const post = vi.hoisted(() => vi.fn())
const session = vi.hoisted(() => ({ exchange: vi.fn(), leave: vi.fn() }))
vi.mock('@/shared/api/transport', () => ({ post }))
vi.mock('@/shared/api/client', () => ({ forget: () => order.push('forget') }))
vi.mock('@/shared/live/socket', () => ({ closeSocket: () => order.push('close') }))
vi.mock('@/shared/live/connection', () => ({ connection: { returns } }))
vi.mock('@/shared/session/session', () => ({ session }))

const { signOut } = await import('./sign-out')

const held = { accessToken: 't1', refreshToken: 'r1', retryKey: 'k1' }
const away = () => Promise.reject(new ApiError('', { reason: Local.timeout }))
const done = { status: 200, text: '{"data":{"logout":{"ok":true}}}' }
const refused = (code: string, reason: string, more = {}) => ({ status: 503, text: JSON.stringify({ errors: [{ message: 'x', extensions: { code, reason, ...more } }], data: null }) })
const told = () => post.mock.calls.map((call) => call[1])
const settle = () => new Promise((resolve) => setTimeout(resolve))

beforeEach(() => {
  order.length = 0
  post.mockReset().mockResolvedValue(done)
  sessionStorage.clear()
  session.exchange.mockReset().mockResolvedValue({ accessToken: 't2' })
  session.leave.mockReset().mockImplementation(() => {
    order.push('leave')
    return held
  })
})
afterEach(() => void vi.useRealTimers())

describe('signing out', () => {
  it('ends the session here at once, though the server does not answer', async () => {
    post.mockReturnValue(new Promise(() => {}))
    signOut()
    expect(order).toEqual(['leave', 'close', 'forget'])
    await vi.waitFor(() => expect(post).toHaveBeenCalledOnce())
    expect(post.mock.calls[0]?.[0]).toContain('logout')
    expect(post.mock.calls[0]?.[1]).toBe('t1')
  })

  it('tells the server when it is back', async () => {
    post.mockImplementationOnce(away)
    signOut()
    await vi.waitFor(() => expect(post).toHaveBeenCalledOnce())
    await settle()
    expect(post).toHaveBeenCalledOnce()
    returns.value++
    await vi.waitFor(() => expect(post).toHaveBeenCalledTimes(2))
    returns.value++
    await settle()
    expect(post).toHaveBeenCalledTimes(2)
  })

  it.each([
    ['that stops', refused('UNAVAILABLE', 'server.stopping')],
    ['that has no time', refused('RATE_LIMITED', 'rate.limited', { retryAfter: 30 })],
  ])('tells a server %s once more, later', async (_, answer) => {
    vi.useFakeTimers()
    post.mockResolvedValueOnce(answer)
    signOut()
    await vi.advanceTimersByTimeAsync(100)
    expect(told()).toEqual(['t1'])
    await vi.advanceTimersByTimeAsync(30_000)
    expect(told()).toEqual(['t1', 't1'])
    await vi.advanceTimersByTimeAsync(300_000)
    expect(post).toHaveBeenCalledTimes(2)
  })

  it.each([Reason.sessionExpired, Reason.sessionMissing])('ends the session though the access token is over (%s)', async (reason) => {
    post.mockResolvedValueOnce(refused('UNAUTHENTICATED', reason))
    session.exchange.mockImplementationOnce(away)
    signOut()
    await vi.waitFor(() => expect(session.exchange).toHaveBeenCalledOnce())
    await settle()
    returns.value++
    await vi.waitFor(() => expect(told()).toEqual(['t1', 't2']))
    expect(session.exchange.mock.calls).toEqual([[held], [held]])
  })

  it.each([Reason.sessionExpired, Reason.sessionReused])('is done when the refresh token is over too (%s)', async (reason) => {
    post.mockResolvedValueOnce(refused('UNAUTHENTICATED', Reason.sessionExpired))
    session.exchange.mockRejectedValue(new ApiError('', { code: 'UNAUTHENTICATED', reason }))
    signOut()
    await vi.waitFor(() => expect(session.exchange).toHaveBeenCalledOnce())
    returns.value++
    await settle()
    expect(session.exchange).toHaveBeenCalledOnce()
    expect(told()).toEqual(['t1'])
  })

  it('says nothing when there is no session', async () => {
    session.leave.mockReturnValue(null)
    signOut()
    await settle()
    expect(post).not.toHaveBeenCalled()
  })

  it('leaves nothing of the explorer in the tab', () => {
    sessionStorage.setItem('posthouse.graphiql.token', 'pasted')
    sessionStorage.setItem('graphiql:variables', '{"password":"x"}')
    sessionStorage.setItem('posthouse.clock', '0')
    signOut()
    expect(Object.keys(sessionStorage)).toEqual(['posthouse.clock'])
  })
})
