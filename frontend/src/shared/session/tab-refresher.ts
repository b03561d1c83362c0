import { clock } from '../clock'
import { Refresher, type RefresherConfig } from './refresher'
import { Siblings } from './siblings'

/** The refresher of this tab's session: it goes by the server's clock, and agrees with the copies of the tab. */
export function tabRefresher(config: Pick<RefresherConfig, 'store' | 'exchange' | 'lost'>): Refresher {
  const refresher: Refresher = new Refresher({
    ...config,
    siblings: new Siblings({
      channel: typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('posthouse.session'),
      id: crypto.getRandomValues(new Uint32Array(2)).join('-'),
      current: () => config.store.load(),
      adopt: (tokens) => refresher.adopt(tokens),
    }),
    now: () => clock.now(),
  })
  return refresher
}
