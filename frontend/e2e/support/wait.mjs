// Waiting for conditions. Nothing here or in the tests sleeps for a fixed time and hopes.
import { setTimeout as pause } from 'node:timers/promises'

/** How long anything may take on a busy machine before a test gives up on it. */
export const patience = 30_000

/**
 * Asks again and again until there is an answer other than null, undefined and false, and gives it. Errors
 * count as no answer; the last one is told when time is up.
 */
export async function until(what, ask, within = patience) {
  const end = performance.now() + within
  let last
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== null && answer !== undefined && answer !== false) return answer
      last = undefined
    } catch (error) {
      last = error
    }
    if (performance.now() > end) throw new Error(`waited ${within} ms in vain for ${what}`, { cause: last })
    await pause(25)
  }
}
