import { expect, it } from 'vitest'
import { backoff } from './backoff'

it('doubles up to a quarter of a minute, and spreads', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 100].map((n) => backoff(n, () => 1))).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
  expect(backoff(3, () => 0)).toBe(1400)
  expect(backoff(0, () => 1)).toBe(500)
})
