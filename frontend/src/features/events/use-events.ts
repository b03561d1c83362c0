import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { ask } from '@/shared/api/client'
import { isPassing, isSignedOut, isUnreachable, toApiError, waitLeft, type ApiError } from '@/shared/api/errors'
import {
  CallbackEventsDocument,
  NewerCallbackEventsDocument,
  RecentCallbackEventsDocument,
  type CallbackEventFilter,
  type CallbackEventsSubscription,
  type CallbackEventsSubscriptionVariables,
} from '@/shared/gql/graphql'
import { useFeed } from '@/shared/live/use-feed'
import { Tail, type EventRow } from './tail'

const firstPage = 100
const furtherPage = 200

/**
 * The event log as a page reads it: the newest first, older ones on demand, and everything that comes,
 * from where the log ended when it was read, so that nothing falls between the two. Who reads on beyond
 * what is kept reads the history: the feed rests, and the log is gone through in both directions, until its
 * end is reached and the feed goes on from there.
 */
export function useEvents(filter: () => CallbackEventFilter | null) {
  const tail = new Tail()
  const loading = ref(true)
  const further = ref(false) // older or newer ones are on their way
  const more = ref(false)
  const hasOlder = computed(() => more.value || tail.view.cut)
  const error = shallowRef<ApiError | null>(null)
  /** Why reading on was refused. */
  const refusal = shallowRef<ApiError | null>(null)
  let run = 0

  const feed = useFeed<CallbackEventsSubscription, CallbackEventsSubscriptionVariables, EventRow>({
    document: CallbackEventsDocument,
    variables: () => ({ filter: filter() }),
    pick: (data) => data.callbackEvents,
    onItems: (events) => tail.add(events),
    onNotice: (notice) => tail.note(notice),
  })

  /** Begins anew with the newest, for instance with another filter. */
  async function start(): Promise<void> {
    await anew(async (mine) => {
      const { recentCallbackEvents: page } = await ask(RecentCallbackEventsDocument, { filter: filter(), first: firstPage, after: null })
      if (mine !== run) return
      tail.addOlder(page.nodes)
      more.value = page.pageInfo.hasNextPage
      feed.start(page.newest)
    })
  }

  async function anew(act: (mine: number) => Promise<void>): Promise<void> {
    const mine = ++run
    feed.stop()
    tail.clear()
    loading.value = true
    further.value = false
    error.value = null
    refusal.value = null
    try {
      await act(mine)
    } catch (cause) {
      if (mine === run) error.value = toApiError(cause)
    } finally {
      if (mine === run) loading.value = false
    }
  }

  async function older(): Promise<void> {
    const oldest = tail.oldest
    if (!oldest || !hasOlder.value) return
    await read(async (mine) => {
      const { recentCallbackEvents: page } = await ask(RecentCallbackEventsDocument, { filter: filter(), first: furtherPage, after: oldest.cursor })
      // What has gone meanwhile leaves a gap: then it is asked for anew.
      if (mine !== run || tail.oldest !== oldest) return
      tail.addOlder(page.nodes)
      more.value = page.pageInfo.hasNextPage
      if (tail.view.history) feed.stop()
    })
  }

  /** Reads towards the present; where the log ends, the feed goes on. */
  async function newer(): Promise<void> {
    const newest = tail.newest
    if (!tail.view.history || !newest) return
    await read(async (mine) => {
      const { callbackEventLog: page } = await ask(NewerCallbackEventsDocument, { filter: filter(), first: furtherPage, after: newest.cursor })
      if (mine !== run) return
      tail.addNewer(page.nodes)
      if (page.pageInfo.hasNextPage) return
      tail.leaveHistory()
      feed.start(page.newest)
    })
  }

  /** Goes to where the log begins. */
  async function oldest(): Promise<void> {
    await anew(async (mine) => {
      const { callbackEventLog: page } = await ask(NewerCallbackEventsDocument, { filter: filter(), first: furtherPage, after: null })
      if (mine !== run) return
      tail.addNewer(page.nodes)
      more.value = false
      if (page.pageInfo.hasNextPage) tail.enterHistory()
      else feed.start(page.newest)
    })
  }

  async function read(act: (mine: number) => Promise<void>): Promise<void> {
    if (further.value || isHeldBack(refusal.value)) return
    const mine = run
    further.value = true
    try {
      await act(mine)
      if (mine === run) refusal.value = null
    } catch (cause) {
      const failure = toApiError(cause)
      // The banner tells of a lost connection, and the sign-in of an ended session; scrolling on asks again.
      if (mine === run) refusal.value = isUnreachable(failure) || isSignedOut(failure) ? null : failure
    } finally {
      if (mine === run) further.value = false
    }
  }

  onScopeDispose(() => run++)
  void start()

  return { tail, feed, loading, further, hasOlder, error, refusal, start, older, newer, oldest }
}

/** Whether asking again is of no use, yet or at all: scrolling asks many times a second. */
const isHeldBack = (refusal: ApiError | null): boolean => refusal !== null && (!isPassing(refusal) || waitLeft(refusal) > 0)
