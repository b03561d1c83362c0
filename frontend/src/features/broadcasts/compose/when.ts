// The browser's own fields for date and time speak in local time and in these forms; where a browser has
// none, people type them.

const two = (value: number) => String(value).padStart(2, '0')

/** The local date of a moment, 2026-03-09. */
export const dateOf = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`

/** The local time of a moment, 14:05. */
export const timeOf = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}`

/** The moment of a local date and time, RFC 3339; null when they are none. */
export function momentOf(date: string, time: string): string | null {
  const day = /^\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\s*$/.exec(date)
  const clock = /^\s*(\d{1,2})[:：](\d{2})(?::\d{2})?\s*$/.exec(time)
  if (!day || !clock) return null
  const [year, month, dayOfMonth] = day.slice(1).map(Number) as [number, number, number]
  const [hour, minute] = clock.slice(1).map(Number) as [number, number]
  const at = new Date(year, month - 1, dayOfMonth, hour, minute)
  // 31 February rolls over; that is not what was meant.
  const same = at.getMonth() === month - 1 && at.getDate() === dayOfMonth && hour < 24 && minute < 60
  return same ? at.toISOString() : null
}

/** The next whole hour but one: a schedule to begin with. */
export function suggestion(now: number): string {
  const at = new Date(now)
  at.setHours(at.getHours() + 2, 0, 0, 0)
  return at.toISOString()
}
