import { useI18n } from 'vue-i18n'
import { onScopeDispose, ref } from 'vue'
import { type ApiError, isForbidden, isSignedOut, isUnreachable, Local, waitLeft } from '../api/errors'

/** What to tell a person about an error: what happened and what to do. */
export function useProblem() {
  const { t } = useI18n()
  // Waits are counted down before the reader's eyes.
  const tick = ref(0)
  const timer = setInterval(() => tick.value++, 1000)
  onScopeDispose(() => clearInterval(timer))

  function sentence(error: ApiError): string {
    switch (error.reason) {
      case Local.unreachable:
        return t('shared.problem.unreachable')
      case Local.timeout:
        return t('shared.problem.timeout')
      case Local.badAnswer:
        return t('shared.problem.badAnswer')
      case Local.unexpected:
        return t('shared.problem.unexpected', { detail: error.message })
      default:
        return error.message || t('shared.problem.unexpected', { detail: error.reason || error.code })
    }
  }

  function advice(error: ApiError): string {
    if (isUnreachable(error)) return t('shared.problem.advice.unreachable')
    if (isSignedOut(error)) return t('shared.problem.advice.signIn')
    // Other refusals, such as a set-up link's, say themselves what helps.
    if (isForbidden(error)) return error.reason === 'authz.forbidden' ? t('shared.problem.advice.forbidden') : ''
    if (error.retryAfter > 0) {
      void tick.value
      const seconds = waitLeft(error)
      return seconds > 0 ? t('shared.problem.advice.wait', { seconds }) : t('shared.problem.advice.again')
    }
    if (error.code === 'INTERNAL') return t('shared.problem.advice.internal')
    return ''
  }

  return { sentence, advice }
}
