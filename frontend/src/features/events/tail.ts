import { shallowReactive } from 'vue'
import type { RecentCallbackEventsQuery } from '@/shared/gql/graphql'
import type { Notice } from '@/shared/live/feed'

/** An event without its payload, from the log or from the feed. */
export type EventRow = RecentCallbackEventsQuery['recentCallbackEvents']['nodes'][number] & { __typename?: string }

/** A line of the tail: an event, or something about the feed that its reader should know. */
export type Line = { kind: 'event'; key: string; event: EventRow } | { kind: 'notice'; key: string; notice: Notice }

const lineOf = (event: EventRow): Line => ({ kind: 'event', key: event.id, event })

/** Lines kept at most; beyond that those go that are farthest from what is read. */
export const cap = 5_000
// Beyond the cap they are dropped in bulk, since moving thousands of entries for each new one costs.
const bulk = 500

/**
 * The lines of the live tail, newest first. While paused, what comes waits out of sight. Older events than
 * there is room for make it a window on the log, whose newest lines go: that is `history`, in which nothing
 * live is taken. Only the counters are reactive: at 500 events a second nothing else may be.
 */
export class Tail {
  /** Oldest first. */
  private lines: Line[] = []
  private waiting: Line[] = []
  private notices = 0

  /**
   * What a page draws from: the number of lines, how many were put on top since the start less those taken
   * away there, and whether the oldest that were held have gone.
   */
  readonly view = shallowReactive({ count: 0, shift: 0, waiting: 0, paused: false, missed: 0, history: false, cut: false })

  /** The line at a place counted from the newest. */
  at(index: number): Line | undefined {
    return this.lines[this.lines.length - 1 - index]
  }

  /** The oldest event held: where older ones are asked for. */
  get oldest(): EventRow | null {
    for (const line of this.lines) if (line.kind === 'event') return line.event
    return null
  }

  /** The newest event held: where newer ones are asked for. */
  get newest(): EventRow | null {
    for (let at = this.lines.length - 1; at >= 0; at--) {
      const line = this.lines[at]
      if (line?.kind === 'event') return line.event
    }
    return null
  }

  add(events: readonly EventRow[]): void {
    this.take(events.map(lineOf))
  }

  note(notice: Notice): void {
    this.take([{ kind: 'notice', key: `notice-${++this.notices}`, notice }])
  }

  /** Puts older events, newest first as the log gives them, below everything; may begin the history. */
  addOlder(events: readonly EventRow[]): void {
    const lines = [...events.map(lineOf).reverse(), ...this.lines]
    this.view.cut = false
    if (lines.length > cap) {
      this.enterHistory()
      const kept = lines.slice(0, cap - bulk)
      this.view.shift -= lines.length - kept.length
      this.lines = kept
    } else this.lines = lines
    this.view.count = this.lines.length
  }

  /** Puts newer events, oldest first as the log gives them, on top while in the history. */
  addNewer(events: readonly EventRow[]): void {
    this.put(events.map(lineOf))
  }

  /** What is shown is a part of the log from now on, and nothing live is taken. */
  enterHistory(): void {
    this.view.history = true
    this.view.paused = false
    this.waiting = []
    this.view.waiting = 0
    this.view.missed = 0
  }

  /** The history has been read up to where the log ends: what comes belongs on top again. */
  leaveHistory(): void {
    this.view.history = false
  }

  pause(): void {
    this.view.paused = true
  }

  resume(): void {
    this.view.paused = false
    const waiting = this.waiting
    this.waiting = []
    this.view.waiting = 0
    this.put(waiting)
  }

  clear(): void {
    this.lines = []
    this.waiting = []
    Object.assign(this.view, { count: 0, shift: 0, waiting: 0, missed: 0, history: false, cut: false })
  }

  private take(lines: Line[]): void {
    if (this.view.history) return
    if (!this.view.paused) {
      this.put(lines)
      return
    }
    this.waiting.push(...lines)
    if (this.waiting.length > cap) {
      const dropped = this.waiting.length - (cap - bulk)
      this.waiting = this.waiting.slice(dropped)
      this.view.missed += dropped
    }
    this.view.waiting = this.waiting.length
  }

  private put(lines: readonly Line[]): void {
    if (lines.length === 0) return
    for (const line of lines) this.lines.push(line)
    if (this.lines.length > cap) {
      this.lines = this.lines.slice(this.lines.length - (cap - bulk))
      this.view.cut = true
    }
    this.view.shift += lines.length
    this.view.count = this.lines.length
  }
}
