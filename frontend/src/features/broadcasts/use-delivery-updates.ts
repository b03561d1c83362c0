import { onScopeDispose, watch } from 'vue'
import { DeliveryUpdatesDocument, type DeliveryUpdatesSubscription } from '@/shared/gql/graphql'
import { useFeed } from '@/shared/live/use-feed'

type Update = Extract<DeliveryUpdatesSubscription['deliveryUpdates'], { __typename: 'DeliveryUpdate' }>

const settle = 400 // milliseconds: a burst of changes asks once

/**
 * Calls refresh after deliveries have changed, and when the feed begins or goes on, since what happened
 * before is not told again. `about` picks the changes that matter.
 */
export function useDeliveryUpdates(about: (update: Update) => boolean, refresh: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined
      refresh()
    }, settle)
  }
  const feed = useFeed<DeliveryUpdatesSubscription, { after?: string | null }, Update>({
    document: DeliveryUpdatesDocument,
    variables: () => ({}),
    pick: (data) => data.deliveryUpdates,
    onItems: (updates) => {
      if (updates.some(about)) soon()
    },
    onNotice: (notice) => {
      if (notice.kind === 'reset') soon()
    },
  })
  watch(feed.state, (state) => {
    if (state === 'live') soon()
  })
  feed.start(null)
  onScopeDispose(() => clearTimeout(timer))
  return feed
}
