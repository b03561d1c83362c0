import { expect, it } from 'vitest'
import { dateOf, momentOf, suggestion, timeOf } from './when'

it('local dates and times go there and back', () => {
  const at = new Date(2026, 2, 9, 7, 5)
  expect([dateOf(at), timeOf(at)]).toEqual(['2026-03-09', '07:05'])
  expect(momentOf('2026-03-09', '07:05')).toBe(at.toISOString())
  expect(momentOf(' 2026/3/9 ', '7：05')).toBe(at.toISOString())
})

it('what is no moment is none', () => {
  for (const [date, time] of [['', ''], ['2026-02-31', '10:00'], ['2026-03-09', '24:00'], ['2026-03-09', '10:60'], ['09.03.26', '10:00'], ['2026-03-09', '']]) {
    expect(momentOf(date!, time!)).toBeNull()
  }
})

it('suggests a whole hour ahead', () => {
  const at = new Date(suggestion(new Date(2026, 2, 9, 23, 40).getTime()))
  expect([at.getDate(), at.getHours(), at.getMinutes()]).toEqual([10, 1, 0])
})
