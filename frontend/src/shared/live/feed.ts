import { shallowRef, ref } from 'vue'
import { isPassing, isSignedOut, Reason, toApiError, type ApiError } from '../api/errors'
import { backoff } from './backoff'

/** What every feed of the server gives (DESIGN §5). */
export interface FeedItem {
  __typename?: string
  cursor: string
}

/** Something the reader of a list should know, shown as a line in it. */
export type Notice =
  | { kind: 'lost'; at: number }
  | { kind: 'resumed'; at: number; seconds: number }
  | { kind: 'lagged'; at: number }
  | { kind: 'reset'; at: number }

export type FeedState = 'connecting' | 'live' | 'waiting' | 'stopped'

export interface FeedConfig<T extends FeedItem> {
  /** Begins after the cursor (null: only what comes); the result ends it. */
  open(after: string | null, sink: { next(item: FeedItem): void; error(cause: unknown): void; complete(): void }): () => void
  /** Takes what came, in order, at a time a tenth of a second's worth at most, a second's while the page is hidden. */
  onItems(items: T[]): void
  onNotice(notice: Notice): void
  /** Fetches a new token after the server refused the old one; fails when the session is over. */
  renew(): Promise<unknown>
  /** Hands a batch over when the page can draw; gives a way to take that back. */
  frame?(flush: () => void): () => void
  /** The server's time in milliseconds. */
  now(): number
}

// A connection that held this long was a good one: the next loss begins with short waits again.
const steady = 10_000
// Silence after opening counts as live: the protocol has no acknowledgement of a subscription.
const settled = 400

/**
 * A subscription that survives: it begins again after the last cursor when the connection is lost, when
 * the server says that the reader was too slow, and after a restart, without a gap or a duplicate.
 */
export function createFeed<T extends FeedItem>(config: FeedConfig<T>) {
  const now = config.now
  const frame = config.frame ?? pacedFrames()
  const state = ref<FeedState>('stopped')
  const error = shallowRef<ApiError | null>(null)

  let cursor: string | null = null
  let close: (() => void) | null = null
  let run = 0 // what an older subscription still says is not heard
  let tries = 0
  let renewals = 0
  let openedAt = 0
  let lostAt: number | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let settling: ReturnType<typeof setTimeout> | undefined
  let batch: T[] = []
  let takeBack: (() => void) | null = null

  function start(after: string | null): void {
    stop()
    cursor = after
    error.value = null
    tries = 0
    renewals = 0
    lostAt = null
    open()
  }

  function stop(): void {
    run++
    clearTimeout(timer)
    clearTimeout(settling)
    close?.()
    close = null
    takeBack?.()
    takeBack = null
    batch = []
    state.value = 'stopped'
  }

  function open(): void {
    const mine = ++run
    state.value = 'connecting'
    openedAt = now()
    let ended = false
    const end = (cause: unknown) => {
      if (mine !== run || ended) return
      ended = true
      clearTimeout(settling)
      close = null
      again(cause)
    }
    const closing = config.open(cursor, {
      next: (item) => {
        if (mine === run && !ended) take(item)
      },
      error: end,
      complete: () => end(null),
    })
    if (ended || mine !== run) closing()
    else close = closing
  }

  /** The transport tells that the connection stands. */
  function connected(): void {
    if (state.value !== 'connecting') return
    clearTimeout(settling)
    settling = setTimeout(alive, settled)
  }

  function alive(): void {
    clearTimeout(settling)
    if (state.value !== 'connecting') return
    state.value = 'live'
    renewals = 0
    if (lostAt !== null) {
      flush()
      config.onNotice({ kind: 'resumed', at: now(), seconds: Math.round((now() - lostAt) / 1000) })
      lostAt = null
    }
  }

  function take(item: FeedItem): void {
    alive()
    cursor = item.cursor
    if (item.__typename === 'FeedLagged') {
      flush()
      config.onNotice({ kind: 'lagged', at: now() })
    } else if (item.__typename === 'FeedReset') {
      flush()
      config.onNotice({ kind: 'reset', at: now() })
    } else {
      batch.push(item as T)
      takeBack ??= frame(flush)
    }
  }

  function flush(): void {
    takeBack?.()
    takeBack = null
    if (batch.length === 0) return
    const items = batch
    batch = []
    config.onItems(items)
  }

  function again(cause: unknown): void {
    flush()
    const held = state.value === 'live' && now() - openedAt > steady
    if (held) tries = 0
    if (cause === null) return later(tries === 0 ? 0 : backoff(tries), false) // the server ended it: lagged, or told us to come again
    const refusal = refusalOf(cause)
    if (refusal && isSignedOut(refusal)) return renew(refusal)
    if (refusal && !isPassing(refusal)) {
      error.value = refusal
      state.value = 'stopped'
      return
    }
    later(Math.max(backoff(tries + 1), (refusal?.retryAfter ?? 0) * 1000), true)
  }

  function renew(refusal: ApiError): void {
    const mine = run
    if (++renewals > 2) {
      error.value = refusal
      state.value = 'stopped'
      return
    }
    state.value = 'waiting'
    config.renew().then(
      () => {
        if (mine === run) open()
      },
      (cause: unknown) => {
        if (mine !== run) return
        const failure = toApiError(cause)
        if (isSignedOut(failure)) {
          error.value = failure
          state.value = 'stopped'
        } else later(backoff(++tries), true)
      },
    )
  }

  function later(delay: number, lost: boolean): void {
    tries++
    if (lost && lostAt === null) {
      lostAt = now()
      config.onNotice({ kind: 'lost', at: lostAt })
    }
    state.value = 'waiting'
    clearTimeout(timer)
    timer = setTimeout(open, delay)
  }

  /** Tries now instead of after the wait: the server is known to be back. */
  function hurry(): void {
    if (state.value !== 'waiting') return
    clearTimeout(timer)
    open()
  }

  return { state, error, start, stop, connected, hurry, cursor: () => cursor }
}

const signedOutCodes: ReadonlySet<number> = new Set([4401, 4403])

/** What the server said when it refused; null when the connection was merely lost. */
function refusalOf(cause: unknown): ApiError | null {
  if (cause && typeof cause === 'object' && 'code' in cause && 'wasClean' in cause) {
    const code = Number(cause.code)
    return signedOutCodes.has(code)
      ? toApiError([{ message: '', extensions: { code: 'UNAUTHENTICATED', reason: Reason.sessionExpired } }])
      : null
  }
  if (Array.isArray(cause)) return toApiError(cause)
  const failure = toApiError(cause)
  return isSignedOut(failure) ? failure : null
}

// Nobody reads faster than this, and hundreds of rows a second need not all be drawn.
const pace = 100
// A page that is hidden draws nothing, and what comes must not pile up.
const late = 1_000

/** The next drawing of the page, at most every `pace` milliseconds, or `late` when there is none. */
function pacedFrames(): (flush: () => void) => () => void {
  let last = -pace
  return (flush) => {
    let handle = 0
    const stop = () => {
      clearTimeout(timer)
      clearTimeout(fallback)
      cancelAnimationFrame(handle)
    }
    const draw = () => {
      stop()
      last = performance.now()
      flush()
    }
    const timer = setTimeout(() => (handle = requestAnimationFrame(draw)), Math.max(0, last + pace - performance.now()))
    const fallback = setTimeout(draw, late)
    return stop
  }
}
