import { cacheExchange, Client, fetchExchange, type AnyVariables, type Exchange, type TypedDocumentNode } from '@urql/vue'
import { shallowRef } from 'vue'
import { currentLanguage } from '../i18n/language'
import { session } from '../session/session'
import { address } from '../base'
import { fromGraphQL, isSignedOut, toApiError } from './errors'
import { post } from './transport'

/**
 * What urql calls to fetch: adds the token, and when the server says that the session has expired,
 * refreshes it once and asks again. A second refusal is the page's to show; the sign-in opens over it.
 */
export async function authorizedFetch(_: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const body = init?.body ?? ''
  const token = await session.token().catch((error: unknown) => {
    if (isSignedOut(error)) return null // asked without one, the server gives the reason
    throw error
  })
  let answer = await post(body, token, currentLanguage(), init?.signal)
  let refusal = refusalIn(answer.text)
  if (refusal && token) {
    const next = await session.renew(token).catch((error: unknown) => {
      if (isSignedOut(error)) return null
      throw error
    })
    if (next && next !== token) {
      answer = await post(body, next, currentLanguage(), init?.signal)
      refusal = refusalIn(answer.text)
    }
  }
  if (refusal) session.interrupt(refusal)
  if (answer.text.includes('"code":"FORBIDDEN"')) session.doubt()
  return new Response(answer.text, { status: answer.status, headers: { 'content-type': 'application/json' } })
}

// Answers may be large, so they are parsed here only when they can hold the reason looked for.
function refusalIn(text: string) {
  if (!text.includes('"session.')) return null
  const { errors } = JSON.parse(text) as { errors?: { message: string; extensions?: Record<string, unknown> }[] }
  if (!errors?.length) return null
  const error = fromGraphQL(errors)
  return isSignedOut(error) ? error : null
}

const create = (exchanges: Exchange[]) =>
  new Client({
    url: address('graphql'),
    exchanges,
    fetch: authorizedFetch,
    requestPolicy: 'cache-and-network',
    preferGetMethod: false,
  })

const withCache = () => create([cacheExchange, fetchExchange])

/** The client of the person signed in. */
export const client = shallowRef(withCache())

// For what is asked once: a cache keeps every answer until the page is left, asked "network-only" or not, and
// reading through a log would pile all of it up.
let asking = create([fetchExchange])

/** Drops everything cached or under way: what one person read is not for the next. */
export function forget(): void {
  client.value = withCache()
  asking = create([fetchExchange])
}

/** Asks once, past the cache: nothing is read from it nor written to it. Throws an ApiError. */
export async function ask<D, V extends AnyVariables>(document: TypedDocumentNode<D, V>, variables: V): Promise<D> {
  const result = await asking.query(document, variables, { requestPolicy: 'network-only' }).toPromise()
  return unwrap(result)
}

/** Runs a mutation. Throws an ApiError. */
export async function run<D, V extends AnyVariables>(document: TypedDocumentNode<D, V>, variables: V): Promise<D> {
  const result = await client.value.mutation(document, variables).toPromise()
  return unwrap(result)
}

function unwrap<D>(result: { data?: D; error?: unknown }): D {
  if (result.error) throw toApiError(result.error)
  if (result.data === undefined || result.data === null) throw toApiError(new Error('empty answer'))
  return result.data
}
