import { effectScope, nextTick, shallowRef } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { mine } from '@/shared/session/mine'

const viewer = shallowRef<object | null>(null)
vi.mock('vue-i18n', () => ({ useI18n: () => ({ t: (key: string) => key }) }))
vi.mock('@/shared/session/session', () => ({ session: { viewer } }))
vi.mock('@/shared/api/client', () => ({ run: vi.fn() }))
vi.mock('@/shared/api/use-action', () => ({ useAction: () => ({ busy: shallowRef(false), error: shallowRef(null), start: vi.fn() }) }))

const { useCompose } = await import('./use-compose')

async function write() {
  const scope = effectScope()
  const compose = scope.run(() => useCompose(() => {}))!
  compose.draft.value.robotIds = ['robt_1']
  await nextTick()
  return scope
}

beforeEach(() => {
  sessionStorage.clear()
  viewer.value = {}
})

describe('an unsent message', () => {
  it('is kept when the page is left', async () => {
    ;(await write()).stop()
    expect(sessionStorage.getItem(`${mine}draft`)).toContain('robt_1')
  })

  it('does not come back into the tab after signing out', async () => {
    vi.useFakeTimers()
    const scope = await write()
    viewer.value = null // signed out, and what was kept is gone
    await vi.advanceTimersByTimeAsync(1_000)
    scope.stop()
    expect(sessionStorage).toHaveLength(0)
    vi.useRealTimers()
  })
})
