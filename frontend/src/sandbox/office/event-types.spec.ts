import { expect, it } from 'vitest'
import { checkObject } from '../json'
import { eventBody, eventTypes, sampleFor, samples } from './event-types'

it('has samples that hold', () => {
  for (const type of eventTypes) expect(checkObject(samples[type]!), type).toBeNull()
})

it('never writes over what somebody wrote', () => {
  expect(sampleFor('user_add_org', '')).toBe(samples.user_add_org)
  expect(sampleFor('user_leave_org', samples.user_add_org!)).toBe(samples.user_leave_org)
  expect(sampleFor('user_leave_org', '{"userId": ["me"]}')).toBe('{"userId": ["me"]}')
  expect(sampleFor('something_else', '{"a": 1}')).toBe('{"a": 1}')
})

it('keeps every digit of large numbers', () => {
  const body = eventBody('bpms_task_change', '{"taskId": 9007199254740993123, "x": 1.10}')
  expect(body).toBe('{"eventType":"bpms_task_change","data":{"taskId": 9007199254740993123, "x": 1.10}}')
  expect(() => JSON.parse(body)).not.toThrow()
  expect(eventBody('a"b', '{}')).toBe('{"eventType":"a\\"b","data":{}}')
})
