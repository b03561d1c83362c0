import { effectScope, nextTick, reactive, shallowRef } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, Reason } from '../api/errors'

const route = reactive({ query: {} as Record<string, string | undefined> })
const history: Record<string, string | undefined>[] = []
const go = ({ query }: { query: Record<string, string | undefined> }) => (route.query = query)
const push = vi.fn((to: { query: Record<string, string | undefined> }) => {
  history.push(route.query)
  go(to)
})
const replace = vi.fn(go)
vi.mock('vue-router', () => ({ useRoute: () => route, useRouter: () => ({ push, replace }) }))

const { usePager } = await import('./use-pager')

const back = () => (route.query = history.pop()!)
let list = 0

beforeEach(() => {
  route.query = { q: 'li' }
  history.length = 0
})

describe('a pager', () => {
  it('goes on and back, and keeps the rest of the address', () => {
    const pager = usePager(`list-${++list}`)
    expect(pager.hasPrevious.value).toBe(false)
    pager.next('c1')
    pager.next('c2')
    expect(route.query).toEqual({ q: 'li', after: 'c2' })
    pager.previous()
    expect(pager.after.value).toBe('c1')
    pager.previous()
    expect(pager.after.value).toBeNull()
  })

  it('finds the page before after the browser’s Back', () => {
    const pager = usePager(`list-${++list}`)
    pager.next('c1')
    pager.next('c2')
    back()
    expect(pager.after.value).toBe('c1')
    pager.previous()
    expect(pager.after.value).toBeNull()
  })

  it('goes to the first page when the way is not known', () => {
    route.query = { after: 'from a bookmark' }
    const pager = usePager(`list-${++list}`)
    expect(pager.hasPrevious.value).toBe(true)
    pager.previous()
    expect(pager.after.value).toBeNull()
  })

  it('leaves a cursor that the server does not know', async () => {
    route.query = { q: 'li', after: 'garbage' }
    const error = shallowRef<ApiError | null>(null)
    const scope = effectScope()
    const pager = scope.run(() => usePager(`list-${++list}`))!
    scope.run(() => pager.heed(() => error.value))
    error.value = new ApiError('', { code: 'UNAVAILABLE', reason: 'x' })
    await nextTick()
    expect(pager.after.value).toBe('garbage')
    error.value = new ApiError('', { code: 'INVALID', reason: Reason.cursorInvalid })
    await nextTick()
    expect(route.query).toEqual({ q: 'li', after: undefined })
    scope.stop()
  })
})
