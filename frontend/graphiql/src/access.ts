// With whose rights operations are sent: a token that was pasted here, or else that of the admin app in
// this tab. Both stay in the tab's own storage.
import type { Tab } from './tab'

export type Source = 'pasted' | 'tab' | 'none'

const pastedKey = 'posthouse.graphiql.token'

/** A token as people paste it: with or without `Bearer`, quotes, or the header's name. */
export function cleanToken(text: string): string {
  return text
    .trim()
    .replace(/^(authorization|skey)\s*:\s*/i, '')
    .replace(/^bearer\s+/i, '')
    .replace(/^["']|["']$/g, '')
    .trim()
}

/** The skey of a mini-program travels in a header of its own. */
export function headersOf(token: string): Record<string, string> {
  if (!token) return {}
  return token.startsWith('phs_') ? { skey: token } : { authorization: `Bearer ${token}` }
}

/** A token in an answer of register, login, wechatLogin, refreshSession or setUpOwner; '' without one. */
export function tokenIn(answer: unknown): string {
  const data = (answer as { data?: Record<string, unknown> | null } | null)?.data
  for (const field of Object.values(data ?? {})) {
    const session = (field as { session?: { accessToken?: unknown; skey?: unknown } } | null)?.session
    for (const token of [session?.accessToken, session?.skey]) {
      if (typeof token === 'string' && token) return token
    }
  }
  return ''
}

/** A token and what it stands for: `owner` stays the same while a session gets newer tokens. */
interface Holder {
  source: Source
  token: string
  owner: string
}

export class Access {
  private listeners = new Set<() => void>()
  private readonly tab: Tab
  private snapshot: Holder

  constructor(
    private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
    openTab: (changed: () => void) => Tab,
  ) {
    this.tab = openTab(() => this.look())
    this.snapshot = this.read()
  }

  /** The same object until something changes. */
  current = (): Holder => this.snapshot

  /** The token to send now; that of the tab is renewed when its end is near. */
  async token(): Promise<string> {
    if (this.snapshot.source === 'tab') await this.tab.token().catch(() => null) // the server says what is wrong with the old one
    return this.snapshot.token
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  use(token: string): void {
    this.keep(() => this.storage.setItem(pastedKey, cleanToken(token)))
  }

  forget(): void {
    this.keep(() => this.storage.removeItem(pastedKey))
  }

  private keep(act: () => void): void {
    try {
      act()
    } catch {
      // Storage is full: nothing to be done here.
    }
    this.look()
  }

  private look(): void {
    const next = this.read()
    if (next.token === this.snapshot.token && next.source === this.snapshot.source) return
    this.snapshot = next
    for (const listener of this.listeners) listener()
  }

  private read(): Holder {
    const pasted = this.storage.getItem(pastedKey)
    if (pasted) return { source: 'pasted', token: pasted, owner: pasted }
    const tokens = this.tab.tokens()
    if (tokens) return { source: 'tab', token: tokens.accessToken, owner: tokens.family }
    return { source: 'none', token: '', owner: '' }
  }
}
