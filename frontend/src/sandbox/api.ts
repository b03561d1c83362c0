import { ApiError, Local } from '@/shared/api/errors'
import { i18n } from '@/shared/i18n/language'
import { refusalKey } from './refusal'

/** The control API (contract: /sandbox/api/), found beside the page. */
const address = (path: string): string => new URL(`api/${path}`, document.baseURI).href

/** How long a look may take, in milliseconds: a sandbox that is stopped in a debugger says nothing by itself. */
const lookPatience = 10_000
/** How long something done may take: an event is pushed up to three times, with 40 s of waiting. */
const donePatience = 60_000

/**
 * One call. body is JSON already, so that numbers in it keep their digits. Errors: `network.unreachable` when
 * nothing answered, `network.timeout` when nothing did in time, `network.bad_answer` when it was not the
 * sandbox, `sandbox.<code>` when it refused.
 */
export async function call<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: string): Promise<T> {
  const signal = AbortSignal.timeout(method === 'GET' ? lookPatience : donePatience)
  let response: Response
  let text: string
  try {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    response = await fetch(address(path), { method, headers, body: body ?? null, cache: 'no-store', credentials: 'omit', signal })
    text = await response.text()
  } catch {
    throw new ApiError('', { code: 'UNAVAILABLE', reason: signal.aborted ? Local.timeout : Local.unreachable })
  }
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw new ApiError('', { code: 'UNAVAILABLE', reason: Local.badAnswer })
  }
  if (!response.ok) throw refused(answer)
  return answer as T
}

function refused(answer: unknown): ApiError {
  const { code = '', message = '' } = (answer as { error?: { code?: string; message?: string } } | null)?.error ?? {}
  return new ApiError(i18n.global.t(refusalKey(code, message), { detail: message }), { reason: `sandbox.${code}` })
}

export const ask = <T>(path: string): Promise<T> => call<T>('GET', path)
export const send = <T>(method: 'POST' | 'PUT', path: string, body: object): Promise<T> => call<T>(method, path, JSON.stringify(body))
