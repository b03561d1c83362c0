import { expect, it } from 'vitest'
import { aheadOf } from './clock'

it('says how far the clock was moved in a unit that fits', () => {
  const cases: [number, string, number][] = [
    [0, 'seconds', 0],
    [-3, 'seconds', 0],
    [42, 'seconds', 42],
    [60, 'minutes', 1],
    [90, 'minutes', 1.5],
    [95, 'seconds', 95],
    [300, 'minutes', 5],
    [3_600, 'hours', 1],
    [5_400, 'hours', 1.5],
    [4_000, 'minutes', 67],
    [86_400, 'days', 1],
    [7 * 86_400, 'days', 7],
  ]
  for (const [seconds, unit, count] of cases) expect(aheadOf(seconds), String(seconds)).toEqual({ unit, count })
})
