import { expect, it } from 'vitest'
import { eventName } from './event-name'
import { filterOf, queryOf } from './filter'

it('a filter goes through the address and back', () => {
  const filter = { types: ['user_add_org', 'check_in'], corpId: 'ding1' }
  expect(filterOf(queryOf(filter.types, filter.corpId) as Record<string, string>)).toEqual(filter)
  expect(queryOf([], ' ')).toEqual({ types: undefined, corp: undefined })
  expect(filterOf({ types: ' a,, b ', corp: ['x'] })).toEqual({ types: ['a', 'b'], corpId: '' })
  expect(filterOf({ types: Array.from({ length: 80 }, String).join() }).types).toHaveLength(50)
})

it('events have names where we know them, and their own word where we do not', () => {
  const t = (key: string) => `<${key}>`
  expect(eventName('user_add_org', t, () => true)).toBe('<events.types.user_add_org>')
  expect(eventName('some_new', t, () => false)).toBe('some_new')
  expect(eventName('a.b[0] <b>', t, () => true)).toBe('a.b[0] <b>')
})
