import { expect, it } from 'vitest'
import { safeReturn } from './return'

it('goes back only to places of the app', () => {
  expect(safeReturn('/broadcasts/new?x=1')).toBe('/broadcasts/new?x=1')
  for (const elsewhere of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '', null, undefined, ['/a']]) {
    expect(safeReturn(elsewhere)).toBeNull()
  }
})
