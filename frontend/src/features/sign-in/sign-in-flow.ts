import { computed, ref, shallowRef } from 'vue'
import { ask, run } from '@/shared/api/client'
import { ApiError, Reason, toApiError } from '@/shared/api/errors'
import { clock } from '@/shared/clock'
import { LoginDocument, RequestOtpDocument, ViewerDocument, type LoginMutation, type RequestOtpMutation } from '@/shared/gql/graphql'
import { session, type Viewer } from '@/shared/session/session'

type Challenge = RequestOtpMutation['requestOtp']

/**
 * Signing in, step by step: the password first, then a code when the server wants one. What was typed
 * stays until it is replaced. `done` is called with the account once the tokens are kept.
 */
export function useSignInFlow(done: (account: Viewer) => void | Promise<void>) {
  const username = ref('')
  const password = ref('')
  const code = ref('')
  const step = ref<'password' | 'code'>('password')
  const challenge = shallowRef<Challenge | null>(null)
  const busy = ref(false)
  const error = shallowRef<ApiError | null>(null)
  let challenged = '' // the username the challenge is for

  async function attempt(act: () => Promise<void>): Promise<void> {
    if (busy.value) return
    busy.value = true
    error.value = null
    try {
      await act()
    } catch (cause) {
      error.value = toApiError(cause)
    } finally {
      busy.value = false
    }
  }

  const submitPassword = () =>
    attempt(async () => {
      try {
        await finish(await run(LoginDocument, { input: { username: username.value.trim(), password: password.value } }))
      } catch (cause) {
        const refusal = toApiError(cause)
        if (refusal.reason !== Reason.factorRequired || !refusal.factors.includes('OTP')) throw refusal
        await requestCode()
        step.value = 'code'
      }
    })

  async function requestCode(): Promise<void> {
    const name = username.value.trim()
    if (challenge.value && challenged === name && clock.now() < Date.parse(challenge.value.resendAt)) return // it is still on its way
    challenge.value = (await run(RequestOtpDocument, { input: { username: name } })).requestOtp
    challenged = name
    code.value = ''
  }

  const resend = () => attempt(requestCode)

  const submitCode = () =>
    attempt(async () => {
      const challengeId = challenge.value?.challengeId ?? ''
      const input = { username: username.value.trim(), password: password.value, otp: { challengeId, code: code.value.trim() } }
      try {
        await finish(await run(LoginDocument, { input }))
      } catch (cause) {
        const refusal = toApiError(cause)
        if (refusal.code === 'UNAUTHENTICATED' || refusal.reason === Reason.otpTooManyTries) code.value = ''
        if (refusal.reason === 'login.invalid_credentials') back()
        throw refusal
      }
    })

  async function finish(payload: LoginMutation): Promise<void> {
    session.begin(payload.login.session)
    const { viewer } = await ask(ViewerDocument, {})
    await done(viewer)
    password.value = ''
    code.value = ''
    challenge.value = null
    step.value = 'password'
  }

  function back(): void {
    step.value = 'password'
    code.value = ''
    error.value = null
  }

  /** Whether the code at hand cannot be used any more, so that only a new one helps. */
  const spent = computed(() => error.value?.reason === Reason.otpExpired || error.value?.reason === Reason.otpTooManyTries)

  return { username, password, code, step, challenge, busy, error, spent, submitPassword, submitCode, resend, back }
}
