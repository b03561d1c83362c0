// With whose rights operations are sent: a token that was pasted here, or else that of the admin app in
// this tab. Both stay in the tab's own storage. The app's token is never renewed here, because a renewal
// is for one page at a time; when it ends, the admin app gets the next.

export type Source = 'pasted' | 'tab' | 'none'

const pastedKey = 'posthouse.graphiql.token'
const tabKey = 'posthouse.tokens' // kept by the admin app, frontend/src/shared/session/tokens.ts

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

export class Access {
  private listeners = new Set<() => void>()
  private snapshot: { source: Source; token: string }

  constructor(private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>) {
    this.snapshot = this.read()
  }

  /** The same object until something changes. */
  current = (): { source: Source; token: string } => this.snapshot

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

  /** Looks again: the admin app may have renewed its token. */
  refresh(): void {
    const next = this.read()
    if (next.token === this.snapshot.token && next.source === this.snapshot.source) return
    this.snapshot = next
    for (const listener of this.listeners) listener()
  }

  private keep(act: () => void): void {
    try {
      act()
    } catch {
      // Storage is full: nothing to be done here.
    }
    this.refresh()
  }

  private read(): { source: Source; token: string } {
    const pasted = this.storage.getItem(pastedKey)
    if (pasted) return { source: 'pasted', token: pasted }
    try {
      const tokens = JSON.parse(this.storage.getItem(tabKey) ?? 'null') as { accessToken?: unknown } | null
      if (typeof tokens?.accessToken === 'string' && tokens.accessToken) return { source: 'tab', token: tokens.accessToken }
    } catch {
      // Damaged: as if nobody had signed in.
    }
    return { source: 'none', token: '' }
  }
}
