/** What the server gives at sign-in and at each refresh. */
export interface Grant {
  accessToken: string
  refreshToken: string
  /** RFC 3339, on the server's clock. */
  expiresAt: string
}

/** The tokens of a session as a tab keeps them. */
export interface Tokens {
  accessToken: string
  refreshToken: string
  /** Milliseconds on the server's clock. */
  expiresAt: number
  /** When to ask for the next pair; on the server's clock too. */
  renewAt: number
  /** Names the session among this browser's tabs; a duplicated tab has the same. */
  family: string
  /** Grows with each refresh, so that tabs know which of them has the newest. */
  generation: number
  /** With it the refresh can be asked for again when its answer was lost, by a copy of this tab too. */
  retryKey: string
}

export interface TokenStore {
  load(): Tokens | null
  save(tokens: Tokens | null): void
}

/** now is the server's time in milliseconds. */
export function firstTokens(grant: Grant, now: number): Tokens {
  return { ...bare(grant, now), family: random(), generation: 1 }
}

const random = () => crypto.getRandomValues(new Uint32Array(4)).join('-')

export function nextTokens(before: Tokens, grant: Grant, now: number): Tokens {
  return { ...bare(grant, now), family: before.family, generation: before.generation + 1 }
}

// A token is renewed this long before its end, so that no request travels with one that ends under way;
// one that lives only for minutes, in its last quarter.
const margin = 60_000

function bare(grant: Grant, now: number) {
  const expiresAt = Date.parse(grant.expiresAt)
  return {
    accessToken: grant.accessToken,
    refreshToken: grant.refreshToken,
    expiresAt,
    retryKey: random(),
    renewAt: expiresAt - Math.min(margin, Math.max(0, expiresAt - now) / 4),
  }
}

const key = 'posthouse.tokens'

/** Keeps the tokens for the life of the tab; in memory where the browser forbids storage. */
export function createTokenStore(storage: () => Storage): TokenStore {
  let memory: Tokens | null = null
  let read = false
  return {
    load() {
      if (!read) {
        read = true
        memory = parse(attempt(() => storage().getItem(key)))
      }
      return memory
    },
    save(tokens) {
      read = true
      memory = tokens
      attempt(() => (tokens ? storage().setItem(key, JSON.stringify(tokens)) : storage().removeItem(key)))
    },
  }
}

function parse(text: string | null | undefined): Tokens | null {
  const value = text ? (attempt(() => JSON.parse(text)) as Partial<Tokens> | undefined) : undefined
  const whole =
    value &&
    typeof value.accessToken === 'string' &&
    typeof value.refreshToken === 'string' &&
    typeof value.family === 'string' &&
    typeof value.retryKey === 'string' &&
    Number.isFinite(value.expiresAt) &&
    Number.isFinite(value.renewAt) &&
    Number.isFinite(value.generation)
  return whole ? (value as Tokens) : null
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined // storage is forbidden or full, or the text is damaged
  }
}
