import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, Reason } from '@/shared/api/errors'
import { faultyField } from './fields'
import { takeToken } from './set-up-token'

const run = vi.hoisted(() => vi.fn())
const ask = vi.hoisted(() => vi.fn())
const begin = vi.hoisted(() => vi.fn())
vi.mock('@/shared/api/client', () => ({ run, ask, forget: vi.fn() }))
vi.mock('@/shared/session/session', () => ({ session: { begin } }))

const { useSignInFlow } = await import('./sign-in-flow')
const { LoginDocument, RequestOtpDocument } = await import('@/shared/gql/graphql')

const wanted = () => new ApiError('', { code: 'UNAUTHENTICATED', reason: Reason.factorRequired, factors: ['OTP'] })
const soon = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()
const challenge = (id: string) => ({ requestOtp: { challengeId: id, channel: 'DINGTALK_GROUP', destination: '138****0001', expiresAt: soon(300), resendAt: soon(60) } })
const grant = { login: { session: { accessToken: 'a', refreshToken: 'r', expiresAt: soon(900) }, account: { id: '1', username: 'li' } } }

function answers(...list: unknown[]) {
  run.mockImplementation(() => {
    const next = list.shift()
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
  })
}
const calls = (document: unknown) => run.mock.calls.filter((call) => call[0] === document)

function flow() {
  const done = vi.fn()
  const one = useSignInFlow(done)
  one.username.value = ' li '
  one.password.value = 'secret'
  return { ...one, done }
}

beforeEach(() => {
  run.mockReset()
  begin.mockReset()
  ask.mockReset().mockResolvedValue({ viewer: { id: '1' } })
})

describe('signing in', () => {
  it('needs no code where the server wants none', async () => {
    answers(grant)
    const { submitPassword, done } = flow()
    await submitPassword()
    expect(run.mock.calls[0]?.[1]).toEqual({ input: { username: 'li', password: 'secret' } })
    expect(begin).toHaveBeenCalledWith(grant.login.session)
    expect(done).toHaveBeenCalledWith({ id: '1' })
  })

  it('asks for a code when one is wanted, and sends both', async () => {
    answers(wanted(), challenge('c1'), grant)
    const { submitPassword, submitCode, step, code, done } = flow()
    await submitPassword()
    expect(step.value).toBe('code')
    expect(done).not.toHaveBeenCalled()
    code.value = '123456'
    await submitCode()
    expect(calls(LoginDocument)[1]?.[1]).toEqual({ input: { username: 'li', password: 'secret', otp: { challengeId: 'c1', code: '123456' } } })
    expect(done).toHaveBeenCalledOnce()
  })

  it('keeps what was typed when something goes wrong', async () => {
    answers(new ApiError('密码不对', { code: 'UNAUTHENTICATED', reason: 'login.invalid_credentials' }))
    const { submitPassword, username, password, error, step } = flow()
    await submitPassword()
    expect([username.value, password.value, step.value]).toEqual([' li ', 'secret', 'password'])
    expect(error.value?.message).toBe('密码不对')
  })

  it('clears a wrong code and lets another be typed', async () => {
    answers(wanted(), challenge('c1'), new ApiError('', { code: 'UNAUTHENTICATED', reason: Reason.otpInvalid }))
    const { submitPassword, submitCode, code, step, spent } = flow()
    await submitPassword()
    code.value = '000000'
    await submitCode()
    expect([code.value, step.value, spent.value]).toEqual(['', 'code', false])
  })

  it('wants a new code when the old one is spent', async () => {
    for (const reason of [Reason.otpExpired, Reason.otpTooManyTries]) {
      answers(wanted(), challenge('c1'), new ApiError('', { code: 'UNAUTHENTICATED', reason }))
      const { submitPassword, submitCode, code, spent } = flow()
      await submitPassword()
      code.value = '000000'
      await submitCode()
      expect(spent.value).toBe(true)
    }
  })

  it('does not ask for a second code while the first is on its way', async () => {
    answers(wanted(), challenge('c1'), wanted())
    const { submitPassword, back, challenge: current } = flow()
    await submitPassword()
    back()
    await submitPassword()
    expect(calls(RequestOtpDocument)).toHaveLength(1)
    expect(current.value?.challengeId).toBe('c1')
  })

  it('asks for another person’s code at once', async () => {
    answers(wanted(), challenge('c1'), wanted(), challenge('c2'))
    const { submitPassword, back, username, challenge: current } = flow()
    await submitPassword()
    back()
    username.value = 'wang'
    await submitPassword()
    expect(current.value?.challengeId).toBe('c2')
  })

  it('does nothing twice at the same time', async () => {
    answers(grant, grant)
    const { submitPassword } = flow()
    await Promise.all([submitPassword(), submitPassword()])
    expect(run).toHaveBeenCalledTimes(1)
  })
})

describe('the set-up link', () => {
  function browser(hash: string) {
    const kept = new Map<string, string>()
    const replaceState = vi.fn()
    return {
      location: { hash, pathname: '/setup', search: '' } as Location,
      history: { state: null, replaceState } as unknown as History,
      sessionStorage: { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) } as unknown as Storage,
      replaceState,
    }
  }

  it('gives its token and leaves no trace in the address', () => {
    const window = browser('#token=abc.def')
    expect(takeToken(window)).toBe('abc.def')
    expect(window.replaceState).toHaveBeenCalledWith(null, '', '/setup')
    window.location.hash = ''
    expect(takeToken(window)).toBe('abc.def') // after a reload
  })

  it('is nothing without a token', () => {
    expect(takeToken(browser(''))).toBe('')
    expect(takeToken(browser('#other=1'))).toBe('')
  })
})

it('errors of a new account lead to their field', () => {
  expect(faultyField(new ApiError('', { reason: 'account.phone_taken' }))).toBe('phone')
  expect(faultyField(new ApiError('', { reason: 'query.invalid', fields: { password: 'x' } }))).toBe('password')
  expect(faultyField(new ApiError('', { reason: 'rate.limited', fields: { other: 'x' } }))).toBeNull()
})
