import { print } from 'graphql'
import { watch } from 'vue'
import { forget } from '@/shared/api/client'
import { fromGraphQL, isPassing, isSignedOut, isUnreachable, type ApiError } from '@/shared/api/errors'
import { post } from '@/shared/api/transport'
import { LogoutDocument, type LogoutMutation } from '@/shared/gql/graphql'
import { currentLanguage } from '@/shared/i18n/language'
import { backoff } from '@/shared/live/backoff'
import { connection } from '@/shared/live/connection'
import { closeSocket } from '@/shared/live/socket'
import { session } from '@/shared/session/session'
import type { Tokens } from '@/shared/session/tokens'

/** What the GraphQL explorer keeps in the tab: a pasted token, and operations with what was filled in. */
const explorer = ['posthouse.graphiql.', 'graphiql:']

/**
 * Ends the session here at once, whatever the server does, and leaves nothing of the person in the tab. The
 * server is told in the background: now, or as soon as it is there and takes it, as long as the tab is open.
 */
export function signOut(): void {
  const held = session.leave()
  closeSocket()
  forget()
  forgetExplorer()
  if (held) void tell(held).catch(() => undefined) // refused for good: what is left runs out by itself
}

async function tell(held: Tokens): Promise<void> {
  try {
    await insist(() => logOut(held.accessToken))
  } catch (error) {
    if (!isSignedOut(error)) throw error
    // Only the access token is known to be over. The session lives as long as its refresh token can be
    // exchanged; once that is refused too, there is nothing left to end.
    const next = await insist(() => session.exchange(held))
    await insist(() => logOut(next.accessToken))
  }
}

async function logOut(token: string): Promise<void> {
  const answer = await post(request, token, currentLanguage())
  const { data, errors } = JSON.parse(answer.text) as { data?: LogoutMutation | null; errors?: { message: string }[] }
  if (errors?.length || !data) throw fromGraphQL(errors ?? [])
}

const request = JSON.stringify({ query: print(LogoutDocument), operationName: 'Logout', variables: {} })

/** Repeats what failed only for now: after the server's return, or after the time that it asked for. */
async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    const back = nextReturn()
    try {
      return await act()
    } catch (error) {
      if (!isPassing(error)) throw error
      if (isUnreachable(error)) await back.came
      else await pause(Math.max((error as ApiError).retryAfter * 1000, backoff(tries)))
    } finally {
      back.cancel()
    }
  }
}

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time))

// Begun before the request is sent: the server may be back before its failure was noticed.
function nextReturn() {
  let cancel = () => {}
  const came = new Promise<void>((resolve) => {
    cancel = watch(connection.returns, () => {
      cancel()
      resolve()
    })
  })
  return { came, cancel: () => cancel() }
}

function forgetExplorer(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (explorer.some((prefix) => key.startsWith(prefix))) sessionStorage.removeItem(key)
  } catch {
    // Storage is forbidden: then nothing was kept either.
  }
}
