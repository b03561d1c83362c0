import { createClient, type Client } from 'graphql-ws'
import { print, type DocumentNode } from 'graphql'
import { ref } from 'vue'
import { socketAddress } from '../base'
import { session } from '../session/session'

// One socket carries every subscription of the tab. It never reconnects by itself: what follows a lost
// connection must begin after the last cursor, which only the feed knows (feed.ts).

const pingEvery = 15_000
const pongWithin = 8_000

export const socketOpen = ref(false)

let client: Client | null = null

function create(): Client {
  let pong: ReturnType<typeof setTimeout> | undefined
  let socket: WebSocket | undefined
  return createClient({
    url: socketAddress(),
    lazy: true,
    lazyCloseTimeout: 3_000,
    retryAttempts: 0,
    keepAlive: pingEvery,
    connectionAckWaitTimeout: 10_000,
    connectionParams: async () => {
      const token = await session.token()
      return token ? { authorization: `Bearer ${token}` } : {}
    },
    on: {
      opened: (opened) => (socket = opened as WebSocket),
      connected: () => (socketOpen.value = true),
      closed: () => {
        clearTimeout(pong)
        socketOpen.value = false
      },
      ping: (received) => {
        // A peer that does not answer is gone, even when the network does not say so.
        if (!received) pong = setTimeout(() => socket?.close(4408, 'no pong'), pongWithin)
      },
      pong: (received) => {
        if (received) clearTimeout(pong)
      },
    },
  })
}

export interface Sink<D> {
  next(data: D): void
  /** A refusal (an array of GraphQL errors), a lost connection (a close event), or what else happened. */
  error(cause: unknown): void
  complete(): void
}

/** Starts a subscription; the result ends it. */
export function subscribe<D>(document: DocumentNode, variables: Record<string, unknown>, sink: Sink<D>): () => void {
  client ??= create()
  return client.subscribe<D, Record<string, unknown>>(
    { query: print(document), variables },
    {
      next: (result) => {
        if (result.errors?.length) sink.error(result.errors)
        else if (result.data) sink.next(result.data as D)
      },
      error: (cause) => sink.error(cause),
      complete: () => sink.complete(),
    },
  )
}

/** Closes the socket, for whoever signs in next must not use it. */
export function closeSocket(): void {
  const old = client
  client = null
  socketOpen.value = false
  void old?.dispose()
}
