import { beforeEach, describe, expect, it } from 'vitest'
import { claim, forgetMine, mine } from './mine'

const storage = () => sessionStorage

beforeEach(() => sessionStorage.clear())

describe('what a person left in the tab', () => {
  it('is there when the same person signs in again', () => {
    claim(storage, 'li')
    sessionStorage.setItem(`${mine}draft`, 'x')
    claim(storage, 'li')
    expect(sessionStorage.getItem(`${mine}draft`)).toBe('x')
  })

  it('is gone for the next person, and after signing out', () => {
    claim(storage, 'li')
    sessionStorage.setItem(`${mine}draft`, 'x')
    sessionStorage.setItem('posthouse.clock', '1')
    claim(storage, 'wang')
    expect(sessionStorage.getItem(`${mine}draft`)).toBeNull()
    expect(sessionStorage.getItem('posthouse.clock')).toBe('1')
    sessionStorage.setItem(`${mine}draft`, 'y')
    forgetMine(storage)
    expect(sessionStorage.getItem(`${mine}draft`)).toBeNull()
  })
})
