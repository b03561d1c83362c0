import { expect, it } from 'vitest'
import { preferredLanguage } from './language'

it('is what the person chose, then what the browser prefers, then Chinese', () => {
  expect(preferredLanguage('en', ['zh-CN'])).toBe('en')
  expect(preferredLanguage('zh-CN', ['en'])).toBe('zh-CN')
  expect(preferredLanguage(null, ['zh-Hans-CN', 'en'])).toBe('zh-CN')
  expect(preferredLanguage(null, ['fr', 'en-GB', 'zh'])).toBe('en')
  expect(preferredLanguage(null, ['fr'])).toBe('zh-CN')
  expect(preferredLanguage('kl', [])).toBe('zh-CN')
})
