import { describe, expect, it } from 'vitest'
import { spanOf, variablesOf } from './range'

const now = new Date(2026, 5, 9, 14, 35, 12).getTime()
const only = (range: 'day' | 'week' | 'month') => {
  const span = spanOf(range, now)
  expect(span.parts).toHaveLength(1)
  return { ...span.parts[0]!, hours: (Date.parse(span.parts[0]!.to) - Date.parse(span.parts[0]!.from)) / 3_600_000 }
}

describe('a range', () => {
  it('of a day has 24 whole hours, the present one included', () => {
    const { from, bucket, hours } = only('day')
    expect([bucket, hours]).toEqual(['HOUR', 24])
    expect(Date.parse(from) % 3_600_000).toBe(0)
  })

  it('of a week stays within what the server counts at once', () => {
    expect(only('week').hours).toBe(168)
  })

  it('of a month begins at a local midnight', () => {
    const { from, bucket, hours } = only('month')
    const begin = new Date(from)
    expect([begin.getHours(), begin.getMinutes(), begin.getSeconds()]).toEqual([0, 0, 0])
    expect([begin.getMonth(), begin.getDate()]).toEqual([4, 11])
    expect([bucket, hours]).toEqual(['DAY', 30 * 24])
  })

  it('is the same question all through the hour', () => {
    expect(spanOf('day', now + 60_000)).toEqual(spanOf('day', now))
    expect(variablesOf(spanOf('month', now))).toMatchObject({ has2: false, has3: false })
  })
})
