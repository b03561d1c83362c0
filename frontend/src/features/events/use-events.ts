import { onScopeDispose, ref, shallowRef } from 'vue'
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
 * from where the log ended when it was read, so that nothing falls between the two.
 */
export function useEvents(filter: () => CallbackEventFilter | null) {
  const tail = new Tail()
  const loading = ref(true)
  const loadingOlder = ref(false)
  const hasOlder = ref(false)
  const error = shallowRef<ApiError | null>(null)
  let run = 0

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
      feed.start(page.newest)
    } catch (cause) {
      if (mine === run) error.value = toApiError(cause)
    } finally {
      if (mine === run) loading.value = false
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
