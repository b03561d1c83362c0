import { isSignedOut } from '../api/errors'
import type { Siblings } from './siblings'
import { firstTokens, nextTokens, type Grant, type Tokens, type TokenStore } from './tokens'

export interface RefresherConfig {
  store: TokenStore
  siblings: Siblings
  /** The server's time in milliseconds. */
  now(): number
  /** Exchanges the refresh token; fails with session.* when the session is over. */
  exchange(tokens: Tokens): Promise<Grant>
  /** The session is over and the tokens are gone. */
  lost(error: unknown): void
}

// A token that ends sooner than this is not sent any more when the refresh fails for now.
const usable = 5_000
const retryAfterFailure = 10_000
// Refreshes that nobody waits for keep this distance, whatever the server says about lifetimes.
const shortestTimer = 5_000
const longestTimer = 2 ** 31 - 1

/** Keeps the access token fresh. However many ask at once, one refresh is under way. */
export class Refresher {
  private flight: Promise<Tokens> | null = null
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly config: RefresherConfig) {}

  get signedIn(): boolean {
    return this.config.store.load() !== null
  }

  /** Takes the tokens of a new sign-in. */
  begin(grant: Grant): void {
    this.adopt(firstTokens(grant, this.config.now()))
  }

  /** Takes tokens that another tab of the session got. */
  adopt(tokens: Tokens): void {
    this.config.store.save(tokens)
    this.schedule()
  }

  /** Forgets the tokens. */
  end(): void {
    clearTimeout(this.timer)
    this.config.store.save(null)
  }

  /** A token that is good for a while, or null when nobody is signed in. */
  async token(): Promise<string | null> {
    const tokens = this.config.store.load()
    if (!tokens) return null
    const now = this.config.now()
    if (now < tokens.renewAt) return tokens.accessToken
    try {
      return await this.renew(tokens.accessToken)
    } catch (error) {
      if (!isSignedOut(error) && tokens.expiresAt - now > usable) return tokens.accessToken
      throw error
    }
  }

  /** A token other than the refused one; null when nobody is signed in. */
  async renew(refused: string): Promise<string | null> {
    const tokens = this.config.store.load()
    if (!tokens) return null
    if (tokens.accessToken !== refused) return tokens.accessToken // somebody was faster
    this.flight ??= this.refresh(tokens).finally(() => (this.flight = null))
    return (await this.flight).accessToken
  }

  /** Plans the next refresh; call it once after a reload. */
  schedule(): void {
    clearTimeout(this.timer)
    const tokens = this.config.store.load()
    if (tokens) this.wake(tokens.renewAt - this.config.now(), tokens.accessToken)
  }

  private wake(delay: number, token: string): void {
    this.timer = setTimeout(
      () => {
        this.renew(token).catch((error: unknown) => {
          if (!isSignedOut(error)) this.wake(retryAfterFailure, token)
        })
      },
      Math.min(Math.max(delay, shortestTimer), longestTimer),
    )
  }

  private async refresh(tokens: Tokens): Promise<Tokens> {
    try {
      const next = await this.config.siblings.take(tokens, async () => {
        const grant = await this.config.exchange(tokens)
        return nextTokens(tokens, grant, this.config.now())
      })
      // Signed out, or in as somebody else, while the answer travelled: the answer is nobody's.
      if (this.config.store.load()?.family === tokens.family) this.adopt(next)
      return next
    } catch (error) {
      if (isSignedOut(error) && this.config.store.load()?.family === tokens.family) {
        this.end()
        this.config.lost(error)
      }
      throw error
    }
  }
}
