import { watch } from 'vue'
import { ask } from '@/shared/api/client'
import { isSignedOut } from '@/shared/api/errors'
import { ViewerDocument } from '@/shared/gql/graphql'
import { connection } from '@/shared/live/connection'
import { session } from '@/shared/session/session'

let booting: Promise<void> | null = null

/** Finds out who is signed in, however long the server takes to be there. */
export function boot(): Promise<void> {
  return (booting ??= identify())
}

async function identify(): Promise<void> {
  while (session.held) {
    try {
      session.identify((await ask(ViewerDocument, {})).viewer)
      return
    } catch (error) {
      if (isSignedOut(error) || !session.held) session.end()
      else await nextReturn()
    }
  }
}

function nextReturn(): Promise<void> {
  return new Promise((resolve) => {
    const stop = watch(connection.returns, () => {
      clearTimeout(timer)
      stop()
      resolve()
    })
    // An error that is not the connection's, such as a server that is still starting.
    const timer = setTimeout(() => {
      stop()
      resolve()
    }, 5_000)
  })
}

/** Asks anew what the person may do: the server has just refused something. */
export async function recheck(): Promise<void> {
  try {
    session.identify((await ask(ViewerDocument, {})).viewer)
  } catch {
    // The refusal stands on the page already.
  }
}
