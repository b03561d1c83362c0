// Time as the server has it. The browser's clock may be wrong by an hour, so nothing that the server
// dates (tokens, codes, pauses of robots) is compared with it: each answer's Date header anchors the
// server's time to the browser's monotonic clock.

export interface Clock {
  /** Milliseconds since 1970 on the server's clock; the browser's own until the server was heard. */
  now(): number
  /** Takes the Date header of an answer that has just come. */
  observe(date: string | null): void
  /** Server time minus browser time, to be kept across a reload. */
  offset(): number
  /** Gives back what offset() said before a reload. */
  restore(offset: number): void
}

// The header counts whole seconds and cuts the rest off: half a second is the likeliest remainder.
const cutOff = 500

export function createClock(wall: () => number, monotonic: () => number): Clock {
  let known = 0
  let anchor: { server: number; at: number } | null = null
  return {
    now: () => (anchor ? anchor.server + (monotonic() - anchor.at) : wall() + known),
    observe(date) {
      const server = date ? Date.parse(date) : NaN
      if (!Number.isNaN(server)) anchor = { server: server + cutOff, at: monotonic() }
    },
    offset() {
      return this.now() - wall()
    },
    restore(offset) {
      if (Number.isFinite(offset)) known = offset
    },
  }
}

export const clock = createClock(
  () => Date.now(),
  () => performance.now(),
)
