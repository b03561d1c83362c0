import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit'
import { createClient, type Client } from 'graphql-ws'
import { apiAddress, socketAddress } from './address'
import { headersOf, tokenIn, type Access } from './access'
import type { Language } from './texts'

export interface Transport {
  fetcher: Fetcher
  /** Ends the socket, so that the next one introduces itself anew. */
  close(): void
}

/** Sends operations over HTTP and subscriptions over WebSocket, with the token of the moment. */
export function openTransport(access: Access, language: () => Language, granted: (token: string) => void): Transport {
  const client: Client = createClient({
    url: socketAddress(),
    lazy: true,
    connectionParams: async () => ({ ...headersOf(await access.token()) }),
    retryAttempts: 3,
  })
  const send: typeof fetch = async (address, init) => {
    const headers = new Headers(init?.headers)
    headers.set('accept-language', language())
    for (const [name, value] of Object.entries(headersOf(await access.token()))) {
      if (!headers.has(name)) headers.set(name, value) // what the person wrote into the headers editor goes first
    }
    const response = await fetch(address, { ...init, headers })
    const copy = response.clone()
    copy.json().then(
      (answer: unknown) => {
        const token = tokenIn(answer)
        if (token) granted(token)
      },
      () => undefined, // not JSON: the page shows it as it is
    )
    return response
  }
  return {
    fetcher: createGraphiQLFetcher({ url: apiAddress, wsClient: client, fetch: send, enableIncrementalDelivery: false }),
    close: () => client.terminate(),
  }
}

export interface Who {
  username: string | null
  roles: string[]
}

/** Who the token belongs to; null for nobody, 'ended' for one that is no longer good. */
export async function whoIs(token: string): Promise<Who | null | 'ended' | 'unreachable'> {
  if (!token) return null
  try {
    const response = await fetch(apiAddress, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headersOf(token) },
      body: JSON.stringify({ query: '{ viewer { username roles } }' }),
    })
    const answer = (await response.json()) as { data?: { viewer?: Who } | null }
    return answer.data?.viewer ?? 'ended'
  } catch {
    return 'unreachable'
  }
}
