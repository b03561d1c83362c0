import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { ask } from '@/shared/api/client'
import { toApiError, type ApiError } from '@/shared/api/errors'
import {
  CallbackEventsDocument,
  RecentCallbackEventsDocument,
  type CallbackEventFilter,
  type CallbackEventsSubscription,
  type CallbackEventsSubscriptionVariables,
} from '@/shared/gql/graphql'
import { useFeed } from '@/shared/live/use-feed'
import { Tail, type EventRow } from './tail'

const firstPage = 100
const olderPage = 200

/**
 * The event log as a page reads it: the newest first, older ones on demand, and everything that comes,
 * from the newest cursor on, so that nothing falls between the two.
 */
export function useEvents(filter: () => CallbackEventFilter | null) {
  const tail = new Tail()
  const loading = ref(true)
  const loadingOlder = ref(false)
  const hasOlder = ref(false)
  const error = shallowRef<ApiError | null>(null)
  let run = 0
  // Without a cursor a subscription tells only what comes: what came just before it began must be asked for.
  let blind = false

  const feed = useFeed<CallbackEventsSubscription, CallbackEventsSubscriptionVariables, EventRow>({
    document: CallbackEventsDocument,
    variables: () => ({ filter: filter() }),
    pick: (data) => data.callbackEvents,
    onItems: (events) => tail.add(events),
    onNotice: (notice) => tail.note(notice),
  })

  /** Begins anew, for instance with another filter. */
  async function start(): Promise<void> {
    const mine = ++run
    feed.stop()
    tail.clear()
    loading.value = true
    error.value = null
    try {
      const { recentCallbackEvents: page } = await ask(RecentCallbackEventsDocument, { filter: filter(), first: firstPage, after: null })
      if (mine !== run) return
      tail.addOlder(page.nodes)
      hasOlder.value = page.pageInfo.hasNextPage
      const newest = page.nodes[0]?.cursor ?? null
      blind = newest === null
      feed.start(newest)
    } catch (cause) {
      if (mine === run) error.value = toApiError(cause)
    } finally {
      if (mine === run) loading.value = false
    }
  }

  watch(feed.state, (state) => {
    if (state === 'live' && blind) {
      blind = false
      void catchUp()
    } else if (state === 'waiting' && feed.cursor() === null) blind = true
  })

  async function catchUp(): Promise<void> {
    const mine = run
    try {
      const { recentCallbackEvents: page } = await ask(RecentCallbackEventsDocument, { filter: filter(), first: firstPage, after: null })
      if (mine !== run) return
      tail.addOlder(page.nodes.filter((event) => !tail.has(event.id)))
      hasOlder.value = page.pageInfo.hasNextPage
    } catch {
      blind = true // asked again when the feed is live anew
    }
  }

  async function older(): Promise<void> {
    const oldest = tail.oldest
    if (!oldest || loadingOlder.value || !hasOlder.value || tail.full) return
    const mine = run
    loadingOlder.value = true
    try {
      const { recentCallbackEvents: page } = await ask(RecentCallbackEventsDocument, { filter: filter(), first: olderPage, after: oldest.cursor })
      if (mine !== run) return
      tail.addOlder(page.nodes)
      hasOlder.value = page.pageInfo.hasNextPage
    } catch {
      // The banner tells of a lost connection; scrolling on asks again.
    } finally {
      loadingOlder.value = false
    }
  }

  onScopeDispose(() => run++)
  void start()

  return { tail, feed, loading, loadingOlder, hasOlder, error, start, older }
}
