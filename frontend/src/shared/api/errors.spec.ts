import { describe, expect, it } from 'vitest'
import { ApiError, isForbidden, isPassing, isSignedOut, Local, toApiError } from './errors'

const answer = (extensions: Record<string, unknown>) => ({ graphQLErrors: [{ message: '不行', extensions }] })

describe('errors', () => {
  it('carry what the server says', () => {
    const error = toApiError(answer({ code: 'RATE_LIMITED', reason: 'otp.cooldown', retryAfter: 31, requestId: 'r1', fields: { username: 'x' }, factors: ['OTP'] }))
    expect(error).toMatchObject({ message: '不行', code: 'RATE_LIMITED', reason: 'otp.cooldown', retryAfter: 31, requestId: 'r1', fields: { username: 'x' }, factors: ['OTP'] })
    expect(isPassing(error)).toBe(true)
  })

  it('are told apart by reason and code, never by text', () => {
    expect(isSignedOut(toApiError(answer({ code: 'UNAUTHENTICATED', reason: 'session.expired' })))).toBe(true)
    expect(isSignedOut(toApiError(answer({ code: 'UNAUTHENTICATED', reason: 'otp.invalid' })))).toBe(false)
    expect(isForbidden(toApiError(answer({ code: 'FORBIDDEN', reason: 'account.suspended' })))).toBe(true)
    expect(isSignedOut(new Error('session.expired'))).toBe(false)
  })

  it('are local when nothing answered, or nothing that makes sense', () => {
    expect(toApiError({ graphQLErrors: [], networkError: new TypeError('fetch failed') }).reason).toBe(Local.unreachable)
    expect(toApiError({ networkError: new ApiError('', { reason: Local.badAnswer }) }).reason).toBe(Local.badAnswer)
    expect(toApiError('?').reason).toBe(Local.unexpected)
  })

  it('survive extensions of any shape', () => {
    for (const extensions of [{}, { code: 7, reason: null, fields: [], factors: 'OTP', retryAfter: '5' }]) {
      expect(toApiError(answer(extensions))).toMatchObject({ code: '', reason: '', retryAfter: 0, factors: [] })
    }
  })
})
