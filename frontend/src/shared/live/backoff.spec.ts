import { expect, it } from 'vitest'
import { backoff } from './backoff'

it('grows to a quarter of a minute, and spreads', () => {
  expect([1, 2, 3, 9, 100].map((n) => backoff(n, () => 1))).toEqual([500, 750, 1125, 12_814, 15_000])
  expect(backoff(2, () => 0)).toBe(525)
  expect(backoff(0, () => 1)).toBe(500)
})
