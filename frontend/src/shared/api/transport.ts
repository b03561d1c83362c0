import { address } from '../base'
import { clock } from '../clock'
import { ApiError, Local } from './errors'

/** How the answers of the server bear on the rest of the app. */
export interface Listener {
  reached(): void
  unreachable(): void
}

const listeners: Listener[] = []

/** Hears of every answer and of every failure to get one. */
export function listen(listener: Listener): void {
  listeners.push(listener)
}

export interface Answer {
  status: number
  text: string
}

/** How long an answer may take to begin: servers that hang and networks that swallow say nothing by themselves. */
export const patience = 15_000
// From there on something does come; a large payload over a thin line takes its time.
const transfer = 60_000

/**
 * Posts one GraphQL request. Errors: `network.unreachable` when nothing answered, `network.timeout` when
 * nothing did within the limit (milliseconds), so that it may have been carried out all the same,
 * `network.bad_answer` when what answered was not the server (a proxy's page). A refusal by the server is
 * an answer. Nothing is sent a second time.
 */
export async function post(body: BodyInit, token: string | null, language: string, signal?: AbortSignal | null, limit = patience): Promise<Answer> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-language': language,
    'content-type': 'application/json',
  }
  if (token) headers.authorization = `Bearer ${token}`
  let response: Response
  let text: string
  const watched = new AbortController()
  let late = false
  const give = (time: number) =>
    setTimeout(() => {
      late = true
      watched.abort()
    }, time)
  const abort = () => watched.abort()
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  let timer = give(limit)
  try {
    // We set no cookies, but what stands before the server may: a proxy with a sign-in of its own, the desktop window's door.
    response = await fetch(address('graphql'), { method: 'POST', headers, body, signal: watched.signal, credentials: 'same-origin', cache: 'no-store' })
    clearTimeout(timer)
    timer = give(transfer)
    text = await response.text()
  } catch (cause) {
    if (signal?.aborted && !late) throw cause
    for (const one of listeners) one.unreachable()
    throw new ApiError('', { code: 'UNAVAILABLE', reason: late ? Local.timeout : Local.unreachable })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
  if (!looksLikeJSON(text)) {
    for (const one of listeners) one.unreachable()
    throw new ApiError('', { code: 'UNAVAILABLE', reason: Local.badAnswer })
  }
  clock.observe(response.headers.get('date'))
  for (const one of listeners) one.reached()
  return { status: response.status, text }
}

const looksLikeJSON = (text: string): boolean => /^\s*[[{]/.test(text)
