import { describe, expect, it } from 'vitest'
import { createClock } from './clock'

const hour = 3_600_000
const server = Date.parse('2026-03-09T08:00:00Z')

describe('the clock', () => {
  it('tells the server’s time though the browser’s is an hour off', () => {
    for (const skew of [-hour, hour]) {
      let monotonic = 100
      const clock = createClock(
        () => server + skew + monotonic,
        () => monotonic,
      )
      clock.observe(new Date(server).toUTCString())
      monotonic += 90_000
      expect(Math.abs(clock.now() - (server + 90_000))).toBeLessThanOrEqual(1000)
    }
  })

  it('does not jump when the browser’s clock is set', () => {
    let wall = server
    let monotonic = 0
    const clock = createClock(
      () => wall,
      () => monotonic,
    )
    clock.observe(new Date(server).toUTCString())
    wall += 5 * hour
    monotonic += 1000
    expect(Math.abs(clock.now() - (server + 1000))).toBeLessThanOrEqual(1000)
  })

  it('keeps what it knew across a reload', () => {
    const wall = () => server + hour
    const before = createClock(wall, () => 0)
    before.observe(new Date(server).toUTCString())
    const after = createClock(wall, () => 0)
    after.restore(before.offset())
    expect(Math.abs(after.now() - server)).toBeLessThanOrEqual(1000)
  })

  it('trusts the browser until the server was heard, and hears no nonsense', () => {
    const clock = createClock(
      () => server,
      () => 0,
    )
    clock.observe(null)
    clock.observe('yesterday')
    clock.restore(NaN)
    expect(clock.now()).toBe(server)
  })
})
