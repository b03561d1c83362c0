const first = 500
const longest = 15_000

/** Milliseconds to wait before try n (from 1): doubling, at most 15 s, spread so that clients do not return together. */
export function backoff(n: number, random: () => number = Math.random): number {
  const full = Math.min(longest, first * 2 ** (Math.max(1, n) - 1))
  return Math.round(full * (0.7 + 0.3 * random()))
}
