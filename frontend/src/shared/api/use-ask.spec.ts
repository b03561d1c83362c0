import { effectScope, nextTick, ref } from 'vue'
import { expect, it, vi } from 'vitest'

const query = { data: ref<unknown>(), fetching: ref(true), stale: ref(false), error: ref(), executeQuery: vi.fn() }
vi.mock('@urql/vue', () => ({ useQuery: () => query }))
vi.mock('../live/connection', () => ({ connection: { returns: ref(0) } }))
vi.mock('../session/session', () => ({ session: { renewed: ref(0) } }))

const { useAsk } = await import('./use-ask')

it('tells that what is shown answers an earlier question', async () => {
  const wanted = ref('a')
  const ask = effectScope().run(() => useAsk({} as never, () => ({ query: wanted.value })))!
  const answer = async (data: unknown) => {
    query.data.value = data
    query.fetching.value = false
    await nextTick()
  }
  expect(ask.outdated.value).toBe(false) // nothing is shown yet
  await answer('of a')
  expect(ask.outdated.value).toBe(false)
  wanted.value = 'b'
  query.fetching.value = true
  await nextTick()
  expect(ask.outdated.value).toBe(true)
  await answer('of b')
  expect(ask.outdated.value).toBe(false)
  query.fetching.value = true // the same once more
  await nextTick()
  expect(ask.outdated.value).toBe(false)
})
