import { describe, expect, it } from 'vitest'
import { spanOf } from './range'

const now = new Date(2026, 2, 9, 14, 35, 12).getTime()
const hours = (span: { from: string; to: string }) => (Date.parse(span.to) - Date.parse(span.from)) / 3_600_000

describe('a range', () => {
  it('of a day has 24 whole hours, the present one included', () => {
    const span = spanOf('day', now)
    expect(span.bucket).toBe('HOUR')
    expect(Math.ceil(hours(span))).toBe(24)
    expect(Date.parse(span.from) % 3_600_000).toBe(0)
  })

  it('of a week stays within what the server counts at once', () => {
    expect(Math.ceil(hours(spanOf('week', now)))).toBe(168)
  })

  it('of a month begins at a local midnight', () => {
    const span = spanOf('month', now)
    const from = new Date(span.from)
    expect([from.getHours(), from.getMinutes(), from.getSeconds()]).toEqual([0, 0, 0])
    expect([from.getMonth(), from.getDate()]).toEqual([1, 8])
    expect(span.bucket).toBe('DAY')
  })
})
