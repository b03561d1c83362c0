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

/**
 * Posts one GraphQL request. Errors: `network.unreachable` when nothing answered, `network.bad_answer`
 * when what answered was not the server (a proxy's page). A refusal by the server is an answer.
 */
export async function post(body: BodyInit, token: string | null, language: string, signal?: AbortSignal | null): Promise<Answer> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-language': language,
    'content-type': 'application/json',
  }
  if (token) headers.authorization = `Bearer ${token}`
  let response: Response
  let text: string
  try {
    // We set no cookies, but what stands before the server may: a proxy with a sign-in of its own, the desktop window's door.
    response = await fetch(address('graphql'), { method: 'POST', headers, body, signal, credentials: 'same-origin', cache: 'no-store' })
    text = await response.text()
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    for (const one of listeners) one.unreachable()
    throw new ApiError('', { code: 'UNAVAILABLE', reason: Local.unreachable })
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
