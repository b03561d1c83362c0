import { useI18n } from 'vue-i18n'
import { type ApiError, isForbidden, isSignedOut, Local } from '../api/errors'

/** What to tell a person about an error: what happened and what to do. */
export function useProblem() {
  const { t } = useI18n()

  function sentence(error: ApiError): string {
    switch (error.reason) {
      case Local.unreachable:
        return t('shared.problem.unreachable')
      case Local.badAnswer:
        return t('shared.problem.badAnswer')
      case Local.unexpected:
        return t('shared.problem.unexpected', { detail: error.message })
      default:
        return error.message || t('shared.problem.unexpected', { detail: error.reason || error.code })
    }
  }

  function advice(error: ApiError): string {
    if (error.reason === Local.unreachable || error.reason === Local.badAnswer) return t('shared.problem.advice.unreachable')
    if (isSignedOut(error)) return t('shared.problem.advice.signIn')
    if (isForbidden(error)) return t('shared.problem.advice.forbidden')
    if (error.retryAfter > 0) return t('shared.problem.advice.wait', { seconds: error.retryAfter })
    if (error.code === 'INTERNAL') return t('shared.problem.advice.internal')
    return ''
  }

  return { sentence, advice }
}
