import { shallowReactive } from 'vue'
import type { RecentCallbackEventsQuery } from '@/shared/gql/graphql'
import type { Notice } from '@/shared/live/feed'

/** An event without its payload, from the log or from the feed. */
export type EventRow = RecentCallbackEventsQuery['recentCallbackEvents']['nodes'][number] & { __typename?: string }

/** A line of the tail: an event, or something about the feed that its reader should know. */
export type Line = { kind: 'event'; key: string; event: EventRow } | { kind: 'notice'; key: string; notice: Notice }

/** Lines kept at most; beyond that the oldest go. */
export const cap = 5_000
// Beyond the cap the oldest are dropped in bulk, since moving thousands of entries for each new one costs.
const bulk = 500

/**
 * The lines of the live tail, newest first. While paused, what comes waits out of sight. Only the
 * counters are reactive: at 500 events a second nothing else may be.
 */
export class Tail {
  /** Oldest first. */
  private lines: Line[] = []
  private waiting: Line[] = []
  private notices = 0

  /** What a page draws from: the number of lines and how many were put on top since the start. */
  readonly view = shallowReactive({ count: 0, shift: 0, waiting: 0, paused: false, missed: 0 })

  /** The line at a place counted from the newest. */
  at(index: number): Line | undefined {
    return this.lines[this.lines.length - 1 - index]
  }

  /** The oldest event held: where older ones are asked for. */
  get oldest(): EventRow | null {
    for (const line of this.lines) if (line.kind === 'event') return line.event
    return null
  }

  add(events: readonly EventRow[]): void {
    this.take(events.map((event): Line => ({ kind: 'event', key: event.id, event })))
  }

  note(notice: Notice): void {
    this.take([{ kind: 'notice', key: `notice-${++this.notices}`, notice }])
  }

  /** Puts older events, newest first as the log gives them, below everything. */
  addOlder(events: readonly EventRow[]): void {
    const room = Math.max(0, cap - bulk - this.lines.length)
    const older = events.slice(0, room).map((event): Line => ({ kind: 'event', key: event.id, event }))
    this.lines = [...older.reverse(), ...this.lines]
    this.view.count = this.lines.length
  }

  /** Whether there is room for older events. */
  get full(): boolean {
    return this.lines.length >= cap - bulk
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
    Object.assign(this.view, { count: 0, shift: 0, waiting: 0, missed: 0 })
  }

  private take(lines: Line[]): void {
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
    if (this.lines.length > cap) this.lines = this.lines.slice(this.lines.length - (cap - bulk))
    this.view.shift += lines.length
    this.view.count = this.lines.length
  }
}
