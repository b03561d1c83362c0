// In the zone of New York, where clocks were put back on 1 November 2026 and forward on 8 March.
import { afterAll, describe, expect, it, vi } from 'vitest'

const zone = process.env.TZ
process.env.TZ = 'America/New_York'
vi.resetModules()
const { countsOf, spanOf, variablesOf } = await import('./range')
const { formatter } = await import('@/shared/format/format')

afterAll(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

const hour = 3_600_000
const step = { HOUR: hour, DAY: 24 * hour }

/** The server's answer, where one event happened in each hour. */
function answered(now: string) {
  const span = spanOf('month', Date.parse(now))
  const [first, second, third] = span.parts.map(({ from, to, bucket }) => {
    const buckets = Math.ceil((Date.parse(to) - Date.parse(from)) / step[bucket])
    return Array.from({ length: buckets }, (_, n) => ({
      at: new Date(Date.parse(from) + n * step[bucket]).toISOString(),
      events: step[bucket] / hour,
      deliveriesSent: 0,
      deliveriesFailed: 0,
      signIns: 0,
    }))
  })
  return { span, counts: countsOf(span, { first: first!, second, third }) }
}

describe('a month in which clocks were changed', () => {
  it.each([
    ['put back', '2026-11-20T15:00:00Z', '2026-11-01', 25],
    ['put forward', '2026-03-20T15:00:00Z', '2026-03-08', 23],
    ['put back on its last day', '2026-11-01T22:00:00Z', '2026-11-01', 25],
    ['put back on its first day', '2026-11-30T15:00:00Z', '2026-11-01', 25],
    ['not changed', '2026-07-20T15:00:00Z', '', 24],
  ])('%s has each day once, from midnight to midnight', (_, now, changed, hours) => {
    const { counts, span } = answered(now)
    expect(variablesOf(span)).toMatchObject({ has2: span.parts.length > 1, has3: span.parts.length > 2 })
    const days = counts.map(({ at }) => formatter('en').bucketTitle(at, 'DAY'))
    expect(new Set(days).size).toBe(30)
    expect(days).toHaveLength(30)
    for (const { at } of counts) expect(new Date(at).getHours()).toBe(0)
    const shortDay = new Intl.DateTimeFormat('sv', { dateStyle: 'short' })
    for (const { at, events } of counts) expect([at, events]).toEqual([at, shortDay.format(new Date(at)) === changed ? hours : 24])
  })

  it('tells the two hours of the same name apart', () => {
    const titles = ['04:00', '05:00', '06:00', '07:00'].map((at) => formatter('en').bucketTitle(`2026-11-01T${at}:00Z`, 'HOUR'))
    expect(titles[0]).toMatch(/00:00$/)
    expect(titles[1]).toMatch(/01:00 EDT$/)
    expect(titles[2]).toMatch(/01:00 EST$/)
    expect(titles[3]).toMatch(/02:00$/)
  })
})
