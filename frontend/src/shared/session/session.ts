import { print } from 'graphql'
import { computed, readonly, ref, shallowRef } from 'vue'
import { fromGraphQL, isSignedOut } from '../api/errors'
import { post } from '../api/transport'
import { RefreshSessionDocument, type RefreshSessionMutation, type ViewerQuery } from '../gql/graphql'
import { currentLanguage } from '../i18n/language'
import { keepOffset, restoreOffset } from './kept-offset'
import { claim, forgetMine } from './mine'
import { tabRefresher } from './tab-refresher'
import { createTokenStore, type Grant, type Tokens } from './tokens'

export type Viewer = ViewerQuery['viewer']

/** `interrupted`: the session ended while the person was at work; they sign in over the page they are on. */
export type Phase = 'anonymous' | 'signed-in' | 'interrupted'

const phase = ref<Phase>('anonymous')
const viewer = shallowRef<Viewer | null>(null)
/** Grows whenever the app is signed in anew, so that pages fetch again. */
const renewed = ref(0)
/** Grows when the server refuses what the viewer's roles should allow: they may have changed. */
const doubts = ref(0)

const store = createTokenStore(() => sessionStorage)

const refresher = tabRefresher({
  store,
  exchange,
  lost: () => {
    if (phase.value === 'signed-in') phase.value = 'interrupted'
  },
})

async function exchange({ refreshToken, retryKey }: Tokens): Promise<Grant> {
  const body = JSON.stringify({ query: refreshText, operationName: 'RefreshSession', variables: { input: { refreshToken, retryKey } } })
  const answer = await post(body, null, currentLanguage())
  const { data, errors } = JSON.parse(answer.text) as { data?: RefreshSessionMutation | null; errors?: { message: string }[] }
  if (errors?.length || !data) throw fromGraphQL(errors ?? [])
  keepOffset()
  return data.refreshSession.session
}

const refreshText = print(RefreshSessionDocument)

/** Who is signed in. Pages read it; only this file and the sign-in change it. */
export const session = {
  phase: readonly(phase),
  viewer: viewer as Readonly<typeof viewer>,
  renewed: readonly(renewed),
  doubts: readonly(doubts),
  isAdmin: computed(() => viewer.value?.roles.some((role) => role === 'OWNER' || role === 'ADMIN') ?? false),

  /** Whether the tab holds a session, which the server may have ended meanwhile. */
  get held(): boolean {
    return refresher.signedIn
  },

  token: () => refresher.token(),
  renew: (refused: string) => refresher.renew(refused),
  /** Asks the server for the next tokens, and keeps nothing. */
  exchange,

  /** Picks up the session of before a reload. */
  restore(): void {
    restoreOffset()
    refresher.schedule()
  },

  begin(grant: Grant): void {
    refresher.begin(grant)
    keepOffset()
  },

  /** The server has said who this is. */
  identify(account: Viewer): void {
    claim(() => sessionStorage, account.id)
    viewer.value = account
    if (phase.value !== 'signed-in') renewed.value++
    phase.value = 'signed-in'
  },

  /** A request was refused for want of a role. */
  doubt(): void {
    doubts.value++
  },

  /** A request was refused for want of a session, and refreshing did not help. */
  interrupt(error: unknown): void {
    if (isSignedOut(error) && phase.value === 'signed-in') phase.value = 'interrupted'
  },

  /** Signs out here. Gives the tokens with which the server is still to be told; null when there is no session. */
  leave(): Tokens | null {
    const held = store.load()
    forgetMine(() => sessionStorage)
    this.end()
    return held
  },

  /** The session is over. What the person left in the tab stays for when they sign in again. */
  end(): void {
    refresher.end()
    viewer.value = null
    phase.value = 'anonymous'
  },
}
