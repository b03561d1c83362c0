import type { TypedDocumentNode } from '@urql/vue'
import { onScopeDispose, watch } from 'vue'
import { clock } from '../clock'
import { session } from '../session/session'
import { connection } from './connection'
import { createFeed, type FeedItem, type Notice } from './feed'
import { socketOpen, subscribe } from './socket'

/**
 * A feed that lives as long as the component. pick gives the feed's field in the subscription's data;
 * variables, apart from `after`, are read at each beginning.
 */
export function useFeed<D, V extends { after?: string | null }, T extends FeedItem>(options: {
  document: TypedDocumentNode<D, V>
  variables: () => Omit<V, 'after'>
  pick: (data: D) => FeedItem
  onItems: (items: T[]) => void
  onNotice?: (notice: Notice) => void
}) {
  const feed = createFeed<T>({
    open: (after, sink) => {
      const end = subscribe<D>(options.document, { ...options.variables(), after }, { ...sink, next: (data) => sink.next(options.pick(data)) })
      if (socketOpen.value) queueMicrotask(() => feed.connected())
      return end
    },
    onItems: options.onItems,
    onNotice: options.onNotice ?? (() => {}),
    now: () => clock.now(), // notices stand among events that the server dated
    renew: async () => {
      const token = await session.token()
      return token ? session.renew(token) : Promise.reject(new Error('nobody is signed in'))
    },
  })
  watch(socketOpen, (open) => {
    if (open) feed.connected()
  })
  // A page that only listens learns of a lost server from its socket; each time, because a server that
  // is ending may still answer the first question.
  watch(feed.state, (state) => {
    if (state === 'waiting') void connection.check()
  })
  watch(connection.returns, () => feed.hurry())
  // Signed in anew: what the old session was refused may be had again.
  watch(session.renewed, () => {
    if (feed.error.value) feed.start(feed.cursor())
  })
  onScopeDispose(feed.stop)
  return feed
}
