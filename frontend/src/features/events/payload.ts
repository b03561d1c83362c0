import { print } from 'graphql'
import { fromGraphQL, toApiError } from '@/shared/api/errors'
import { authorizedFetch } from '@/shared/api/client'
import { CallbackEventPayloadDocument } from '@/shared/gql/graphql'

const text = print(CallbackEventPayloadDocument)

/**
 * The payload of one event as indented lines. It is not parsed into numbers and back: DingTalk has ids
 * beyond what JavaScript can count, and a log must show what came. Null when the event is no longer kept.
 */
export async function fetchPayload(id: string, signal?: AbortSignal): Promise<string[] | null> {
  let answer: string
  try {
    const body = JSON.stringify({ query: text, operationName: 'CallbackEventPayload', variables: { id } })
    answer = await (await authorizedFetch('', { body, signal })).text()
  } catch (cause) {
    if (cause instanceof DOMException) throw cause
    throw toApiError(cause)
  }
  const whole = JSON.parse(answer) as { data?: { node?: object | null } | null; errors?: { message: string }[] }
  if (whole.errors?.length) throw fromGraphQL(whole.errors)
  if (!whole.data?.node) return null
  const raw = rawValue(answer, ['data', 'node', 'payload'])
  return raw === null ? null : indent(raw)
}

/** The text of the value at a path in a JSON text, untouched. Null when there is none. */
export function rawValue(json: string, path: readonly string[]): string | null {
  let at = skipBlanks(json, 0)
  for (const key of path) {
    const found = memberAt(json, at, key)
    if (found < 0) return null
    at = found
  }
  return json.slice(at, skipValue(json, at))
}

function memberAt(json: string, at: number, wanted: string): number {
  if (json[at] !== '{') return -1
  at = skipBlanks(json, at + 1)
  while (json[at] === '"') {
    const end = skipString(json, at)
    const key = JSON.parse(json.slice(at, end)) as string
    at = skipBlanks(json, skipBlanks(json, end) + 1) // past the colon
    if (key === wanted) return at
    at = skipBlanks(json, skipValue(json, at))
    if (json[at] === ',') at = skipBlanks(json, at + 1)
  }
  return -1
}

function skipBlanks(json: string, at: number): number {
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\t' || json[at] === '\r') at++
  return at
}

function skipString(json: string, at: number): number {
  for (at++; at < json.length && json[at] !== '"'; at++) if (json[at] === '\\') at++
  return at + 1
}

function skipValue(json: string, at: number): number {
  if (json[at] === '"') return skipString(json, at)
  if (json[at] !== '{' && json[at] !== '[') {
    while (at < json.length && !/[\s,\]}]/.test(json[at]!)) at++
    return at
  }
  let depth = 0
  while (at < json.length) {
    const c = json[at]!
    if (c === '"') {
      at = skipString(json, at)
      continue
    }
    if (c === '{' || c === '[') depth++
    if (c === '}' || c === ']') depth--
    at++
    if (depth === 0) break
  }
  return at
}

// A line longer than this is cut into several, so that drawing one never takes long.
const longestLine = 4_000

/** JSON text as indented lines; numbers and strings stay as they were written. */
export function indent(json: string): string[] {
  const lines: string[] = []
  let line = ''
  let depth = 0
  const end = () => {
    for (let at = 0; at < line.length || at === 0; at += longestLine) lines.push(line.slice(at, at + longestLine))
    line = '  '.repeat(depth)
  }
  for (let at = skipBlanks(json, 0); at < json.length; ) {
    const c = json[at]!
    if (c === '"') {
      const after = skipString(json, at)
      line += json.slice(at, after)
      at = after
    } else if (c === '{' || c === '[') {
      const next = skipBlanks(json, at + 1)
      if (json[next] === '}' || json[next] === ']') {
        line += c + json[next]
        at = next + 1
      } else {
        line += c
        depth++
        end()
        at++
      }
    } else if (c === '}' || c === ']') {
      depth = Math.max(0, depth - 1)
      end()
      line += c
      at++
    } else if (c === ',') {
      line += c
      end()
      at++
    } else if (c === ':') {
      line += ': '
      at++
    } else {
      line += c
      at++
    }
    at = skipBlanks(json, at)
  }
  end()
  return lines
}
