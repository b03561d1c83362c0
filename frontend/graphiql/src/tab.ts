import { fromGraphQL } from '@app/shared/api/errors'
import { clock } from '@app/shared/clock'
import { keepOffset, restoreOffset } from '@app/shared/session/kept-offset'
import { tabRefresher } from '@app/shared/session/tab-refresher'
import { createTokenStore, type Grant, type Tokens } from '@app/shared/session/tokens'
import { apiAddress } from './address'

/** The admin app's session in this tab. */
export interface Tab {
  tokens(): Tokens | null
  /** An access token that is good for a while; null when nobody is signed in. */
  token(): Promise<string | null>
}

/**
 * Keeps the session fresh as the admin app does, by its rules and in its storage, so that exploring may take
 * longer than a token lives and the app goes on with the session afterwards.
 */
export function openTab(changed: () => void): Tab {
  restoreOffset()
  const kept = createTokenStore(() => sessionStorage)
  const store = {
    load: () => kept.load(),
    save(tokens: Tokens | null) {
      kept.save(tokens)
      changed()
    },
  }
  // The tokens that are lost are gone, which `changed` tells.
  const refresher = tabRefresher({ store, exchange, lost: () => undefined })
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
  keepOffset()
  const { data, errors } = (await response.json()) as { data?: { refreshSession: { session: Grant } } | null; errors?: { message: string }[] }
  if (errors?.length || !data) throw fromGraphQL(errors ?? [])
  return data.refreshSession.session
}
