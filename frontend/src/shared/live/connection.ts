import { reactive, readonly, ref } from 'vue'
import { listen, post } from '../api/transport'
import { backoff } from './backoff'

/** Whether the server can be reached, for the banner and for everything that waits. */
const state = reactive({ up: true, trying: false, downSince: 0, nextTry: 0 })
const returns = ref(0)
let tries = 0
let timer: ReturnType<typeof setTimeout> | undefined

function down(): void {
  if (state.up) {
    state.up = false
    state.downSince = Date.now()
    tries = 0
    plan()
  }
}

function up(): void {
  if (state.up) return
  clearTimeout(timer)
  state.up = true
  state.trying = false
  returns.value++
}

function plan(): void {
  clearTimeout(timer)
  const delay = backoff(++tries)
  state.nextTry = Date.now() + delay
  timer = setTimeout(probe, delay)
}

async function probe(): Promise<void> {
  if (!state.up) await check()
}

/** Asks the server for a sign of life, whatever was thought before. */
async function check(): Promise<void> {
  if (state.trying) return
  clearTimeout(timer)
  state.trying = true
  try {
    await post('{"query":"{__typename}"}', null, 'en', null, 10_000) // its success is heard by `listen`
  } catch {
    if (!state.up) plan()
  } finally {
    state.trying = false
  }
}

/** Begins to watch; once, at the start of the app. */
export function watchConnection(): void {
  listen({ reached: up, unreachable: down })
  window.addEventListener('online', () => void probe())
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void probe()
  })
}

export const connection = {
  state: readonly(state),
  /** Grows each time the server is back. */
  returns: readonly(returns),
  /** Looks for the server now if it was lost. */
  probe,
  check,
}
