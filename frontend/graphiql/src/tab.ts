import { fromGraphQL } from '@app/shared/api/errors'
import { clock } from '@app/shared/clock'
import { Refresher } from '@app/shared/session/refresher'
import { Siblings } from '@app/shared/session/siblings'
import { createTokenStore, type Grant, type Tokens } from '@app/shared/session/tokens'
import { apiAddress } from './address'

/** The admin app's session in this tab. */
export interface Tab {
  tokens(): Tokens | null
  /** An access token that is good for a while; null when nobody is signed in. */
  token(): Promise<string | null>
}

const offsetKey = 'posthouse.clock' // kept by the admin app, frontend/src/shared/session/session.ts

/**
 * Keeps the session fresh as the admin app does, by its rules and in its storage, so that exploring may take
 * longer than a token lives and the app goes on with the session afterwards.
 */
export function openTab(changed: () => void): Tab {
  clock.restore(Number(sessionStorage.getItem(offsetKey) ?? NaN))
  const kept = createTokenStore(() => sessionStorage)
  const store = {
    load: () => kept.load(),
    save(tokens: Tokens | null) {
      kept.save(tokens)
      changed()
    },
  }
  const refresher: Refresher = new Refresher({
    store,
    siblings: new Siblings({
      channel: typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('posthouse.session'),
      id: crypto.getRandomValues(new Uint32Array(2)).join('-'),
      current: () => store.load(),
      adopt: (tokens) => refresher.adopt(tokens),
    }),
    now: () => clock.now(),
    exchange,
    lost: () => undefined, // the tokens are gone, which `changed` has told
  })
  refresher.schedule()
  return { tokens: () => store.load(), token: () => refresher.token() }
}

const refresh =
  'mutation RefreshSession($input: RefreshSessionInput!) { refreshSession(input: $input) { session { accessToken refreshToken expiresAt } } }'

// As long as the admin app waits for an answer, frontend/src/shared/api/transport.ts.
const patience = 15_000

async function exchange({ refreshToken, retryKey }: Tokens): Promise<Grant> {
  const response = await fetch(apiAddress, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: refresh, variables: { input: { refreshToken, retryKey } } }),
    signal: AbortSignal.timeout(patience),
  })
  clock.observe(response.headers.get('date'))
  const { data, errors } = (await response.json()) as { data?: { refreshSession: { session: Grant } } | null; errors?: { message: string }[] }
  if (errors?.length || !data) throw fromGraphQL(errors ?? [])
  return data.refreshSession.session
}
