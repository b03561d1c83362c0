import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ref } from 'vue'
import { ApiError, Local } from '@/shared/api/errors'

const order: string[] = []
const returns = ref(0)
const post = vi.hoisted(() => vi.fn())
const session = vi.hoisted(() => ({ token: vi.fn(), leave: vi.fn() }))
vi.mock('@/shared/api/transport', () => ({ post }))
vi.mock('@/shared/api/client', () => ({ forget: () => order.push('forget') }))
vi.mock('@/shared/live/socket', () => ({ closeSocket: () => order.push('close') }))
vi.mock('@/shared/live/connection', () => ({ connection: { returns } }))
vi.mock('@/shared/session/session', () => ({ session }))

const { signOut } = await import('./sign-out')

const away = () => Promise.reject(new ApiError('', { reason: Local.timeout }))

beforeEach(() => {
  order.length = 0
  post.mockReset()
  sessionStorage.clear()
  session.token.mockReset().mockResolvedValue('t1')
  session.leave.mockReset().mockImplementation(() => void order.push('leave'))
})

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
    post.mockImplementationOnce(away).mockResolvedValueOnce({ status: 200, text: '{}' })
    signOut()
    await vi.waitFor(() => expect(post).toHaveBeenCalledOnce())
    await Promise.resolve()
    expect(post).toHaveBeenCalledOnce()
    returns.value++
    await vi.waitFor(() => expect(post).toHaveBeenCalledTimes(2))
    returns.value++
    await new Promise((resolve) => setTimeout(resolve))
    expect(post).toHaveBeenCalledTimes(2)
  })

  it('leaves nothing of the explorer in the tab', () => {
    sessionStorage.setItem('posthouse.graphiql.token', 'pasted')
    sessionStorage.setItem('graphiql:variables', '{"password":"x"}')
    sessionStorage.setItem('posthouse.clock', '0')
    signOut()
    expect(Object.keys(sessionStorage)).toEqual(['posthouse.clock'])
  })
})
