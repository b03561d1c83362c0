import type { Tokens } from './tokens'

// A browser that duplicates a tab copies its session storage, and with it the refresh token and its
// retry key. With the key the server gives the same answer again for a minute; a tab that used the token later
// than that would be taken for a thief, and the session ended. So tabs of one family ask each other before they
// refresh, and share what comes of it.

type Message =
  | { kind: 'ask'; from: string; family: string; generation: number }
  | { kind: 'busy'; to: string; family: string }
  | { kind: 'have'; tokens: Tokens }

/** The part of BroadcastChannel that is used. */
export interface Channel {
  postMessage(message: unknown): void
  onmessage: ((event: MessageEvent) => void) | null
}

export interface SiblingsConfig {
  channel: Channel | null
  /** Names this tab; of two that ask at once the smaller goes first. */
  id: string
  current(): Tokens | null
  adopt(tokens: Tokens): void
  /** How long the others have to answer; default 120 ms. */
  answerWithin?: number
  /**
   * How long one that refreshes is waited for; default 12 s. Its request may take longer than that: both then
   * ask with the same retry key within the minute, which does no harm.
   */
  patience?: number
}

export class Siblings {
  private asking = false
  private refreshing = false
  private heard: ((message: Message) => void) | null = null

  constructor(private readonly config: SiblingsConfig) {
    if (config.channel) config.channel.onmessage = (event) => this.receive(event.data as Message)
  }

  /**
   * Runs refresh unless another tab has, or is getting, newer tokens than mine: then those are adopted.
   * Gives the newest tokens either way.
   */
  async take(mine: Tokens, refresh: () => Promise<Tokens>): Promise<Tokens> {
    const theirs = await this.ask(mine)
    if (theirs) return theirs
    this.refreshing = true
    try {
      const tokens = await refresh()
      this.send({ kind: 'have', tokens })
      return tokens
    } finally {
      this.refreshing = false
    }
  }

  private ask(mine: Tokens): Promise<Tokens | null> {
    if (!this.config.channel) return Promise.resolve(null)
    return new Promise((resolve) => {
      this.asking = true
      const done = (tokens: Tokens | null) => {
        clearTimeout(timer)
        this.asking = false
        this.heard = null
        resolve(tokens)
      }
      let timer = setTimeout(() => done(null), this.config.answerWithin ?? 120)
      this.heard = (message) => {
        if (message.kind === 'have' && message.tokens.family === mine.family && message.tokens.generation > mine.generation) {
          done(message.tokens)
        } else if (message.kind === 'busy' && message.to === this.config.id && message.family === mine.family) {
          clearTimeout(timer)
          timer = setTimeout(() => done(null), this.config.patience ?? 12_000)
        }
      }
      this.send({ kind: 'ask', from: this.config.id, family: mine.family, generation: mine.generation })
    })
  }

  private receive(message: Message): void {
    const mine = this.config.current()
    if (message.kind === 'ask') {
      if (mine?.family !== message.family) return
      if (mine.generation > message.generation) this.send({ kind: 'have', tokens: mine })
      else if (this.refreshing || (this.asking && this.config.id < message.from)) {
        this.send({ kind: 'busy', to: message.from, family: message.family })
      }
      return
    }
    if (message.kind === 'have' && mine?.family === message.tokens.family && message.tokens.generation > mine.generation) {
      this.config.adopt(message.tokens)
    }
    this.heard?.(message)
  }

  private send(message: Message): void {
    this.config.channel?.postMessage(message)
  }
}
