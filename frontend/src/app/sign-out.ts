import { print } from 'graphql'
import { watch } from 'vue'
import { forget } from '@/shared/api/client'
import { isUnreachable } from '@/shared/api/errors'
import { post } from '@/shared/api/transport'
import { LogoutDocument } from '@/shared/gql/graphql'
import { currentLanguage } from '@/shared/i18n/language'
import { connection } from '@/shared/live/connection'
import { closeSocket } from '@/shared/live/socket'
import { session } from '@/shared/session/session'

/** What the GraphQL explorer keeps in the tab: a pasted token, and operations with what was filled in. */
const explorer = ['posthouse.graphiql.', 'graphiql:']

/**
 * Ends the session here at once, whatever the server does, and leaves nothing of the person in the tab. The
 * server is told in the background; when it is away, as soon as it is back, as long as the tab is open.
 */
export function signOut(): void {
  const token = session.token() // read before it is forgotten
  session.leave()
  closeSocket()
  forget()
  forgetExplorer()
  void token.then((held) => (held ? tell(held) : undefined)).catch(() => undefined) // there was no session to end
}

async function tell(token: string): Promise<void> {
  const body = JSON.stringify({ query: print(LogoutDocument), operationName: 'Logout', variables: {} })
  for (;;) {
    const back = nextReturn()
    try {
      await post(body, token, currentLanguage())
      back.cancel()
      return // a refusal means that the session is over too
    } catch (error) {
      if (!isUnreachable(error)) return back.cancel()
    }
    await back.came
  }
}

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
