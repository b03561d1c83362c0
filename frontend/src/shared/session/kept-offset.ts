import { clock } from '../clock'

const key = 'posthouse.clock'

/** Keeps how far the browser's clock is off, so that after a reload the tokens' age is judged by the server's. */
export function keepOffset(): void {
  try {
    sessionStorage.setItem(key, String(Math.round(clock.offset())))
  } catch {
    // Storage is forbidden; then the first answer tells the time.
  }
}

export function restoreOffset(): void {
  try {
    clock.restore(Number(sessionStorage.getItem(key) ?? NaN))
  } catch {
    // As above.
  }
}
