import { describe, expect, it } from 'vitest'
import { ApiError } from '@/shared/api/errors'
import { createInput, draftOf, faultyField, updateInput } from './robot-form'

const known = { id: 'r1', name: 'ops', keywords: ['对账'] }

describe('a robot’s form', () => {
  it('leaves out what is empty when a robot is added', () => {
    expect(createInput({ ...draftOf(null), name: ' ops ', webhook: ' abc ' })).toEqual({ name: 'ops', webhook: 'abc', secret: null, keywords: null })
  })

  it('sends only what changed, so that stored secrets stay', () => {
    expect(updateInput(known, draftOf(known))).toEqual({ robotId: 'r1' })
    expect(updateInput(known, { ...draftOf(known), name: 'news', keywords: [] })).toEqual({ robotId: 'r1', name: 'news', keywords: [] })
    expect(updateInput(known, { ...draftOf(known), secret: 'SECx' })).toEqual({ robotId: 'r1', secret: 'SECx' })
    expect(updateInput(known, { ...draftOf(known), secret: 'SECx', removeSecret: true })).toEqual({ robotId: 'r1', removeSecret: true })
  })

  it('never shows a secret that is stored', () => {
    expect(draftOf(known)).toMatchObject({ webhook: '', secret: '' })
  })

  it('finds the field that an error is about', () => {
    expect(faultyField(new ApiError('', { reason: 'robot.webhook_taken' }))).toBe('webhook')
    expect(faultyField(new ApiError('', { reason: 'robot.sends_codes' }))).toBe('name')
    expect(faultyField(new ApiError('', { reason: 'rate.limited' }))).toBeNull()
    expect(faultyField(null)).toBeNull()
  })
})
