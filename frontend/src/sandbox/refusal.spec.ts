import { expect, it } from 'vitest'
import { pushFailureKey, refusalKey } from './refusal'

it('tells people what was refused and what to do about it', () => {
  expect(refusalKey('forbidden', 'x')).toBe('sandbox.refused.forbidden')
  expect(refusalKey('conflict', 'x')).toBe('sandbox.refused.conflict')
  expect(refusalKey('invalid', 'callback: url: must be an absolute http or https address')).toBe('sandbox.refused.url')
  expect(refusalKey('invalid', 'fault 2: path "x": must begin with /')).toBe('sandbox.refused.faultPath')
  expect(refusalKey('invalid', 'fault 1: kind duplicate is for /robot/send')).toBe('sandbox.refused.faultKind')
  expect(refusalKey('invalid', 'something new')).toBe('sandbox.refused.other')
  expect(refusalKey('', '')).toBe('sandbox.refused.other')
})

it('knows why servers do not take a push', () => {
  expect(pushFailureKey('the answer has HTTP status 404, not 200')).toBe('sandbox.push.why.status')
  expect(pushFailureKey("the answer's signature does not match")).toBe('sandbox.push.why.key')
  expect(pushFailureKey("the answer's encrypt is not a string")).toBe('sandbox.push.why.shape')
  expect(pushFailureKey('the connection was reset (fault)')).toBe('sandbox.push.why.fault')
  expect(pushFailureKey('something new')).toBeNull()
})
